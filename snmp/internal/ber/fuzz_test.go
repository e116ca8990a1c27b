package ber_test

import (
	"bytes"
	"testing"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
)

// An identifier that is read has just one encoding.
func FuzzArcs(f *testing.F) {
	for _, seed := range []string{"2b06010201010100", "2b8fffffff7f", "908080804f", "2b8001", "00", "", "ff"} {
		f.Add(unhex(seed))
	}
	f.Fuzz(func(t *testing.T, contents []byte) {
		arcs, err := ber.Arcs(nil, contents)
		if err != nil {
			return
		}
		if len(arcs) < 2 || len(arcs) > ber.MaxArcs || ber.ArcsSize(arcs) != len(contents) || !bytes.Equal(ber.AppendArcs(nil, arcs), contents) {
			t.Fatalf("%x became %v", contents, arcs)
		}
	})
}

// A number that is read is written no longer, and read again as the same.
func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"00", "80", "7fffffff", "80000000", "00ffffffff", "ffffffffffffffffff", ""} {
		f.Add(unhex(seed))
	}
	f.Fuzz(func(t *testing.T, contents []byte) {
		if n, err := ber.Int32(contents); err == nil {
			again := ber.AppendInt(nil, ber.Integer, int64(n))[2:]
			if back, err := ber.Int32(again); err != nil || back != n || len(again) > len(contents) {
				t.Fatalf("%x became %d, then %x", contents, n, again)
			}
		}
		if n, err := ber.Uint64(contents); err == nil {
			again := ber.AppendUint(nil, ber.Counter64, n)[2:]
			if back, err := ber.Uint64(again); err != nil || back != n || len(again) > len(contents)+1 {
				t.Fatalf("%x became %d, then %x", contents, n, again)
			}
		}
	})
}

// What is read is part of the input, in order, and ends.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{"30060201010402aabb", "048400000002aabb", "0480aabb0000", "0484ffffffff", "3004300230003000", "1f8100"} {
		f.Add(unhex(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) { walk(t, in, 0) })
}

// walk reads the elements of in, and those within them.
func walk(t *testing.T, in []byte, depth int) {
	r, left := ber.NewReader(in), len(in)
	for r.More() {
		tag, contents := r.Next()
		if r.Err() != nil {
			break
		}
		if now := len(r.Rest()); now > left-2-len(contents) || !bytes.Equal(contents, in[len(in)-now-len(contents):len(in)-now]) {
			t.Fatalf("%x in %x", contents, in)
		}
		left = len(r.Rest())
		if tag == ber.Sequence && depth < 50 {
			walk(t, contents, depth+1)
		}
	}
	if r.Close() == nil && left != 0 {
		t.Fatalf("%d octets of %x are left", left, in)
	}
}
