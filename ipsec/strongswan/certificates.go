package strongswan

import (
	"bytes"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// certificates are a set as charon gets it, each certificate for itself.
type certificates struct {
	own          string
	intermediate []string
	authorities  []string
	peer         []string
	key          string
}

// splitSet takes a certificate set apart. Whether it is any good, the Config
// and charon tell.
func splitSet(set *ipsec.CertificateSet) (*certificates, error) {
	if set == nil {
		return nil, nil
	}
	own := blocks(set.Certificate)
	if len(own) == 0 {
		return nil, errors.New("the certificate set " + set.Name + " has no certificate in PEM form")
	}
	key := set.Key.Reveal()
	if _, err := keyType(key); err != nil {
		return nil, err
	}
	if len(key) > math.MaxUint16 {
		return nil, errors.New("the private key is longer than 65535 bytes")
	}
	return &certificates{
		own: own[0], intermediate: own[1:], key: key,
		authorities: blocks(set.CA), peer: blocks(set.PeerCertificate),
	}, nil
}

// blocks returns the certificates of a PEM text.
func blocks(text string) []string {
	var list []string
	for rest := []byte(text); ; {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			return list
		}
		if b.Type == "CERTIFICATE" {
			list = append(list, string(pem.EncodeToMemory(&pem.Block{Type: b.Type, Bytes: b.Bytes})))
		}
	}
}

// keyType returns what load-key calls a private key.
func keyType(text string) (string, error) {
	for rest := []byte(text); ; {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			return "", errors.New("there is no private key in PEM form")
		}
		encrypted := bytes.Contains([]byte(b.Headers["Proc-Type"]), []byte("ENCRYPTED"))
		switch {
		case b.Type == "ENCRYPTED PRIVATE KEY" || encrypted:
			return "", errors.New("the private key is encrypted: take the passphrase off, charon's control socket has no place for one")
		case b.Type == "RSA PRIVATE KEY":
			return "rsa", nil
		case b.Type == "EC PRIVATE KEY":
			return "ecdsa", nil
		case b.Type == "PRIVATE KEY":
			return "any", nil
		}
	}
}

// fingerprint stands for a text in a record.
type fingerprint [sha256.Size]byte

func fingerprintOf(text string) fingerprint { return sha256.Sum256([]byte(text)) }

// trusted returns all certificates of a set, with the flag that charon wants
// for each. Loaded by themselves they are what charon would have of the
// connection too.
func (c *certificates) trusted() []request {
	if c == nil {
		return nil
	}
	var list []request
	for _, text := range c.authorities {
		list = append(list, loadCertificate(text, "CA"))
	}
	for _, text := range slices.Concat([]string{c.own}, c.intermediate, c.peer) {
		list = append(list, loadCertificate(text, "NONE"))
	}
	return list
}

func loadCertificate(text, flag string) request {
	return request{"load-cert", new(vici.Message).Set("type", "X509").Set("flag", flag).Set("data", text)}
}

// derOf returns the bytes of a certificate in PEM or DER form.
func derOf(text string) string {
	if b, _ := pem.Decode([]byte(text)); b != nil {
		return string(b.Bytes)
	}
	return text
}

// keyIDs are those that charon gives private keys: hexadecimal numbers.
func keyIDs(m *vici.Message) []string {
	ids := slices.Clone(m.List("keys"))
	for i := range ids {
		ids[i] = strings.ToLower(ids[i])
	}
	return ids
}
