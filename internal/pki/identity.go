package pki

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// Identity is a certificate with its private key and what goes with them. It
// prints no key, and one from [NewIdentity] or [ParsePEM] not even inside of a
// struct whose methods fmt cannot call.
type Identity struct {
	// Chain is the certificate itself, then the intermediate ones up to, and
	// without, the self-signed one at the top: what is sent to the other end.
	// Empty when there are only certificates of CAs.
	Chain []*x509.Certificate
	// Key belongs to Chain[0]; nil when there is none. It signs; what is in
	// it only KeyPEM tells.
	Key crypto.Signer
	// CAs are all certificates but the first of Chain: what the other end's
	// certificate is verified with.
	CAs []*x509.Certificate
}

// NewIdentity sorts certificates, in any order, around a private key: the one
// that the key belongs to becomes the leaf. Without a key, or with one that
// fits none, it is the first that is no CA's. Certificates that are there
// twice are taken once.
func NewIdentity(key crypto.Signer, certs ...*x509.Certificate) (Identity, error) {
	var id Identity
	if key != nil {
		k, err := seal(key)
		if err != nil {
			return Identity{}, err
		}
		id.Key = k
	}
	var rest []*x509.Certificate
	for _, c := range certs {
		if !slices.ContainsFunc(rest, c.Equal) {
			rest = append(rest, c)
		}
	}
	leaf := slices.IndexFunc(rest, func(c *x509.Certificate) bool { return belongs(key, c) })
	if leaf < 0 {
		leaf = slices.IndexFunc(rest, func(c *x509.Certificate) bool { return !c.IsCA && !selfIssued(c) })
	}
	if leaf < 0 && key != nil {
		leaf = slices.IndexFunc(rest, func(c *x509.Certificate) bool { return !c.IsCA })
	}
	if leaf >= 0 {
		id.Chain = append(id.Chain, rest[leaf])
		rest = slices.Delete(rest, leaf, leaf+1)
	}
	for n := 0; n < len(id.Chain) && !selfIssued(id.Chain[n]); n++ {
		next := slices.IndexFunc(rest, func(c *x509.Certificate) bool { return !selfIssued(c) && issued(c, id.Chain[n]) })
		if next >= 0 {
			id.Chain = append(id.Chain, rest[next])
			rest = slices.Delete(rest, next, next+1)
		}
	}
	if len(id.Chain) > 0 {
		rest = slices.Concat(id.Chain[1:], rest)
	}
	id.CAs = rest
	return id, nil
}

// belongs reports whether the key is the certificate's.
func belongs(key crypto.Signer, c *x509.Certificate) bool {
	if key == nil {
		return false
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(c.PublicKey)
}

// selfIssued reports whether a certificate names itself as its issuer.
func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, c.RawSubject) }

// issued reports whether child names ca as its issuer, by name and, where
// both tell it, by key identifier (RFC 5280, 4.2.1.1). The signature is not
// looked at.
func issued(ca, child *x509.Certificate) bool {
	if !bytes.Equal(ca.RawSubject, child.RawIssuer) {
		return false
	}
	return len(ca.SubjectKeyId) == 0 || len(child.AuthorityKeyId) == 0 || bytes.Equal(ca.SubjectKeyId, child.AuthorityKeyId)
}

// Leaf returns the certificate itself, nil when there is none.
func (i Identity) Leaf() *x509.Certificate {
	if len(i.Chain) == 0 {
		return nil
	}
	return i.Chain[0]
}

// Name returns the common name of the certificate, or its whole subject, or
// "" when there is no certificate.
func (i Identity) Name() string {
	if leaf := i.Leaf(); leaf != nil {
		return title(leaf)
	}
	return ""
}

// title names a certificate in messages.
func title(c *x509.Certificate) string {
	if c.Subject.CommonName != "" {
		return c.Subject.CommonName
	}
	if name := c.Subject.String(); name != "" {
		return name
	}
	return "serial " + string(SerialOf(c))
}

// Serial returns the serial number of the certificate, "" when there is none.
func (i Identity) Serial() Serial {
	if leaf := i.Leaf(); leaf != nil {
		return SerialOf(leaf)
	}
	return ""
}

// Fingerprint returns the SHA-256 of the certificate as openvpn's
// peer-fingerprint takes it: 32 bytes in upper-case hexadecimal with colons.
// It is "" when there is no certificate.
func (i Identity) Fingerprint() string {
	leaf := i.Leaf()
	if leaf == nil {
		return ""
	}
	sum := sha256.Sum256(leaf.Raw)
	text := strings.ToUpper(hex.EncodeToString(sum[:]))
	pairs := make([]string, 0, len(sum))
	for pair := range slices.Chunk([]byte(text), 2) {
		pairs = append(pairs, string(pair))
	}
	return strings.Join(pairs, ":")
}

// CertificatePEM returns the chain, leaf first.
func (i Identity) CertificatePEM() []byte { return certificatesPEM(i.Chain) }

// CAPEM returns the CA certificates.
func (i Identity) CAPEM() []byte { return certificatesPEM(i.CAs) }

// KeyPEM gives the private key away, as PKCS#8 without a passphrase; nil when
// there is none.
func (i Identity) KeyPEM() []byte {
	if i.Key == nil {
		return nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(unseal(i.Key))
	if err != nil {
		return nil // a signer of the caller's that has no key to give, such as one in hardware
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func certificatesPEM(list []*x509.Certificate) []byte {
	var text []byte
	for _, c := range list {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return text
}

// summary is what an identity tells about itself.
type summary struct {
	Name   string `json:"name"`
	Serial Serial `json:"serial"`
	Key    bool   `json:"key"` // whether there is one
	Chain  int    `json:"chain"`
	CAs    int    `json:"cas"`
}

func (i Identity) summary() summary {
	return summary{i.Name(), i.Serial(), i.Key != nil, len(i.Chain), len(i.CAs)}
}

// String names the certificate and tells whether there is a key.
func (i Identity) String() string {
	key := "no private key"
	if i.Key != nil {
		key = "private key [redacted]"
	}
	return fmt.Sprintf("identity %q (%d in chain, %d CA, %s)", i.Name(), len(i.Chain), len(i.CAs), key)
}

// Format implements [fmt.Formatter]: every verb prints what String returns.
func (i Identity) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, i.String()) }

// LogValue implements [slog.LogValuer].
func (i Identity) LogValue() slog.Value { return slog.StringValue(i.String()) }

// MarshalJSON writes a summary; there is no way back from it.
func (i Identity) MarshalJSON() ([]byte, error) { return json.Marshal(i.summary()) }
