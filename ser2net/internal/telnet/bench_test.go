package telnet_test

import (
	"bytes"
	"testing"

	"github.com/fieldgate/fieldgate/ser2net/internal/telnet"
)

// streams are 16 KiB of data, with ever more IACs.
var streams = []struct {
	name string
	data []byte
}{
	{"no_iac", bytes.Repeat([]byte("a"), 16<<10)},
	{"iac_in_256", bytes.Repeat(append(bytes.Repeat([]byte("a"), 255), 255), 64)},
	{"iac_in_8", bytes.Repeat([]byte("aaaaaaa\xff"), 2<<10)},
	{"all_iac", bytes.Repeat([]byte{255}, 16<<10)},
}

// BenchmarkNext copies the stream as well where it has IACs, since Next
// overwrites it.
func BenchmarkNext(b *testing.B) {
	for _, s := range streams {
		b.Run(s.name, func(b *testing.B) {
			e := telnet.New(telnet.Config{})
			wire := telnet.AppendData(nil, s.data)
			in := bytes.Clone(wire)
			b.SetBytes(int64(len(s.data)))
			for b.Loop() {
				if len(wire) != len(s.data) {
					copy(in, wire)
				}
				for rest := in; len(rest) > 0; {
					_, rest = e.Next(rest)
				}
			}
		})
	}
}

func BenchmarkAppendData(b *testing.B) {
	for _, s := range streams {
		b.Run(s.name, func(b *testing.B) {
			dst := make([]byte, 0, 2*len(s.data))
			b.SetBytes(int64(len(s.data)))
			for b.Loop() {
				telnet.AppendData(dst, s.data)
			}
		})
	}
}
