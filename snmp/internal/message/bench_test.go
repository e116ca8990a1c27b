package message_test

import (
	"bytes"
	"testing"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
)

func BenchmarkDecode(b *testing.B) {
	for name, datagram := range map[string][]byte{
		"v2c_get_1":  unhex(netSNMPGet),
		"v2c_get_10": v2c(pduOf(0xa0, bytes.Repeat(bind, 10), num(1), num(0), num(0))),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var m message.Message
			for b.Loop() {
				if err := m.Decode(datagram); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("v3_get_1_without_cryptography", func(b *testing.B) {
		b.ReportAllocs()
		var m message.Message
		datagram := goodV3().bytes()
		for b.Loop() {
			if m.Decode(datagram) != nil || m.DecodeScoped() != nil {
				b.Fatal("not decoded")
			}
		}
	})
}

func BenchmarkEncode25(b *testing.B) {
	b.ReportAllocs()
	var w message.Writer
	e := community(message.V2c)
	oid := []uint32{1, 3, 6, 1, 2, 1, 2, 2, 1, 10, 3}
	for b.Loop() {
		w.Begin(&e, 1, 1472)
		for n := range uint64(25) {
			if !w.Append(oid, ber.Counter32, n<<20, "") {
				b.Fatal("no room")
			}
		}
		if _, err := w.Finish(message.Response, 0, 0); err != nil {
			b.Fatal(err)
		}
	}
}
