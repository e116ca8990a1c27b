package api

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

// keyHeader carries the key of a request. Header names have no case; net/http
// keeps them in apiKeyCanonical's.
const (
	keyHeader       = "apiKey"
	apiKeyCanonical = "Apikey"
)

const (
	newKeyLength = 32  // 190 bits
	minKeyLength = 12  // of a key that an operator chose
	maxKeyLength = 256 // bounds the work for a request with a wrong key
)

const keyAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// NewKey returns a new key of 32 random letters and digits. Show it to the
// operator once and store what [HashKey] returns for it.
func NewKey() string {
	// Bytes above the last whole multiple of 62 are thrown away, so that
	// each character is as likely as any other.
	const fair = 256 / len(keyAlphabet) * len(keyAlphabet)
	key := make([]byte, 0, newKeyLength)
	random := make([]byte, newKeyLength)
	for len(key) < newKeyLength {
		_, _ = rand.Read(random) // never fails, see crypto/rand
		for _, b := range random {
			if int(b) < fair && len(key) < newKeyLength {
				key = append(key, keyAlphabet[int(b)%len(keyAlphabet)])
			}
		}
	}
	return string(key)
}

// HashKey returns the form in which a key is stored in [Key.Hash]: salted
// SHA-256, "sha256:SALT:DIGEST" in hexadecimal. The salt is new in each
// call. It refuses a key that is shorter than 12 or longer than 256
// characters, or that holds anything but printable ASCII; a space is not
// allowed at either end, where an HTTP header would lose it.
func HashKey(key string) (Secret, error) {
	if err := checkKey(key); err != nil {
		return Secret{}, fmt.Errorf("api: hash key: %w", err)
	}
	var h keyHash
	_, _ = rand.Read(h.salt[:])
	h.digest = digest(h.salt, key)
	return config.NewSecret(h.String()), nil
}

func checkKey(key string) error {
	switch {
	case len(key) < minKeyLength:
		return fmt.Errorf("the key has %d characters, at least %d are needed", len(key), minKeyLength)
	case len(key) > maxKeyLength:
		return fmt.Errorf("the key has %d characters, at most %d are allowed", len(key), maxKeyLength)
	case strings.TrimSpace(key) != key:
		return errors.New("the key begins or ends with a space")
	}
	for _, c := range []byte(key) {
		if c < ' ' || c > '~' {
			return errors.New("the key holds a character that is not printable ASCII")
		}
	}
	return nil
}

// hashScheme begins every stored hash, so that another scheme can follow.
const hashScheme = "sha256"

// keyHash is a stored key. SHA-256 is enough for keys of machine strength,
// and a slow password hash for each request would stall a 400 MHz device.
type keyHash struct {
	salt   [16]byte
	digest [sha256.Size]byte
}

func (h keyHash) String() string {
	return hashScheme + ":" + hex.EncodeToString(h.salt[:]) + ":" + hex.EncodeToString(h.digest[:])
}

// errHash does not repeat the text, which may be a key put here by mistake.
var errHash = errors.New("this is no key hash (sha256:SALT:DIGEST), put here what HashKey returns for the key")

func parseHash(text string) (keyHash, error) {
	var h keyHash
	scheme, rest, _ := strings.Cut(text, ":")
	salt, sum, _ := strings.Cut(rest, ":")
	if scheme != hashScheme || !decodeHex(h.salt[:], salt) || !decodeHex(h.digest[:], sum) {
		return keyHash{}, errHash
	}
	return h, nil
}

// decodeHex fills dst from exactly as many digits as it needs.
func decodeHex(dst []byte, text string) bool {
	if len(text) != hex.EncodedLen(len(dst)) {
		return false
	}
	_, err := hex.Decode(dst, []byte(text))
	return err == nil
}

// digest works on the stack: it runs for each key in each request.
func digest(salt [16]byte, key string) [sha256.Size]byte {
	var salted [len(salt) + maxKeyLength]byte
	n := copy(salted[:], salt[:])
	n += copy(salted[n:], key)
	return sha256.Sum256(salted[:n])
}

// keyring is the keys that open the interface.
type keyring []ringKey

type ringKey struct {
	name    string
	hash    keyHash
	opens   endpointSet
	sources []netip.Prefix // nil = all
	expires time.Time      // zero = never
}

// newKeyring expects keys that Validate has passed.
func newKeyring(keys []Key) keyring {
	ring := make(keyring, len(keys))
	names := endpointNames()
	for i, key := range keys {
		r := &ring[i]
		r.name, r.sources, r.expires = key.Name, key.Sources, key.Expires
		r.hash, _ = parseHash(key.Hash.Reveal())
		r.opens = ^endpointSet(0)
		if len(key.Endpoints) > 0 {
			r.opens = 0
			for _, name := range key.Endpoints {
				r.opens |= 1 << names[name]
			}
			for i := range endpoints { // what has no switch is open to each key
				if endpoints[i].switched == nil {
					r.opens |= 1 << i
				}
			}
		}
	}
	return ring
}

// find returns which key a request presents, -1 for none. It compares with
// every key, each in constant time, so that the time tells neither which key
// was right nor how much of one. A key that has expired, or that may not be
// used from where the request comes, is no key.
func (r keyring) find(presented string, from netip.Addr, now time.Time) int {
	if len(presented) > maxKeyLength {
		return -1
	}
	found := -1
	for i := range r {
		sum := digest(r[i].hash.salt, presented)
		same := subtle.ConstantTimeCompare(sum[:], r[i].hash.digest[:])
		if !r[i].usable(from, now) {
			same = 0
		}
		found = subtle.ConstantTimeSelect(same, i, found)
	}
	return found
}

func (k *ringKey) usable(from netip.Addr, now time.Time) bool {
	if !k.expires.IsZero() && !now.Before(k.expires) {
		return false
	}
	if len(k.sources) == 0 {
		return true
	}
	for _, prefix := range k.sources {
		if prefix.Contains(from) {
			return true
		}
	}
	return false
}

// keyInQuery reports whether a query names a key. Queries end up in the logs
// of proxies and in histories, so such a request is refused whatever its
// header says.
func keyInQuery(query string) bool {
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if strings.EqualFold(strings.TrimSpace(name), keyHeader) {
			return true
		}
	}
	return false
}
