package usm

import (
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"errors"
	"hash"
	"sync"
)

// The errors of NewUser.
var (
	ErrProtocol      = errors.New("unknown protocol")
	ErrPrivAlone     = errors.New("encryption needs authentication")
	ErrKeySize       = errors.New("a localized key has the wrong length for its protocol")
	ErrShortPassword = errors.New("a password needs 8 characters or more")
)

// Credentials are what a User is made of. A localized key, of the KeySize of
// its protocol, counts before a password; PrivPassword empty is the same as
// AuthPassword.
type Credentials struct {
	Name         string // 1 to 32 octets
	Auth         Auth
	Priv         Priv
	AuthPassword string
	PrivPassword string
	AuthKey      []byte
	PrivKey      []byte
}

// User is a user with his keys for one engine. It keeps no password, and is
// safe for concurrent use.
type User struct {
	name   string
	auth   Auth
	priv   Priv
	digest digest
	work   sync.Pool // of *work; without authentication none

	block cipher.Block
	preIV []byte // DES only
}

// work is the memory for one message.
type work struct {
	mac        hash.Hash // HMAC with the user's key
	sum        [64]byte
	iv, stream [aes.BlockSize]byte
}

// NewUser makes the keys of a user for an engine, which takes milliseconds for
// each password, see PasswordKey.
func NewUser(c Credentials, engineID []byte) (*User, error) {
	u := &User{name: c.Name, auth: c.Auth, priv: c.Priv, digest: c.Auth.digest()}
	switch {
	case c.Auth != AuthNone && c.Auth.KeySize() == 0, c.Priv != PrivNone && c.Priv.KeySize() == 0:
		return nil, ErrProtocol
	case c.Auth == AuthNone && c.Priv != PrivNone:
		return nil, ErrPrivAlone
	case c.Auth == AuthNone:
		return u, nil
	}
	authKey, privKey, err := c.keys(engineID)
	if err != nil {
		return nil, err
	}
	u.work.New = func() any { return &work{mac: hmac.New(u.digest.newHash, authKey)} }
	switch c.Priv {
	case PrivNone:
	case DES:
		u.block, err = des.NewCipher(privKey[:des.BlockSize])
		u.preIV = privKey[des.BlockSize:]
	default:
		u.block, err = aes.NewCipher(privKey)
	}
	return u, err
}

// keys returns the localized keys, the second one empty for PrivNone.
func (c Credentials) keys(engineID []byte) (authKey, privKey []byte, err error) {
	authKey, privKey = c.AuthKey, c.PrivKey
	if authKey == nil {
		if authKey, err = passwordKey(c.Auth, c.AuthPassword, engineID); err != nil {
			return nil, nil, err
		}
	}
	if privKey == nil && c.Priv != PrivNone {
		password := cmp.Or(c.PrivPassword, c.AuthPassword)
		long := authKey // the work of a password that serves for both is done
		if c.AuthKey != nil || password != c.AuthPassword {
			if long, err = passwordKey(c.Auth, password, engineID); err != nil {
				return nil, nil, err
			}
		}
		privKey = extend(c.Auth, c.Priv, long, engineID)
	}
	if len(authKey) != c.Auth.KeySize() || len(privKey) != c.Priv.KeySize() {
		return nil, nil, ErrKeySize
	}
	return authKey, privKey, nil
}

// Name returns the msgUserName.
func (u *User) Name() string { return u.name }

// Auth returns the authentication protocol.
func (u *User) Auth() Auth { return u.auth }

// Priv returns the encryption protocol.
func (u *User) Priv() Priv { return u.priv }

// Supports tells whether the user's protocols give the level.
func (u *User) Supports(l Level) bool {
	switch l {
	case AuthPriv:
		return u.priv != PrivNone
	case AuthNoPriv:
		return u.auth != AuthNone
	}
	return true
}
