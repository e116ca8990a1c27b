package telemetry

import (
	"fmt"
	"slices"
)

// AppendMessage appends m in wire format v1 to dst: one CBOR map (RFC 8949)
// with definite lengths, shortest integers, no floats and ascending keys, so
// that equal messages give equal bytes. What is unknown is left out, or null
// where something known follows. It allocates nothing when dst has room.
//
// The error wraps [ErrVersion] or [ErrUnencodable]: text that is not UTF-8,
// more than [MaxRows] rows, a part outside 1 to its count, or an Extra whose
// key is taken, out of order or not well-formed. dst is then returned as it was.
func AppendMessage(dst []byte, m *Message) ([]byte, error) { return appendMessage(dst, m, m.Serial) }

// appendMessage is AppendMessage with another serial than that of m.
func appendMessage(dst []byte, m *Message, serial string) ([]byte, error) {
	if m.Version != Version {
		return dst, fmt.Errorf("telemetry: encode: version %d, want %d: %w", m.Version, Version, ErrVersion)
	}
	w := writer{b: append(dst, majorMap<<5)}
	w.key(keyVersion)
	w.uint(Version)
	if serial != "" {
		w.key(keySerial)
		w.text(serial)
	}
	if m.Boot.Known {
		w.key(keyBoot)
		w.uint(uint64(m.Boot.Value))
	}
	w.key(keySeq)
	w.uint(m.Seq)
	w.maybeUint(keyTime, m.Time)
	w.sample(&m.Sample)
	w.tail(m)
	w.extra(m.Extra)
	if w.problem != "" {
		return dst, fmt.Errorf("telemetry: encode: %s: %w", w.problem, ErrUnencodable)
	}
	return w.finish(len(dst)), nil
}

func (w *writer) sample(s *Sample) {
	w.maybeUint(keyUptime, s.Uptime)
	w.maybeText(keyHost, s.Host)
	w.maybeText(keyFirmware, s.Firmware)
	load := s.Load.elements()
	w.group(keyLoad, load[:])
	cpu := s.CPU.elements()
	w.group(keyCPU, cpu[:])
	memory := s.Memory.elements()
	w.group(keyMemory, memory[:])
	if w.rows(keyDisks, len(s.Disks)) {
		for i := range s.Disks {
			e := s.Disks[i].elements()
			w.row(s.Disks[i].Mount, e[:])
		}
	}
	if w.rows(keyInterfaces, len(s.Interfaces)) {
		for i := range s.Interfaces {
			e := s.Interfaces[i].elements()
			w.row(s.Interfaces[i].Name, e[:])
		}
	}
	w.modem(&s.Modem)
	ipsec := s.IPsec.elements()
	w.group(keyIPsec, ipsec[:])
	openvpn := s.OpenVPN.elements()
	w.group(keyOpenVPN, openvpn[:])
}

// tail writes what follows the facts.
func (w *writer) tail(m *Message) {
	if p := m.Part; p != (Part{}) {
		if p.Index < 1 || p.Index > p.Count {
			w.fail("part.i is not within 1 and part.n")
		}
		w.key(keyPart)
		w.head(majorArray, 2)
		w.uint(p.Index)
		w.uint(p.Count)
	}
	if m.Late {
		w.key(keyLate)
		w.uint(1)
	}
	if m.Period != 0 {
		w.key(keyPeriod)
		w.uint(m.Period)
	}
	stats := m.Stats.elements()
	w.group(keyStats, stats[:])
}

func (w *writer) extra(list []Extra) {
	if len(list) > maxPairs-w.pairs {
		w.fail("more extra facts than a message can hold")
		return
	}
	last := len(w.b) // where the previous key stands; here: none
	for i, x := range list {
		at := len(w.b)
		w.pairs++
		switch {
		case x.Name != "":
			w.text(x.Name)
		case x.ID < keyExtra:
			w.fail("the key of an extra fact belongs to a field")
		default:
			w.uint(x.ID)
		}
		if i > 0 && slices.Compare(w.b[last:at], w.b[at:]) >= 0 {
			w.fail("the extra facts are not in the order of their keys")
		}
		if !wellFormed(x.Raw) {
			w.fail("the value of an extra fact is not one well-formed CBOR value")
		}
		last = at
		w.b = append(w.b, x.Raw...)
	}
}

// finish writes the head of the map that begins at start.
func (w *writer) finish(start int) []byte {
	if w.pairs < 24 {
		w.b[start] = majorMap<<5 | byte(w.pairs)
		return w.b
	}
	w.b = slices.Insert(w.b, start+1, byte(w.pairs))
	w.b[start] = majorMap<<5 | 24
	return w.b
}

func (w *writer) key(k uint64) {
	w.pairs++
	w.uint(k)
}

func (w *writer) maybeUint(key uint64, v Maybe[uint64]) {
	if v.Known {
		w.key(key)
		w.uint(v.Value)
	}
}

func (w *writer) maybeText(key uint64, v Maybe[string]) {
	if v.Known {
		w.key(key)
		w.text(v.Value)
	}
}

// group writes an array of numbers, nothing when none is known.
func (w *writer) group(key uint64, elements []*Maybe[uint64]) {
	if elements = knownHead(elements); len(elements) > 0 {
		w.key(key)
		w.head(majorArray, uint64(len(elements)))
		w.elements(elements)
	}
}

// rows begins an array of n rows, nothing when there are none.
func (w *writer) rows(key uint64, n int) bool {
	if n == 0 {
		return false
	}
	if n > MaxRows {
		w.fail("more rows of disks or interfaces than a message can hold")
		return false
	}
	w.key(key)
	w.head(majorArray, uint64(n))
	return true
}

func (w *writer) row(name string, elements []*Maybe[uint64]) {
	elements = knownHead(elements)
	switch {
	case name != "":
		w.head(majorArray, 1+uint64(len(elements)))
		w.text(name)
	case len(elements) > 0:
		w.head(majorArray, 1+uint64(len(elements)))
		w.null()
	default:
		w.head(majorArray, 0)
	}
	w.elements(elements)
}

func (w *writer) modem(m *Modem) {
	n := uint64(0)
	for i, known := range [...]bool{m.Operator.Known, m.SignalDBm.Known, m.Technology.Known, m.IMEI.Known} {
		if known {
			n = uint64(i) + 1
		}
	}
	if n == 0 {
		return
	}
	w.key(keyModem)
	w.head(majorArray, n)
	w.textOrNull(m.Operator)
	if n > 1 {
		w.intOrNull(m.SignalDBm)
	}
	if n > 2 {
		w.uintOrNull(Maybe[uint64]{uint64(m.Technology.Value), m.Technology.Known})
	}
	if n > 3 {
		w.textOrNull(m.IMEI)
	}
}

// knownHead cuts the unknown tail.
func knownHead(elements []*Maybe[uint64]) []*Maybe[uint64] {
	n := len(elements)
	for n > 0 && !elements[n-1].Known {
		n--
	}
	return elements[:n]
}
