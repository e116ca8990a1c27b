package ber

import (
	"errors"
	"math/bits"
)

// MaxArcs is how many arcs an object identifier may have (RFC 2578, section
// 3.5).
const MaxArcs = 128

// maxArc is the largest number of an arc, maxFirst the largest first
// sub-identifier: that of 2.4294967295.
const (
	maxArc   = 1<<32 - 1
	maxFirst = 2*40 + maxArc
)

// ErrObjectID is the error of contents that are no object identifier of SNMP:
// empty, ending within a sub-identifier, with a padded one or one over 32
// bits, or with more than MaxArcs arcs.
var ErrObjectID = errors.New("not an object identifier")

// Arcs appends the arcs in the contents octets of an OBJECT IDENTIFIER. Its
// only error is ErrObjectID, with dst as it was.
func Arcs(dst []uint32, contents []byte) ([]uint32, error) {
	if len(contents) == 0 || contents[len(contents)-1] >= 0x80 {
		return dst, ErrObjectID
	}
	out, room := dst, MaxArcs
	for i := 0; i < len(contents); {
		n := uint64(contents[i])
		i++
		if n >= 0x80 {
			if n == 0x80 {
				return dst, ErrObjectID // padded (X.690, section 8.19.2)
			}
			// The last octet ends the loop before the contents end.
			for n &= 0x7f; ; i++ {
				b := contents[i]
				n = n<<7 | uint64(b&0x7f)
				if n > maxFirst {
					return dst, ErrObjectID
				}
				if b < 0x80 {
					i++
					break
				}
			}
		}
		if room == MaxArcs {
			first := min(n/40, 2)
			out = append(out, uint32(first))
			n -= 40 * first
			room--
		}
		if room--; room < 0 || n > maxArc {
			return dst, ErrObjectID
		}
		out = append(out, uint32(n))
	}
	return out, nil
}

// AppendArcs appends the contents octets of an OBJECT IDENTIFIER. The first
// two arcs share a sub-identifier, so arcs that are missing there are taken as
// 0: what has no encoding of its own, such as the root, becomes the nearest
// that has one.
func AppendArcs(dst []byte, arcs []uint32) []byte {
	first, rest := split(arcs)
	dst = appendArc(dst, first)
	for _, arc := range rest {
		if arc < 0x80 {
			dst = append(dst, byte(arc))
		} else {
			dst = appendArc(dst, uint64(arc))
		}
	}
	return dst
}

// ArcsSize returns how many octets AppendArcs appends.
func ArcsSize(arcs []uint32) int {
	first, rest := split(arcs)
	size := arcSize(first)
	for _, arc := range rest {
		if arc < 0x80 {
			size++
		} else {
			size += arcSize(uint64(arc))
		}
	}
	return size
}

// split returns the first sub-identifier and the arcs after it.
func split(arcs []uint32) (first uint64, rest []uint32) {
	switch len(arcs) {
	case 0:
		return 0, nil
	case 1:
		return 40 * uint64(arcs[0]), nil
	}
	return 40*uint64(arcs[0]) + uint64(arcs[1]), arcs[2:]
}

func arcSize(n uint64) int { return (bits.Len64(n|1) + 6) / 7 }

func appendArc(dst []byte, n uint64) []byte {
	for shift := 7 * (arcSize(n) - 1); shift > 0; shift -= 7 {
		dst = append(dst, 0x80|byte(n>>shift))
	}
	return append(dst, byte(n&0x7f))
}
