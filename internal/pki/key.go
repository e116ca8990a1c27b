package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/fieldgate/fieldgate/internal/config"
)

// KeyKind is an algorithm of private keys with its size.
type KeyKind string

// The kinds of keys. OpenVPN and IPsec take them all; P256 is the fastest,
// RSA what the oldest programs want.
const (
	RSA2048 KeyKind = "rsa-2048"
	RSA3072 KeyKind = "rsa-3072"
	P256    KeyKind = "p256"
	P384    KeyKind = "p384"
	P521    KeyKind = "p521"
	Ed25519 KeyKind = "ed25519"
)

// KeyKinds lists what there is.
func KeyKinds() []KeyKind { return []KeyKind{P256, P384, P521, Ed25519, RSA2048, RSA3072} }

// UnmarshalText reads one of [KeyKinds]; empty stays empty.
func (k *KeyKind) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*k = ""
		return nil
	}
	kind, err := config.ParseEnum(text, KeyKinds()...)
	if err == nil {
		*k = kind
	}
	return err
}

// generate makes a new key of the kind.
func (k KeyKind) generate() (crypto.Signer, error) {
	switch k {
	case RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case RSA3072:
		return rsa.GenerateKey(rand.Reader, 3072)
	case P256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case P384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case P521:
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, fmt.Errorf("unknown kind of key %q", string(k))
}

// title returns what describeKey says of such a key.
func (k KeyKind) title() string {
	switch k {
	case RSA2048:
		return "RSA 2048"
	case RSA3072:
		return "RSA 3072"
	case P256:
		return "EC P-256"
	case P384:
		return "EC P-384"
	case P521:
		return "EC P-521"
	}
	return "Ed25519"
}

// describeKey names the algorithm and the size of a public key.
func describeKey(public crypto.PublicKey) string {
	switch public := public.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", public.N.BitLen())
	case *ecdsa.PublicKey:
		return "EC " + public.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return fmt.Sprintf("%T", public)
}

// sealed is a private key that signs and never prints itself, not even where
// fmt reads the fields of a struct around it: what it holds is behind a
// function.
type sealed struct{ open func() crypto.Signer }

// seal returns key as one that never prints itself. It refuses the kinds that
// this package cannot write.
func seal(key any) (crypto.Signer, error) {
	switch key := key.(type) {
	case *sealed:
		return key, nil
	case *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey:
		signer := key.(crypto.Signer)
		return &sealed{func() crypto.Signer { return signer }}, nil
	case nil:
		return nil, ErrNoKey
	}
	return nil, errors.New("the private key is neither RSA, EC (P-224 to P-521) nor Ed25519")
}

// unseal returns the key in the form that crypto/x509 knows.
func unseal(key crypto.Signer) crypto.Signer {
	if s, ok := key.(*sealed); ok {
		return s.open()
	}
	return key
}

// Public and Sign make it a [crypto.Signer], good for crypto/tls and
// crypto/x509.
func (s *sealed) Public() crypto.PublicKey { return s.open().Public() }

// Sign signs with the key.
func (s *sealed) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.open().Sign(random, digest, opts)
}

// String names the kind of the key.
func (s *sealed) String() string { return "private key, " + describeKey(s.Public()) + " [redacted]" }

// Format implements [fmt.Formatter]: every verb prints what String returns.
func (s *sealed) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue implements [slog.LogValuer].
func (s *sealed) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON writes what String returns.
func (s *sealed) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }
