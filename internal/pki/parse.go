package pki

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// Bounds of what is read.
const (
	maxText  = 1 << 20 // bytes of PEM text
	maxCerts = 64      // of one identity
)

// ParsePEM reads certificates and at most one private key from PEM texts, in
// any order and mixed as they like. Keys may be in the form of PKCS#8,
// PKCS#1 (RSA) or SEC 1 (EC). An encrypted one gives an error that wraps
// [ErrEncrypted]. Texts without a single certificate are an error; whether
// the parts fit together tells [Identity.Check].
func ParsePEM(texts ...[]byte) (Identity, error) {
	var certs []*x509.Certificate
	var key any
	err := blocks(texts, func(b *pem.Block) error {
		switch {
		case b.Type == "CERTIFICATE", b.Type == "X509 CERTIFICATE", b.Type == "TRUSTED CERTIFICATE":
			c, err := parseCertificate(b)
			if err != nil {
				return err
			}
			certs = append(certs, c)
			if len(certs) > maxCerts {
				return fmt.Errorf("there are more than %d certificates", maxCerts)
			}
		case strings.HasSuffix(b.Type, "PRIVATE KEY"):
			if key != nil {
				return errors.New("there is more than one private key")
			}
			k, err := parseKey(b)
			if err != nil {
				return err
			}
			key = k
		}
		return nil // parameters, requests and the like are no concern of ours
	})
	if err != nil {
		return Identity{}, err
	}
	if len(certs) == 0 {
		return Identity{}, errors.New(`there is no certificate (a text beginning with "-----BEGIN CERTIFICATE-----")`)
	}
	if key == nil {
		return NewIdentity(nil, certs...)
	}
	signer, err := seal(key)
	if err != nil {
		return Identity{}, err
	}
	return NewIdentity(signer, certs...)
}

// ParseCertificates reads the certificates of a PEM text, at least one, in
// their order. Other blocks in it are left aside.
func ParseCertificates(text []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	err := blocks([][]byte{text}, func(b *pem.Block) error {
		if b.Type != "CERTIFICATE" && b.Type != "X509 CERTIFICATE" && b.Type != "TRUSTED CERTIFICATE" {
			return nil
		}
		c, err := parseCertificate(b)
		certs = append(certs, c)
		if err == nil && len(certs) > maxCerts {
			err = fmt.Errorf("there are more than %d certificates", maxCerts)
		}
		return err
	})
	if err == nil && len(certs) == 0 {
		err = errors.New(`there is no certificate (a text beginning with "-----BEGIN CERTIFICATE-----")`)
	}
	if err != nil {
		return nil, err
	}
	return certs, nil
}

// blocks calls f for each PEM block. A text that opens more blocks than can
// be read is cut off or damaged, which must not pass as a text with fewer.
func blocks(texts [][]byte, f func(*pem.Block) error) error {
	total := 0
	for n, text := range texts {
		if total += len(text); total > maxText {
			return fmt.Errorf("the PEM text is longer than %d bytes", maxText)
		}
		opened := strings.Count(string(text), "-----BEGIN ")
		rest := text
		for number := 1; ; number++ {
			var b *pem.Block
			if b, rest = pem.Decode(rest); b == nil {
				if number <= opened {
					return fmt.Errorf("%sPEM block %d of %d is damaged or cut off", which(n, len(texts)), number, opened)
				}
				break
			}
			if err := f(b); err != nil {
				return fmt.Errorf("%sPEM block %d (%s): %w", which(n, len(texts)), number, b.Type, err)
			}
		}
	}
	return nil
}

func which(n, of int) string {
	if of == 1 {
		return ""
	}
	return fmt.Sprintf("text %d of %d, ", n+1, of)
}

func parseCertificate(b *pem.Block) (*x509.Certificate, error) {
	der := b.Bytes
	if b.Type == "TRUSTED CERTIFICATE" { // openssl's: trust settings follow
		der = firstElement(der)
	}
	return x509.ParseCertificate(der)
}

func parseKey(b *pem.Block) (any, error) {
	switch {
	case b.Type == "ENCRYPTED PRIVATE KEY", strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED"):
		return nil, ErrEncrypted
	case b.Type == "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(b.Bytes)
	case b.Type == "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(b.Bytes)
	case b.Type == "PRIVATE KEY":
		return x509.ParsePKCS8PrivateKey(b.Bytes)
	}
	return nil, errors.New("this form of private key is not supported: want PKCS#8, RSA or EC")
}
