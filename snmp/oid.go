package snmp

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// OID is an object identifier, one number per arc: {1, 3, 6, 1} is
// .1.3.6.1. Identifiers are shared between requests: nobody may change one
// that was handed out or taken in.
type OID []uint32

// MaxArcs is how many arcs an identifier may have (RFC 2578, section 3.5).
const MaxArcs = 128

// ParseOID reads the numeric form, with or without the leading dot, such as
// ".1.3.6.1.2.1". The empty text is the empty identifier, before all others.
func ParseOID(text string) (OID, error) {
	rest := strings.TrimPrefix(text, ".")
	if rest == "" {
		return OID{}, nil
	}
	parts := strings.Split(rest, ".")
	if len(parts) > MaxArcs {
		return nil, fmt.Errorf("%q has %d arcs, at most %d are allowed", text, len(parts), MaxArcs)
	}
	o := make(OID, len(parts))
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%q is no object identifier: arc %d is %q, want a number from 0 to 4294967295", text, i+1, part)
		}
		o[i] = uint32(n)
	}
	return o, nil
}

// MustParseOID is ParseOID for constants of a program: it panics on a fault.
func MustParseOID(text string) OID {
	o, err := ParseOID(text)
	if err != nil {
		panic("snmp: " + err.Error())
	}
	return o
}

// String returns the numeric form with a leading dot, such as ".1.3.6.1".
func (o OID) String() string {
	b := make([]byte, 0, 4*len(o))
	for _, arc := range o {
		b = strconv.AppendUint(append(b, '.'), uint64(arc), 10)
	}
	return string(b)
}

// MarshalText writes the form of String.
func (o OID) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads what ParseOID reads.
func (o *OID) UnmarshalText(text []byte) (err error) {
	*o, err = ParseOID(string(text))
	return err
}

// Compare returns -1, 0 or 1 for the order of a MIB: arc by arc, a prefix
// before what it is a prefix of.
func (o OID) Compare(p OID) int {
	// slices.Compare takes twice as long: it minds NaN.
	for i := range min(len(o), len(p)) {
		switch {
		case o[i] < p[i]:
			return -1
		case o[i] > p[i]:
			return 1
		}
	}
	return cmp.Compare(len(o), len(p))
}

// HasPrefix tells whether o is prefix or lies below it.
func (o OID) HasPrefix(prefix OID) bool {
	return len(o) >= len(prefix) && slices.Equal(o[:len(prefix)], prefix)
}

// Append returns a new identifier: o with arcs behind it.
func (o OID) Append(arcs ...uint32) OID {
	return append(append(make(OID, 0, len(o)+len(arcs)), o...), arcs...)
}
