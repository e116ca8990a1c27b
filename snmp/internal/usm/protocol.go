package usm

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
)

// Auth is an authentication protocol.
type Auth string

// The protocols of RFC 3414 and RFC 7860.
const (
	AuthNone Auth = ""
	MD5      Auth = "md5"
	SHA1     Auth = "sha"
	SHA224   Auth = "sha224"
	SHA256   Auth = "sha256"
	SHA384   Auth = "sha384"
	SHA512   Auth = "sha512"
)

// digest is the hash function of a protocol and how much of it is in a message.
type digest struct {
	newHash func() hash.Hash
	keySize int // also the size of the hash
	macSize int
}

func (a Auth) digest() digest {
	switch a {
	case MD5:
		return digest{md5.New, md5.Size, 12}
	case SHA1:
		return digest{sha1.New, sha1.Size, 12}
	case SHA224:
		return digest{sha256.New224, sha256.Size224, 16}
	case SHA256:
		return digest{sha256.New, sha256.Size, 24}
	case SHA384:
		return digest{sha512.New384, sha512.Size384, 32}
	case SHA512:
		return digest{sha512.New, sha512.Size, 48}
	}
	return digest{}
}

// KeySize returns how many octets a localized key has, 0 for AuthNone and
// unknown protocols.
func (a Auth) KeySize() int { return a.digest().keySize }

// Priv is an encryption protocol.
type Priv string

// DES is that of RFC 3414, AES that of RFC 3826. The others are AES with longer
// keys, for which a short hash is lengthened in one of two ways: Blumenthal's
// (draft-blumenthal-aes-usm-04), or with the letter C Reeder's
// (draft-reeder-snmpv3-usm-3desede-00), as Cisco has it.
const (
	PrivNone Priv = ""
	DES      Priv = "des"
	AES      Priv = "aes" // 128 bits
	AES192   Priv = "aes192"
	AES256   Priv = "aes256"
	AES192C  Priv = "aes192c"
	AES256C  Priv = "aes256c"
)

// KeySize returns how many octets of a localized key are used, 0 for PrivNone
// and unknown protocols.
func (p Priv) KeySize() int {
	switch p {
	case DES, AES: // with DES, half of it is the pre-IV
		return 16
	case AES192, AES192C:
		return 24
	case AES256, AES256C:
		return 32
	}
	return 0
}
