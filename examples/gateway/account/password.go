package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
)

// The bounds of a password. bcrypt looks at no more bytes than these.
const (
	MinPassword = 10 // characters
	MaxPassword = 72 // bytes
)

// checkPassword says what is wrong with a new password.
func checkPassword(user, password string) error {
	switch {
	case !utf8.ValidString(password):
		return errors.New("the password is no text")
	case utf8.RuneCountInString(password) < MinPassword:
		return fmt.Errorf("the password is too short: it needs %d characters or more", MinPassword)
	case len(password) > MaxPassword:
		return fmt.Errorf("the password is too long: it may have %d bytes", MaxPassword)
	case strings.EqualFold(password, user):
		return errors.New("the password is the name of the user")
	case strings.Count(password, password[:1]) == len(password):
		return errors.New("the password is one character again and again")
	}
	return nil
}

// newPassword returns a password of 100 bits that can be read out over a
// telephone.
func newPassword() string {
	text := strings.ToLower(rand.Text()[:20])
	return text[:5] + "-" + text[5:10] + "-" + text[10:15] + "-" + text[15:]
}

// newToken returns a token of 256 bits.
func newToken() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	return "fgt_" + base64.RawURLEncoding.EncodeToString(random[:])
}

// tokenSum is what is stored of a token. It needs no salt and no slowness:
// nobody guesses 256 bits.
func tokenSum(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// nobodysHash is a hash of no password. Names that do not exist are checked
// against it, so that they take as long as others.
func nobodysHash(cost int) string {
	return fmt.Sprintf("$2a$%02d$%s", cost, strings.Repeat("a", 53))
}

// mill checks passwords, one at a time: bcrypt keeps a small processor busy
// for a while, and strangers must not keep it from everything else.
type mill struct {
	turn    chan struct{} // holds one
	waiting chan struct{} // holds those that wait for their turn or have it
	compare func(hash, password []byte) error
}

// maxWaiting is how many passwords wait to be checked.
const maxWaiting = 8

func newMill() *mill {
	return &mill{turn: make(chan struct{}, 1), waiting: make(chan struct{}, maxWaiting), compare: bcrypt.CompareHashAndPassword}
}

// errBusy: too many passwords wait to be checked.
var errBusy = errors.New("too many people log in at this moment")

// check reports whether a password is that of a hash.
func (m *mill) check(ctx context.Context, hash, password string) (bool, error) {
	select {
	case m.waiting <- struct{}{}:
		defer func() { <-m.waiting }()
	default:
		return false, errBusy
	}
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	// What is too long takes as long as what is not.
	fits := len(password) <= MaxPassword
	if !fits {
		password = password[:MaxPassword]
	}
	return m.compare([]byte(hash), []byte(password)) == nil && fits, nil
}
