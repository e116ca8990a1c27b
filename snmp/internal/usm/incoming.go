package usm

import (
	"bytes"
	"crypto/subtle"

	"github.com/fieldgate/fieldgate/snmp/internal/message"
)

// window is how many seconds the clock of a message may differ.
const window = 150

// Incoming checks a message that Decode has read, in the order of RFC 3414,
// section 3.2, and decrypts it to m.Scoped. Its only error is a Failure, which
// it has counted. The user is nil when the engine ID or the user is unknown.
func (e *Engine) Incoming(m *message.Message) (*User, error) {
	u, failure := e.check(m)
	if failure != 0 {
		e.stats[failure].Add(1)
		return u, failure
	}
	return u, nil
}

// check returns 0 when the message is let in. The steps must keep their order.
func (e *Engine) check(m *message.Message) (*User, Failure) {
	level := LevelOf(m.Header.Flags)
	if !bytes.Equal(m.Security.EngineID, e.id) { // step 3, before any work with keys
		return nil, UnknownEngineIDs
	}
	u := e.users[string(m.Security.User)] // step 4
	if u == nil {
		return nil, UnknownUserNames
	}
	if !u.Supports(level) { // step 5
		return u, UnsupportedSecLevels
	}
	if level >= AuthNoPriv {
		if !u.authentic(m) { // step 6
			return u, WrongDigests
		}
		if !e.inWindow(m.Security.Boots, m.Security.Time) { // step 7a
			return u, NotInTimeWindows
		}
	}
	if level == AuthPriv && !u.decrypt(m) { // step 8
		return u, DecryptionErrors
	}
	return u, 0
}

// inWindow tells whether a message with this clock is of now.
func (e *Engine) inWindow(boots, seconds uint32) bool {
	ownBoots, ownTime := e.Clock()
	difference := int64(seconds) - int64(ownTime)
	return ownBoots != latched && boots == ownBoots && -window <= difference && difference <= window
}

// authentic tells whether the MAC is right. It covers the message as it was
// received, with zeros in place of itself.
func (u *User) authentic(m *message.Message) bool {
	mac := m.Security.MAC
	if len(mac) != u.digest.macSize {
		return false
	}
	w := u.work.Get().(*work)
	defer u.work.Put(w)
	w.mac.Reset()
	w.mac.Write(m.Raw[:m.Security.MACAt])
	clear(w.sum[:])
	w.mac.Write(w.sum[:len(mac)])
	w.mac.Write(m.Raw[m.Security.MACAt+len(mac):])
	return subtle.ConstantTimeCompare(mac, w.mac.Sum(w.sum[:0])[:len(mac)]) == 1
}
