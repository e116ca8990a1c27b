package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

// backdate is how far the dates of what is issued lie back, for peers whose
// clocks are slow or in another time zone by mistake.
const backdate = 24 * time.Hour

// Request asks an authority for a certificate.
type Request struct {
	// Name is the common name, as that of [AuthorityConfig]. Required. OpenVPN
	// knows clients by it.
	Name string `json:"name"`
	// Names are host names, IP addresses and mail addresses that the
	// certificate is good for (subject alternative names), 16 at the most.
	// Default: Name, when it is a host name.
	Names []string `json:"names"`
	// Lifetime, 1 hour to 50 years. Default that of the authority.
	Lifetime config.Duration `json:"lifetime"`
	// Key is the kind of the key. Default that of the authority.
	Key KeyKind `json:"key"`
}

// validate returns every fault as config.Errors.
func (r Request) validate() error {
	var e config.Errors
	if problem := nameProblem(r.Name); problem != "" {
		e.Addf("name", "%s", problem)
	}
	if len(r.Names) > 16 {
		e.Addf("names", "there are %d, 16 are allowed", len(r.Names))
	}
	for n, name := range r.Names {
		if altName(name) == nil {
			e.Addf(fmt.Sprintf("names[%d]", n), "%q is no host name, IP address or mail address", name)
		}
	}
	checkKind(&e, "key", r.Key)
	checkLifetime(&e, "lifetime", r.Lifetime, config.Duration(time.Hour))
	return e.Err()
}

// altName returns what enters a subject alternative name into a certificate;
// nil when it is none.
func altName(name string) func(*x509.Certificate) {
	if addr, err := netip.ParseAddr(name); err == nil {
		if addr.Zone() != "" {
			return nil
		}
		return func(c *x509.Certificate) { c.IPAddresses = append(c.IPAddresses, net.IP(addr.Unmap().AsSlice())) }
	}
	user, host, mail := strings.Cut(name, "@")
	switch {
	case mail && user != "" && nameProblem(user) == "" && !strings.Contains(user, " ") && isHost(host):
		return func(c *x509.Certificate) { c.EmailAddresses = append(c.EmailAddresses, name) }
	case !mail && isHost(strings.TrimPrefix(name, "*.")):
		return func(c *x509.Certificate) { c.DNSNames = append(c.DNSNames, name) }
	}
	return nil
}

// isHost reports whether a text is a host name (RFC 1123, 2.1).
func isHost(name string) bool {
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "-") != label {
			return false
		}
		if strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
		}) {
			return false
		}
	}
	return true
}

// template returns the certificate that a request asks for, not yet signed.
func (r Request) template(use Use, key crypto.PublicKey, now, end time.Time) *x509.Certificate {
	t := &x509.Certificate{
		SerialNumber:          newSerial(),
		Subject:               pkix.Name{CommonName: r.Name},
		NotBefore:             now.Add(-backdate).UTC().Truncate(time.Second),
		NotAfter:              end,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		SubjectKeyId:          keyID(key),
	}
	if _, ok := key.(*rsa.PublicKey); ok && use != UseClient {
		t.KeyUsage |= x509.KeyUsageKeyEncipherment // for TLS 1.2 clients without Diffie-Hellman
	}
	switch use {
	case UseServer:
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	case UseClient:
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	case UseIKE:
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		t.UnknownExtKeyUsage = []asn1.ObjectIdentifier{oidIKE}
	}
	names := r.Names
	if len(names) == 0 && (isHost(r.Name) || strings.Contains(r.Name, "@")) {
		names = []string{r.Name}
	}
	for _, name := range names {
		if enter := altName(name); enter != nil {
			enter(t)
		}
	}
	return t
}

// newSerial returns a random number of 127 bits, never negative or zero
// (RFC 5280, 4.1.2.2).
func newSerial() *big.Int {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	b[0] = b[0]&0x7f | 0x40
	return new(big.Int).SetBytes(b)
}

// keyID names a public key by a hash of it (RFC 7093, method 1).
func keyID(key crypto.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil // x509 refuses such a key too, with its reason
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil
	}
	sum := sha256.Sum256(info.Key.Bytes)
	return slices.Clone(sum[:20])
}
