package telemetry

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// KeySize is the length of a [Key] in bytes.
const KeySize = 32

const redacted = "[redacted]"

// Key is the secret that one device shares with its servers. It prints as
// "[redacted]" wherever it is printed; only Reveal gives it away. The zero
// value is no key: nothing is sealed and nothing verified with it. Compare
// keys with Equal.
type Key struct {
	// Where a struct holds a Key in an unexported field, fmt does not call
	// its methods but reads on by reflection, through one pointer at most.
	secret **[KeySize]byte
}

// keyOf returns b as a Key, in one piece of memory.
func keyOf(b [KeySize]byte) Key {
	k := struct {
		at    *[KeySize]byte
		bytes [KeySize]byte
	}{bytes: b}
	k.at = &k.bytes
	return Key{&k.at}
}

func (k Key) bytes() []byte { return (*k.secret)[:] }

// NewKey returns a random key.
func NewKey() Key {
	var b [KeySize]byte
	_, _ = rand.Read(b[:]) // never fails
	return keyOf(b)
}

// ParseKey reads a key of 64 hexadecimal digits; white space around them is
// ignored. The error never shows what was read.
func ParseKey(text string) (Key, error) {
	var b [KeySize]byte
	text = strings.TrimSpace(text)
	if len(text) != hex.EncodedLen(KeySize) {
		return Key{}, fmt.Errorf("telemetry: a key has %d hexadecimal digits, this has %d characters", hex.EncodedLen(KeySize), len(text))
	}
	if _, err := hex.Decode(b[:], []byte(text)); err != nil {
		return Key{}, errors.New("telemetry: a key has hexadecimal digits only")
	}
	return keyOf(b), nil
}

// DeriveKey returns the key of the device with the given serial in a fleet
// that shares one master key: HMAC-SHA-256 (RFC 2104) with the master over
// "telemetry/1", a zero byte and the serial. The device gets the result,
// never the master. A zero master, and a serial that is not 1 to [MaxSerial]
// bytes long, give the zero Key.
func DeriveKey(master Key, serial string) Key {
	if master.IsZero() || serial == "" || len(serial) > MaxSerial {
		return Key{}
	}
	return keyOf(master.hmac([]byte("telemetry/1\x00"), []byte(serial)))
}

// Reveal returns the key as 64 hexadecimal digits, "" for the zero Key.
func (k Key) Reveal() string {
	if k.IsZero() {
		return ""
	}
	return hex.EncodeToString(k.bytes())
}

// Equal reports whether both keys are the same, in constant time.
func (k Key) Equal(other Key) bool {
	if k.IsZero() || other.IsZero() {
		return k.IsZero() && other.IsZero()
	}
	return subtle.ConstantTimeCompare(k.bytes(), other.bytes()) == 1
}

// IsZero reports whether there is no key.
func (k Key) IsZero() bool { return k.secret == nil }

// String returns "[redacted]", or "" for the zero Key.
func (k Key) String() string {
	if k.IsZero() {
		return ""
	}
	return redacted
}

// Format implements [fmt.Formatter]: every verb prints the redacted form.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue implements [slog.LogValuer].
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText writes the redacted form.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

const (
	// blockSize is that of SHA-256.
	blockSize = 64
	// maxHashed is the most bytes that hmac is given: a datagram that is
	// sealed, without its header and tag but with that of the MAC input.
	maxHashed = MaxDatagram
)

// hmac returns the HMAC-SHA-256 of a followed by b, at most maxHashed bytes
// together. Unlike crypto/hmac it allocates nothing: a server calls it for
// every datagram, with another key each time.
func (k Key) hmac(a, b []byte) [sha256.Size]byte {
	var inner [blockSize + maxHashed]byte
	k.pad(inner[:blockSize], 0x36)
	n := blockSize + copy(inner[blockSize:], a)
	n += copy(inner[n:], b)
	digest := sha256.Sum256(inner[:n])
	var outer [blockSize + sha256.Size]byte
	k.pad(outer[:blockSize], 0x5c)
	copy(outer[blockSize:], digest[:])
	return sha256.Sum256(outer[:])
}

// pad writes a block of the key and c (RFC 2104 section 2).
func (k Key) pad(block []byte, c byte) {
	for i := range block {
		block[i] = c
	}
	subtle.XORBytes(block, block, k.bytes())
}
