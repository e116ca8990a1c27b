package pki

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/fieldgate/fieldgate/internal/config"
)

// Sizes of OpenVPN's static keys (its crypto.h, struct key and struct key2).
const (
	halfKey   = 128 // bytes of a cipher key and an HMAC key, 64 each
	staticKey = 2 * halfKey
)

// The lines around a static key.
var (
	staticHead = []byte("-----BEGIN OpenVPN Static key V1-----")
	staticFoot = []byte("-----END OpenVPN Static key V1-----")
)

// StaticKey is a key that all ends of an OpenVPN tunnel share, for tls-crypt,
// tls-auth or secret. It never prints itself.
type StaticKey struct{ key config.Secret }

// NewStaticKey makes a random one.
func NewStaticKey() StaticKey { return StaticKey{random(staticKey)} }

// random returns n random bytes.
func random(n int) config.Secret {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return config.NewSecret(string(b))
}

// ParseStaticKey reads the form that openvpn --genkey secret writes. What
// stands before and after the key is left aside.
func ParseStaticKey(text []byte) (StaticKey, error) {
	if len(text) > maxText {
		return StaticKey{}, fmt.Errorf("the text is longer than %d bytes", maxText)
	}
	_, rest, found := bytes.Cut(text, staticHead)
	if !found {
		return StaticKey{}, fmt.Errorf("there is no static key (a text beginning with %q)", staticHead)
	}
	body, _, found := bytes.Cut(rest, staticFoot)
	if !found {
		return StaticKey{}, fmt.Errorf("the static key is cut off: its last line %q is missing", staticFoot)
	}
	digits := bytes.Join(bytes.Fields(body), nil)
	if len(digits) != 2*staticKey {
		return StaticKey{}, fmt.Errorf("the static key has %d hexadecimal digits, want %d", len(digits), 2*staticKey)
	}
	key := make([]byte, staticKey)
	if _, err := hex.Decode(key, digits); err != nil {
		return StaticKey{}, errors.New("the static key has other characters than hexadecimal digits")
	}
	return StaticKey{config.NewSecret(string(key))}, nil
}

// PEM gives the key away, in the form that openvpn reads.
func (k StaticKey) PEM() []byte {
	digits := hex.EncodeToString([]byte(k.key.Reveal()))
	text := []byte("#\n# 2048 bit OpenVPN static key\n#\n")
	text = append(append(text, staticHead...), '\n')
	for len(digits) >= 32 {
		text = append(append(text, digits[:32]...), '\n')
		digits = digits[32:]
	}
	return append(append(text, staticFoot...), '\n')
}
