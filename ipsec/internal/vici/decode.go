package vici

import (
	"encoding/binary"
	"errors"
)

// ErrMalformed says that bytes are no message, or no packet.
var ErrMalformed = errors.New("vici: malformed message")

// maxDepth bounds how deep sections nest; charon's do four deep.
const maxDepth = 16

// decoder takes elements from the front of rest. What comes after something
// malformed does not count.
type decoder struct {
	rest []byte
	bad  bool
}

// section reads items up to the end of a section, or of the message at depth
// zero.
func (d *decoder) section(m *Message, depth int) {
	if depth > maxDepth {
		d.bad = true
	}
	for !d.bad {
		if depth == 0 && len(d.rest) == 0 {
			return
		}
		switch d.byte() {
		case sectionStart:
			name, inner := d.name(), new(Message)
			d.section(inner, depth+1)
			m.SetSection(name, inner)
		case keyValue:
			name := d.name()
			m.Set(name, d.value())
		case listStart:
			name := d.name()
			m.SetList(name, d.list()...)
		case sectionEnd:
			d.bad = d.bad || depth == 0
			return
		default:
			d.bad = true
		}
	}
}

func (d *decoder) list() []string {
	var list []string
	for !d.bad {
		switch d.byte() {
		case listItem:
			list = append(list, d.value())
		case listEnd:
			return list
		default:
			d.bad = true
		}
	}
	return nil
}

func (d *decoder) byte() byte {
	b := d.take(1)
	if d.bad {
		return 0
	}
	return b[0]
}

func (d *decoder) name() string { return string(d.take(int(d.byte()))) }

func (d *decoder) value() string {
	b := d.take(2)
	if d.bad {
		return ""
	}
	return string(d.take(int(binary.BigEndian.Uint16(b))))
}

func (d *decoder) take(n int) []byte {
	if d.bad || n > len(d.rest) {
		d.bad = true
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}
