package latest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"

	"github.com/fieldgate/fieldgate/telemetry"
)

// A report in bytes, numbers little-endian:
//
//	8   time of arrival, Unix nanoseconds
//	1   flags: 1 sealed, 2 boot known, 4 late, 8 source is IPv4
//	1   where in the datagram the serial number stands; 255 = it stands before it
//	4|16, 2  address and port of the source
//	var length of the serial number, boot, sequence number, period, part,
//	    parts (part and parts are 0 when whole)
//	    serial number, unless it stands in the datagram
//	    datagram, to the end
const (
	elsewhere = 255
	fixedSize = 10
)

// errReport: the bytes are no report. What is stored is guarded by a checksum,
// so this is a fault of the program or another version of it.
var errReport = errors.New("latest: bytes that are no report")

// AppendReport appends r in bytes.
func AppendReport(dst []byte, r *Report) []byte {
	var flags byte
	if r.Sealed {
		flags |= flagSealed
	}
	if r.Boot.Known {
		flags |= flagBoot
	}
	if r.Late {
		flags |= flagLate
	}
	addr := r.Source.Addr().Unmap()
	if addr.Is4() {
		flags |= flagIPv4
	}
	at := bytes.Index(r.Raw[:min(len(r.Raw), elsewhere)], []byte(r.Device))
	if at < 0 {
		at = elsewhere
	}
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Received))
	dst = append(dst, flags, byte(at))
	if addr.Is4() {
		ip := addr.As4()
		dst = append(dst, ip[:]...)
	} else {
		ip := addr.As16() // zeros when there is none
		dst = append(dst, ip[:]...)
	}
	dst = binary.LittleEndian.AppendUint16(dst, r.Source.Port())
	for _, n := range [...]uint64{uint64(len(r.Device)), uint64(r.Boot.Value), r.Seq, r.Period, r.Part.Index, r.Part.Count} {
		dst = binary.AppendUvarint(dst, n)
	}
	if at == elsewhere {
		dst = append(dst, r.Device...)
	}
	return append(dst, r.Raw...)
}

// ParseReport reads what AppendReport wrote. Raw lies in b.
func ParseReport(b []byte) (Report, error) {
	if len(b) < fixedSize {
		return Report{}, errReport
	}
	flags, at := b[8], uint64(b[9])
	r := Report{
		Received: int64(binary.LittleEndian.Uint64(b)),
		Sealed:   flags&flagSealed != 0, Late: flags&flagLate != 0,
	}
	b = b[fixedSize:]
	length := 16
	if flags&flagIPv4 != 0 {
		length = 4
	}
	if len(b) < length+2 {
		return Report{}, errReport
	}
	addr, _ := netip.AddrFromSlice(b[:length])
	r.Source = netip.AddrPortFrom(addr, binary.LittleEndian.Uint16(b[length:]))
	b = b[length+2:]
	var size, boot uint64
	for _, n := range [...]*uint64{&size, &boot, &r.Seq, &r.Period, &r.Part.Index, &r.Part.Count} {
		v, used := binary.Uvarint(b)
		if used <= 0 {
			return Report{}, errReport
		}
		*n, b = v, b[used:]
	}
	r.Boot = telemetry.Maybe[uint32]{Value: uint32(boot), Known: flags&flagBoot != 0}
	if n := uint64(len(b)); size > n || at != elsewhere && at+size > n {
		return Report{}, errReport
	}
	if at == elsewhere {
		r.Device, r.Raw = string(b[:size]), b[size:]
	} else {
		r.Device, r.Raw = string(b[at:at+size]), b
	}
	return r, nil
}

// Encode calls yield with the state of every device in bytes, which are valid
// until the next call, in no order, until it returns false. It may be called
// while the Table is written to: each state is whole in itself.
//
// A state is the time and the source of the last arrival as a report without
// datagram, then each held report, those of the newest last, all with their
// lengths before them.
func (t *Table) Encode(yield func(state []byte) bool) {
	var state, report []byte
	for i := range t.shards {
		s := &t.shards[i]
		for id := uint32(0); ; id++ {
			s.mu.RLock()
			if id >= s.ids {
				s.mu.RUnlock()
				break
			}
			d := s.at(id)
			if !d.used {
				s.mu.RUnlock()
				continue
			}
			report = AppendReport(report[:0], &Report{Device: d.serial, Received: d.seen, Source: d.source()})
			state = append(binary.AppendUvarint(state[:0], uint64(len(report))), report...)
			for _, newest := range [...]uint8{0, flagNewest} {
				for i := range d.parts {
					if d.part(i).flags&flagNewest != newest {
						continue
					}
					r := s.report(d, i)
					report = AppendReport(report[:0], &r)
					state = append(binary.AppendUvarint(state, uint64(len(report))), report...)
				}
			}
			s.mu.RUnlock()
			if !yield(state) {
				return
			}
		}
	}
}

// Restore takes in a device that Encode wrote, in the place of what is known
// of it.
func (t *Table) Restore(b []byte) error {
	var reports []Report
	for len(b) > 0 {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > uint64(len(b)-used) {
			return errReport
		}
		r, err := ParseReport(b[used : used+int(n)])
		if err != nil {
			return err
		}
		reports = append(reports, r)
		b = b[used+int(n):]
	}
	if len(reports) == 0 {
		return errReport
	}
	seen, newest := &reports[0], &reports[len(reports)-1]
	s, hash := t.shard(seen.Device)
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.device(t, seen.Device, hash)
	if err != nil {
		return err
	}
	s.empty(d)
	for i := range reports[1:] {
		r := &reports[i+1]
		p, ok := newPart(r)
		if !ok {
			return errReport
		}
		if r.Boot == newest.Boot && r.Seq == newest.Seq {
			p.flags |= flagNewest
		}
		if err := s.hold(d, p, r.Raw); err != nil {
			return err
		}
	}
	d.seen = 0
	d.see(seen)
	return nil
}
