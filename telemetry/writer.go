package telemetry

import (
	"encoding/binary"
	"unicode/utf8"
)

// CBOR major types, the upper three bits of a head.
const (
	majorUint byte = iota
	majorNegative
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorSimple
)

// The only simple values that the format allows.
const (
	simpleFalse = 20
	simpleTrue  = 21
	simpleNull  = 22
)

// writer appends CBOR and counts the pairs of the message map.
type writer struct {
	b       []byte
	pairs   int
	problem string // the first thing that cannot be encoded
}

func (w *writer) fail(problem string) {
	if w.problem == "" {
		w.problem = problem
	}
}

func (w *writer) elements(elements []*Maybe[uint64]) {
	for _, e := range elements {
		w.uintOrNull(*e)
	}
}

func (w *writer) uintOrNull(v Maybe[uint64]) {
	if v.Known {
		w.uint(v.Value)
	} else {
		w.null()
	}
}

func (w *writer) intOrNull(v Maybe[int64]) {
	switch {
	case !v.Known:
		w.null()
	case v.Value < 0:
		w.head(majorNegative, uint64(-1-v.Value))
	default:
		w.uint(uint64(v.Value))
	}
}

func (w *writer) textOrNull(v Maybe[string]) {
	if v.Known {
		w.text(v.Value)
	} else {
		w.null()
	}
}

func (w *writer) text(s string) {
	if !utf8.ValidString(s) {
		w.fail("text that is not UTF-8")
	}
	w.head(majorText, uint64(len(s)))
	w.b = append(w.b, s...)
}

func (w *writer) null() { w.b = append(w.b, majorSimple<<5|simpleNull) }

func (w *writer) uint(n uint64) { w.head(majorUint, n) }

// head writes a major type and its number in the shortest form.
func (w *writer) head(major byte, n uint64) {
	major <<= 5
	switch {
	case n < 24:
		w.b = append(w.b, major|byte(n))
	case n <= 0xff:
		w.b = append(w.b, major|24, byte(n))
	case n <= 0xffff:
		w.b = binary.BigEndian.AppendUint16(append(w.b, major|25), uint16(n))
	case n <= 0xffffffff:
		w.b = binary.BigEndian.AppendUint32(append(w.b, major|26), uint32(n))
	default:
		w.b = binary.BigEndian.AppendUint64(append(w.b, major|27), n)
	}
}
