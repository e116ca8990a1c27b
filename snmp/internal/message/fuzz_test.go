package message_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/fieldgate/fieldgate/snmp/internal/message"
)

// A message that is decoded can be written, and what was written is decoded to
// the same.
func FuzzDecode(f *testing.F) {
	f.Add(unhex(netSNMPGet))
	f.Add(v1(get))
	f.Add(v2c(pduOf(0xa5, bytes.Repeat(bind, 3), num(0xff), num(1), num(0x7f, 0xff, 0xff, 0xff))))
	f.Add(v1(el(0xa4, sysDescr, el(0x40, []byte{127, 0, 0, 1}), num(0), num(0), el(0x43, []byte{9}), seq())))
	for tag := byte(0x40); tag <= 0x46; tag++ {
		f.Add(v2c(pduOf(0xa3, seq(sysDescr, el(tag, []byte{1, 2, 3, 4})), num(1), num(0), num(0))))
	}
	p := goodV3()
	f.Add(p.bytes())
	p.data = str("encrypted")
	f.Add(p.bytes())
	p.security = el(4, security(map[int][]byte{0: str(""), 3: str(""), 4: str(""), 5: str("")}))
	f.Add(p.bytes())
	p.version = num(4)
	f.Add(p.bytes())

	var m, again message.Message
	var w message.Writer
	f.Fuzz(func(t *testing.T, datagram []byte) {
		before := bytes.Clone(datagram)
		err := m.Decode(datagram)
		if !bytes.Equal(before, datagram) {
			t.Fatalf("%x was changed to %x", before, datagram)
		}
		if err != nil {
			return
		}
		s := m.Security
		if !bytes.HasPrefix(datagram, m.Raw) || !bytes.Equal(s.MAC, m.Raw[s.MACAt:s.MACAt+len(s.MAC)]) {
			t.Fatalf("%x is not at %d in %x", s.MAC, s.MACAt, m.Raw)
		}
		if m.Encrypted != nil { // it serves as its own plaintext
			copy(m.Plaintext(), m.Encrypted)
		}
		if m.Version == message.V3 && m.DecodeScoped() != nil || m.PDU.Type == message.TrapV1 {
			return
		}
		e := message.Envelope{
			Version: m.Version, Community: m.Community, Header: m.Header, Security: s, MACSize: len(s.MAC), SaltSize: len(s.Salt),
			ContextEngineID: m.ContextEngineID, ContextName: m.ContextName,
		}
		w.Begin(&e, m.PDU.RequestID, 2*len(datagram)+100)
		for _, b := range m.Binds {
			if !w.Copy(b) {
				t.Fatalf("%x has no room for %v", datagram, b.OID)
			}
		}
		out, err := w.Finish(m.PDU.Type, m.PDU.ErrorStatus, m.PDU.ErrorIndex)
		if err != nil {
			if len(datagram) < 300 {
				t.Fatalf("%x cannot be written: %v", datagram, err)
			}
			return
		}
		copy(out.MAC, s.MAC)
		copy(out.Salt, s.Salt)
		if err := again.Decode(out.Raw); err != nil {
			t.Fatalf("%x became %x: %v", datagram, out.Raw, err)
		}
		if again.Encrypted != nil {
			copy(again.Plaintext(), again.Encrypted)
		}
		if m.Version == message.V3 {
			if err := again.DecodeScoped(); err != nil {
				t.Fatalf("%x became %x: %v", datagram, out.Raw, err)
			}
		}
		same := m.PDU == again.PDU && bytes.Equal(m.Community, again.Community) && m.Header == again.Header &&
			bytes.Equal(s.EngineID, again.Security.EngineID) && s.Boots == again.Security.Boots && s.Time == again.Security.Time &&
			bytes.Equal(s.User, again.Security.User) && bytes.Equal(s.MAC, again.Security.MAC) && bytes.Equal(s.Salt, again.Security.Salt) &&
			bytes.Equal(m.ContextName, again.ContextName) && slices.EqualFunc(m.Binds, again.Binds, func(a, b message.Bind) bool {
			return slices.Equal(a.OID, b.OID) && a.Tag == b.Tag && bytes.Equal(a.Contents, b.Contents)
		})
		if !same {
			t.Fatalf("%x became %x", datagram, out.Raw)
		}
	})
}
