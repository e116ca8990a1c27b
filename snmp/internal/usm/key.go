package usm

import "bytes"

// MinPassword is how many octets a password has at least (RFC 3414, section
// 11.2).
const MinPassword = 8

// hashed is how many octets of repeated password are hashed to a key.
const hashed = 1 << 20

// PasswordKey returns the key of a password, which must not be empty (RFC 3414,
// appendix A.2). It hashes a mebibyte: milliseconds on a server, a tenth of a
// second on a small gateway.
func PasswordKey(a Auth, password string) []byte {
	h := a.digest().newHash()
	chunk := bytes.Repeat([]byte(password), max(1, 4096/len(password)))
	for left := hashed; left > 0; left -= len(chunk) {
		h.Write(chunk[:min(left, len(chunk))])
	}
	return h.Sum(nil)
}

// Localize returns the key that is good for one engine only (RFC 3414, section
// 2.6).
func Localize(a Auth, key, engineID []byte) []byte {
	h := a.digest().newHash()
	h.Write(key)
	h.Write(engineID)
	h.Write(key)
	return h.Sum(nil)
}

// passwordKey returns the localized key of a password.
func passwordKey(a Auth, password string, engineID []byte) ([]byte, error) {
	if len(password) < MinPassword {
		return nil, ErrShortPassword
	}
	return Localize(a, PasswordKey(a, password), engineID), nil
}

// extend returns a localized key of the length that p needs, from one that is
// as long as the hash.
func extend(a Auth, p Priv, key, engineID []byte) []byte {
	key = bytes.Clone(key)
	for part := key; len(key) < p.KeySize(); {
		switch p {
		case AES192C, AES256C:
			// A localized key serves as the password of the next part.
			part = Localize(a, PasswordKey(a, string(part)), engineID)
		default:
			h := a.digest().newHash()
			h.Write(key)
			part = h.Sum(nil)
		}
		key = append(key, part...)
	}
	return key[:p.KeySize()]
}
