package usm

import "github.com/fieldgate/fieldgate/snmp/internal/message"

// Outgoing encrypts and signs a message in place, as the Envelope in which it
// was written says.
func (e *Engine) Outgoing(u *User, in *message.Envelope, s message.Sealable) {
	if in.Header.Flags&message.FlagPriv != 0 {
		u.encrypt(e.salt.Add(1), &in.Security, s)
	}
	if in.Header.Flags&message.FlagAuth != 0 {
		u.sign(s)
	}
}

// sign fills in the MAC.
func (u *User) sign(s message.Sealable) {
	w := u.work.Get().(*work)
	defer u.work.Put(w)
	w.mac.Reset()
	w.mac.Write(s.Raw) // the MAC is still zero
	copy(s.MAC, w.mac.Sum(w.sum[:0]))
}
