package usm_test

import (
	"testing"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

var benchmarked = []string{"sha256-aes", "sha-aes", "sha512-aes256", "md5-des"}

// BenchmarkIncoming takes a GET of one variable, from datagram to bindings.
func BenchmarkIncoming(b *testing.B) {
	for _, name := range benchmarked {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			e := newEngine(3)
			datagram := request(b, e, name, usm.AuthPriv, nil)
			var m message.Message
			for b.Loop() {
				if err := m.Decode(datagram); err != nil {
					b.Fatal(err)
				}
				if _, err := e.Incoming(&m); err != nil {
					b.Fatal(err)
				}
				if err := m.DecodeScoped(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkUnknownEngineID is what a stranger's message costs.
func BenchmarkUnknownEngineID(b *testing.B) {
	b.ReportAllocs()
	e := newEngine(3)
	datagram := request(b, e, "sha256-aes", usm.AuthPriv, func(env *message.Envelope) { env.Security.EngineID = []byte("no engine") })
	var m message.Message
	for b.Loop() {
		if err := m.Decode(datagram); err != nil {
			b.Fatal(err)
		}
		if _, err := e.Incoming(&m); err != usm.UnknownEngineIDs {
			b.Fatal(err)
		}
	}
}

// BenchmarkOutgoing writes an answer of so many bindings.
func BenchmarkOutgoing(b *testing.B) {
	for _, name := range benchmarked {
		for count, label := range map[int]string{1: "1", 25: "25"} {
			b.Run(name+"/"+label, func(b *testing.B) {
				b.ReportAllocs()
				e, u := newEngine(3), user(name)
				var m message.Message
				if err := m.Decode(request(b, e, name, usm.AuthPriv, nil)); err != nil {
					b.Fatal(err)
				}
				var w message.Writer
				oid := []uint32{1, 3, 6, 1, 2, 1, 2, 2, 1, 10, 3}
				for b.Loop() {
					env := e.Envelope(&m, u, usm.AuthPriv)
					w.Begin(&env, 1, 1472)
					for n := range count {
						w.Append(oid, ber.Counter32, uint64(n)<<20, "")
					}
					s, err := w.Finish(message.Response, 0, 0)
					if err != nil {
						b.Fatal(err)
					}
					e.Outgoing(u, &env, s)
				}
			})
		}
	}
}
