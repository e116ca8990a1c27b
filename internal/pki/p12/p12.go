// Package p12 reads and writes PKCS#12 files (RFC 7292), in which other
// programs hand over a certificate with its key and the certificates of CAs.
package p12

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/fieldgate/fieldgate/internal/pki"
)

// ErrPassword is what a wrong password gives, and a file that was changed.
var ErrPassword = errors.New("the password is wrong, or the file is damaged")

const (
	// maxFile is the size of the largest file, in bytes.
	maxFile = 1 << 20
	// maxIterations bounds the work to which a file can put its reader.
	// Programs write 2,000 to 600,000.
	maxIterations = 1_000_000
	// iterations is what files are written with: what a slow gateway does in a
	// second. It does not make up for a weak password.
	iterations = 20_000
)

// Decode reads a file, of at most 1 MiB, with one private key and its
// certificates in any order. It reads what OpenSSL, Windows, Java and others
// write, the old forms with RC2 and Triple DES included. An error wraps
// [ErrPassword] when the password is wrong. Whether the parts fit together
// tells [pki.Identity.Check].
func Decode(file []byte, password string) (pki.Identity, error) {
	id, err := decode(file, password)
	if err != nil {
		return pki.Identity{}, fmt.Errorf("pki: read PKCS#12: %w", err)
	}
	return id, nil
}

func decode(file []byte, password string) (pki.Identity, error) {
	if len(file) > maxFile {
		return pki.Identity{}, fmt.Errorf("the file is longer than %d bytes", maxFile)
	}
	safe, err := bounded(file, password)
	if err != nil {
		return pki.Identity{}, err
	}
	key, leaf, others, err := pkcs12.DecodeChain(safe, password)
	if err != nil {
		return pki.Identity{}, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return pki.Identity{}, errors.New("the private key is of a kind that does not sign")
	}
	return pki.NewIdentity(signer, append([]*x509.Certificate{leaf}, others...)...)
}

// Encode writes an identity, which must have its key, in today's form: AES-256
// with keys from PBKDF2 and a SHA-256 MAC, which OpenSSL 1.1, openvpn 2.4,
// Windows Server 2019 and Java 12 read. Choose a password that cannot be
// guessed, such as 32 random hexadecimal digits; an empty one protects
// nothing.
func Encode(id pki.Identity, password string) ([]byte, error) {
	file, err := encode(id, password)
	if err != nil {
		return nil, fmt.Errorf("pki: write PKCS#12: %w", err)
	}
	return file, nil
}

func encode(id pki.Identity, password string) ([]byte, error) {
	leaf := id.Leaf()
	if leaf == nil {
		return nil, errors.New("there is no certificate")
	}
	block, _ := pem.Decode(id.KeyPEM())
	if block == nil {
		return nil, pki.ErrNoKey
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	return pkcs12.Modern2023.WithIterations(iterations).Encode(key, leaf, id.CAs, password)
}
