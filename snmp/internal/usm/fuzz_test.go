package usm_test

import (
	"bytes"
	"testing"

	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

// Nothing gets in that is not signed, and nothing that gets in does harm, not
// even from someone who has the keys (signed).
func FuzzIncoming(f *testing.F) {
	e := newEngine(0)
	for _, name := range []string{"nobody", "sha256", "md5-des", "sha-aes", "sha224-aes256c", "sha512-aes256"} {
		u := user(name)
		for _, level := range []usm.Level{usm.NoAuthNoPriv, usm.AuthNoPriv, usm.AuthPriv} {
			if u.Supports(level) {
				f.Add(packet(f, e, u, level, message.Get, nil), true)
				f.Add(packet(f, e, u, level, message.GetBulk, nil), false)
			}
		}
	}
	f.Add(packet(f, e, user("nobody"), usm.NoAuthNoPriv, message.Get, func(env *message.Envelope) { env.Security = message.Security{} }), false)

	var m message.Message
	f.Fuzz(func(t *testing.T, datagram []byte, signed bool) {
		e := newEngine(0) // the seeds are of its first 150 s
		datagram = bytes.Clone(datagram)
		if m.Decode(datagram) != nil || m.Version != message.V3 {
			return
		}
		if signed {
			for _, u := range users() {
				if u.Name() == string(m.Security.User) && u.Supports(usm.AuthNoPriv) {
					resign(e, u, datagram)
				}
			}
			if err := m.Decode(datagram); err != nil {
				t.Fatal(err)
			}
		}
		before := bytes.Clone(datagram)
		u, err := e.Incoming(&m)
		if !bytes.Equal(before, datagram) {
			t.Fatalf("%x was changed to %x", before, datagram)
		}
		if err != nil {
			if _, ok := err.(usm.Failure); !ok {
				t.Fatal(err)
			}
			return
		}
		level := usm.LevelOf(m.Header.Flags)
		if !u.Supports(level) || u.Name() != string(m.Security.User) || !bytes.Equal(m.Security.EngineID, engineID) {
			t.Fatalf("%x got in", datagram)
		}
		if level != usm.NoAuthNoPriv {
			resign(e, u, datagram)
			if !bytes.Equal(before, datagram) {
				t.Fatalf("%x got in without a MAC", before)
			}
		}
		_ = m.DecodeScoped()
	})
}
