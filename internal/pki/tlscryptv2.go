package pki

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

// tls-crypt-v2 (doc/tls-crypt-v2.txt of OpenVPN): each client has a key Kc of
// its own and shows the server a copy WKc of it, wrapped with the key of the
// server, so that the server needs to know no client.
//
//	WKc = T || AES-256-CTR(Ke, IV, Kc || metadata) || len(WKc)
//	T   = HMAC-SHA256(Ka, len(WKc) || Kc || metadata), IV = first 16 bytes of T
const (
	serverBlock = "OpenVPN tls-crypt-v2 server key"
	clientBlock = "OpenVPN tls-crypt-v2 client key"

	cipherKey  = 32 // bytes that are used of the 64
	macOffset  = 64 // of the HMAC key in half a key
	lengthSize = 2
	maxWrapped = 1024
	minWrapped = sha256.Size + staticKey + lengthSize

	metadataTime = 1 // type byte: seconds since 1970, 8 bytes
)

// TLSCryptV2ServerKey wraps and unwraps the keys of clients. It never prints
// itself.
type TLSCryptV2ServerKey struct{ key config.Secret }

// NewTLSCryptV2ServerKey makes a random one.
func NewTLSCryptV2ServerKey() TLSCryptV2ServerKey { return TLSCryptV2ServerKey{random(halfKey)} }

// ParseTLSCryptV2ServerKey reads the form that openvpn --genkey
// tls-crypt-v2-server writes.
func ParseTLSCryptV2ServerKey(text []byte) (TLSCryptV2ServerKey, error) {
	b, err := oneBlock(text, serverBlock)
	if err != nil {
		return TLSCryptV2ServerKey{}, err
	}
	if len(b) != halfKey {
		return TLSCryptV2ServerKey{}, fmt.Errorf("the tls-crypt-v2 server key has %d bytes, want %d", len(b), halfKey)
	}
	return TLSCryptV2ServerKey{config.NewSecret(string(b))}, nil
}

// PEM gives the key away, in the form that openvpn reads.
func (k TLSCryptV2ServerKey) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: serverBlock, Bytes: []byte(k.key.Reveal())})
}

// NewClientKey makes a random key for one client. The time that it is made
// at goes with it, where openvpn --genkey puts it too.
func (k TLSCryptV2ServerKey) NewClientKey(now time.Time) (TLSCryptV2ClientKey, error) {
	metadata := binary.BigEndian.AppendUint64([]byte{metadataTime}, uint64(now.Unix()))
	return k.wrap([]byte(random(staticKey).Reveal()), metadata)
}

var errNoServerKey = errors.New("there is no tls-crypt-v2 server key")

// wrap returns a client key that carries its own copy.
func (k TLSCryptV2ServerKey) wrap(client, metadata []byte) (TLSCryptV2ClientKey, error) {
	if k.key.IsZero() {
		return TLSCryptV2ClientKey{}, errNoServerKey
	}
	size := minWrapped + len(metadata)
	if size > maxWrapped {
		return TLSCryptV2ClientKey{}, fmt.Errorf("%d bytes of metadata, %d are allowed", len(metadata), maxWrapped-minWrapped)
	}
	length := binary.BigEndian.AppendUint16(nil, uint16(size))
	plain := append(append([]byte(nil), client...), metadata...)
	tag := k.tag(length, plain)
	stream, err := k.stream(tag)
	if err != nil {
		return TLSCryptV2ClientKey{}, err
	}
	all := append(append([]byte(nil), client...), tag...)
	start := len(all)
	all = append(all, plain...)
	stream.XORKeyStream(all[start:], plain)
	return TLSCryptV2ClientKey{config.NewSecret(string(append(all, length...)))}, nil
}

func (k TLSCryptV2ServerKey) tag(length, plain []byte) []byte {
	secret := []byte(k.key.Reveal())
	h := hmac.New(sha256.New, secret[macOffset:macOffset+sha256.Size])
	h.Write(length)
	h.Write(plain)
	return h.Sum(nil)
}

func (k TLSCryptV2ServerKey) stream(tag []byte) (cipher.Stream, error) {
	block, err := aes.NewCipher([]byte(k.key.Reveal())[:cipherKey])
	if err != nil {
		return nil, err
	}
	return cipher.NewCTR(block, tag[:aes.BlockSize]), nil
}

// Check reports an error unless a client key was wrapped with this server
// key and is whole, as a server judges it.
func (k TLSCryptV2ServerKey) Check(c TLSCryptV2ClientKey) error {
	_, err := k.unwrap(c)
	return err
}

// unwrap returns the metadata of a client key.
func (k TLSCryptV2ServerKey) unwrap(c TLSCryptV2ClientKey) ([]byte, error) {
	if k.key.IsZero() {
		return nil, errNoServerKey
	}
	all := []byte(c.key.Reveal())
	if len(all) < staticKey+minWrapped {
		return nil, errors.New("there is no tls-crypt-v2 client key")
	}
	client, wrapped := all[:staticKey], all[staticKey:]
	tag, length := wrapped[:sha256.Size], wrapped[len(wrapped)-lengthSize:]
	sealed := wrapped[sha256.Size : len(wrapped)-lengthSize]
	stream, err := k.stream(tag)
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(sealed))
	stream.XORKeyStream(plain, sealed)
	if !hmac.Equal(tag, k.tag(length, plain)) {
		return nil, errors.New("the tls-crypt-v2 client key was made with another server key")
	}
	if !hmac.Equal(client, plain[:staticKey]) {
		return nil, errors.New("the tls-crypt-v2 client key carries a copy of another one")
	}
	return plain[staticKey:], nil
}

// TLSCryptV2ClientKey is the key of one client with its wrapped copy. It
// never prints itself.
type TLSCryptV2ClientKey struct{ key config.Secret }

// ParseTLSCryptV2ClientKey reads the form that openvpn --genkey
// tls-crypt-v2-client writes.
func ParseTLSCryptV2ClientKey(text []byte) (TLSCryptV2ClientKey, error) {
	b, err := oneBlock(text, clientBlock)
	if err != nil {
		return TLSCryptV2ClientKey{}, err
	}
	wrapped := len(b) - staticKey
	if wrapped < minWrapped || wrapped > maxWrapped {
		return TLSCryptV2ClientKey{}, fmt.Errorf("the tls-crypt-v2 client key has %d bytes, want %d to %d", len(b), staticKey+minWrapped, staticKey+maxWrapped)
	}
	if said := int(binary.BigEndian.Uint16(b[len(b)-lengthSize:])); said != wrapped {
		return TLSCryptV2ClientKey{}, fmt.Errorf("the tls-crypt-v2 client key is damaged: its wrapped part says %d bytes, and has %d", said, wrapped)
	}
	return TLSCryptV2ClientKey{config.NewSecret(string(b))}, nil
}

// PEM gives the key away, in the form that openvpn reads.
func (k TLSCryptV2ClientKey) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: clientBlock, Bytes: []byte(k.key.Reveal())})
}

// oneBlock returns the content of the first PEM block, which must have a type.
func oneBlock(text []byte, kind string) ([]byte, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("the text is longer than %d bytes", maxText)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("there is no %s (a text beginning with %q)", kind, "-----BEGIN "+kind+"-----")
	}
	return block.Bytes, nil
}
