package telemetry

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxText is the most bytes of a text that [Split] lets through; longer ones
// are cut at the end of a character.
const MaxText = 128

// Split returns m as messages that encode to at most limit bytes each: m
// alone where it fits, else several, in order. Every part is a whole message
// with the same v, serial, boot, seq, time, uptime, late and period, and says
// which part it is. The facts are divided by groups in this order: host, fw,
// load, cpu, mem, stats, gsm, ipsec, openvpn, disks, ifs, extra; disks and
// ifs may be divided between two rows.
//
// Text is bounded by [MaxText] and mended where it is not UTF-8, and each
// list by [MaxRows] rows, both for all of the parts together. m stays as it is.
//
// The error wraps [ErrUnencodable] (also when an Extra cannot fit) or [ErrVersion].
// A limit of 512 or more always has room for every fact but an Extra.
func Split(m *Message, limit int) ([]Message, error) {
	whole := tidy(m)
	b, err := AppendMessage(make([]byte, 0, MaxDatagram), &whole)
	if err != nil {
		return nil, err
	}
	if len(b) <= limit {
		return []Message{whole}, nil
	}
	s := splitter{limit: limit, scratch: b, base: whole}
	s.base.Sample = Sample{Uptime: whole.Uptime}
	s.base.Stats, s.base.Extra = Stats{}, nil
	s.base.Part = Part{maxParts, maxParts} // no number is longer
	s.parts = []Message{s.base}
	s.divide(&whole)
	if s.err != nil {
		return nil, s.err
	}
	for i := range s.parts {
		s.parts[i].Part = Part{Index: uint64(i) + 1, Count: uint64(len(s.parts))}
	}
	return s.parts, nil
}

// maxParts is above the number of all units that divide can place.
const maxParts = 0xffff

// splitter fills one part after the other.
type splitter struct {
	limit   int
	scratch []byte
	base    Message // what every part carries
	parts   []Message
	err     error
}

func (s *splitter) divide(m *Message) {
	s.place("host", func(p *Message) { p.Host = m.Host })
	s.place("fw", func(p *Message) { p.Firmware = m.Firmware })
	s.place("load", func(p *Message) { p.Load = m.Load })
	s.place("cpu", func(p *Message) { p.CPU = m.CPU })
	s.place("mem", func(p *Message) { p.Memory = m.Memory })
	s.place("stats", func(p *Message) { p.Stats = m.Stats })
	s.place("gsm", func(p *Message) { p.Modem = m.Modem })
	s.place("ipsec", func(p *Message) { p.IPsec = m.IPsec })
	s.place("openvpn", func(p *Message) { p.OpenVPN = m.OpenVPN })
	for _, row := range m.Disks {
		s.place("disks", func(p *Message) { p.Disks = append(p.Disks, row) })
	}
	for _, row := range m.Interfaces {
		s.place("ifs", func(p *Message) { p.Interfaces = append(p.Interfaces, row) })
	}
	for _, x := range m.Extra {
		s.place("extra", func(p *Message) { p.Extra = append(p.Extra, x) })
	}
}

// place puts one fact into the last part, or into a new one if it does not
// fit there.
func (s *splitter) place(fact string, put func(*Message)) {
	if s.err != nil {
		return
	}
	// Appending to a list of the trial may write behind the end of the list
	// that the last part holds, but never into it.
	trial := s.parts[len(s.parts)-1]
	put(&trial)
	if s.fits(&trial) {
		s.parts[len(s.parts)-1] = trial
		return
	}
	trial = s.base
	put(&trial)
	if !s.fits(&trial) && s.err == nil {
		s.err = fmt.Errorf("telemetry: split: %s cannot fit into %d bytes: %w", fact, s.limit, ErrUnencodable)
	}
	s.parts = append(s.parts, trial)
}

func (s *splitter) fits(m *Message) bool {
	b, err := AppendMessage(s.scratch[:0], m)
	if err != nil {
		s.err = err
	}
	return len(b) <= s.limit
}

// tidy returns m with its texts and lists bounded.
func tidy(m *Message) Message {
	t := *m
	t.Serial = tidyText(m.Serial)
	t.Host.Value = tidyText(m.Host.Value)
	t.Firmware.Value = tidyText(m.Firmware.Value)
	t.Modem.Operator.Value = tidyText(m.Modem.Operator.Value)
	t.Modem.IMEI.Value = tidyText(m.Modem.IMEI.Value)
	t.Disks = tidyRows(m.Disks, func(d *Disk) *string { return &d.Mount })
	t.Interfaces = tidyRows(m.Interfaces, func(i *Interface) *string { return &i.Name })
	return t
}

// tidyRows returns list itself where there is nothing to do.
func tidyRows[T any](list []T, name func(*T) *string) []T {
	list = list[:min(len(list), MaxRows)]
	copied := false
	for i := range list {
		text := *name(&list[i])
		tidied := tidyText(text)
		if tidied == text {
			continue
		}
		if !copied {
			list, copied = append([]T(nil), list...), true
		}
		*name(&list[i]) = tidied
	}
	return list
}

func tidyText(s string) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	if len(s) <= MaxText {
		return s
	}
	end := MaxText
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
