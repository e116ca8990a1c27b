package pki

import "errors"

// What the functions of this package report; the texts around them say where.
var (
	// ErrEncrypted: a private key is protected by a passphrase.
	ErrEncrypted = errors.New("the private key is encrypted: remove its passphrase first, such as with openssl pkey -in old.key -out new.key")
	// ErrNoKey: an identity has no private key, where one is needed.
	ErrNoKey = errors.New("there is no private key")
	// ErrExists: there is something of that name already.
	ErrExists = errors.New("it exists already")
	// ErrNotFound: there is nothing of that name or serial number.
	ErrNotFound = errors.New("it does not exist")
	// ErrRevoked: the certificate is revoked.
	ErrRevoked = errors.New("it is revoked")
	// ErrClock: the clock of the system stands before the time when the
	// authority was made, so that it cannot date anything.
	ErrClock = errors.New("the clock of the system is wrong")
)
