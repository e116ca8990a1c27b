package receiver

import (
	"math"
	"net/netip"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
)

// Window is how many sequence numbers, from the highest of a boot down, are
// told apart: older ones are refused, as nobody knows whether they are new.
const Window = 128

// jitter is by how much messages of a device may overtake each other on their
// way to here. What comes earlier than that before the latest says that the
// clock was wrong then.
const jitter = 5 * time.Second

// device is what is kept of a device. There may be a million of them: the
// order of the fields leaves no gaps, and numbers that grow once a period at
// most have 32 bits. Times of 32 bits are Unix seconds, 0 = unknown.
type device struct {
	serial    string
	seen      [Window / 64]uint64 // bit seq % Window: something of that report was taken
	top       uint64
	lost      uint64
	received  uint64
	duplicate uint64
	replayed  uint64
	last      int64 // Unix nanoseconds
	offset    int64 // nanoseconds, if flagOffset
	boot      uint32
	reordered uint32
	late      uint32
	reboots   uint32
	dropped   uint32
	lostParts uint32
	silence   uint32 // seconds
	first     uint32
	booted    uint32
	time      uint32 // of the message of top
	uptime    uint32 // of the message of top, if flagUptime
	period    uint32
	addr      [16]byte
	port      uint16
	span      uint8 // top less the lowest seq that counts for lost, at most Window-1
	flags     uint8
}

const (
	flagUsed    = 1 << iota // messages were taken; else the slot is blank
	flagBoot                // boot is known
	flagSealed              // the latest message was
	flagOffset              // offset is known
	flagUptime              // uptime is known
	flagTouched             // changed by the batch that is being written
	flagBare                // its place is one of those that bare devices may take
)

func (d *device) has(flag uint8) bool { return d.flags&flag != 0 }

func (d *device) set(flag uint8, on bool) {
	d.flags &^= flag
	if on {
		d.flags |= flag
	}
}

// verdict is what a message means for its device.
type verdict int

const (
	first     verdict = iota // of a device not seen before
	rebooted                 // of a later boot
	next                     // above all of its boot
	gap                      // fills a gap below
	part                     // another part of a report of which one is here
	duplicate                // refused
	replayed                 // refused
)

// judge compares a message with what is known. p is nil for a device that
// never split a report.
func (d *device) judge(m *telemetry.Message, p *partWindow) verdict {
	switch {
	case !d.has(flagUsed):
		return first
	case m.Boot.Known && (!d.has(flagBoot) || m.Boot.Value > d.boot):
		return rebooted
	case m.Boot.Known != d.has(flagBoot), m.Boot.Value < d.boot && m.Boot.Known:
		return replayed
	case m.Seq > d.top:
		return next
	case !m.Boot.Known && d.beganAgain(m):
		return rebooted
	case d.top-m.Seq >= Window:
		return replayed
	case !d.saw(m.Seq):
		return gap
	case m.Part.Count == 0 || !p.some(m.Seq) || p.has(m.Seq, m.Part.Index):
		return duplicate
	}
	return part
}

// beganAgain tells whether a device without boot counter has restarted: from
// a seq near 0 that is not above the highest, with an uptime or a time that
// is, or so far below that it is no disorder. That leaves a recorded message
// of the first Window ones open to replay, which a boot counter would stop.
func (d *device) beganAgain(m *telemetry.Message) bool {
	switch {
	case m.Late || m.Seq >= Window:
		return false
	case m.Uptime.Known && d.has(flagUptime) && m.Uptime.Value > uint64(d.uptime):
		return true
	case m.Time.Known && d.time != 0:
		return m.Time.Value > uint64(d.time)
	}
	return d.top-m.Seq >= Window
}

func (d *device) saw(seq uint64) bool { return d.seen[seq%Window/64]>>(seq%64)&1 == 1 }
func (d *device) mark(seq uint64)     { d.seen[seq%Window/64] |= 1 << (seq % 64) }
func (d *device) clear(seq uint64)    { d.seen[seq%Window/64] &^= 1 << (seq % 64) }

// take notes a message that judge let through.
func (d *device) take(v verdict, r *Record, p *partWindow) {
	m := r.Message
	now := r.Received.UnixNano()
	switch v {
	case first:
		*d = device{serial: d.serial, duplicate: d.duplicate, replayed: d.replayed, dropped: d.dropped, top: m.Seq, flags: d.flags & flagBare}
		d.first = seconds(uint64(max(r.Received.Unix(), 0)))
		d.set(flagUsed, true)
		p.reset()
	case rebooted:
		d.reboot(m, now)
		p.reset()
	case next:
		d.advance(m.Seq, p)
	case gap:
		d.fill(m.Seq)
	}
	if m.Part.Count > 0 {
		d.takePart(m, p)
	}
	d.mark(m.Seq)
	d.received++
	switch {
	case m.Late:
		d.late++
	case m.Seq < d.top:
		d.reordered++
	}
	d.boot = m.Boot.Value
	d.set(flagBoot, m.Boot.Known)
	d.arrived(r, now)
}

// reboot begins to count the reports of a new boot, from 0.
func (d *device) reboot(m *telemetry.Message, now int64) {
	if d.period != 0 {
		silent := (now-d.last)/int64(time.Second) - int64(d.period)
		d.silence = uint32(min(int64(d.silence)+max(silent, 0), math.MaxUint32))
	}
	d.reboots++
	d.seen = [Window / 64]uint64{}
	d.time, d.booted = 0, 0
	d.set(flagUptime, false)
	d.top = m.Seq
	d.span = uint8(min(m.Seq, Window-1))
	d.lost = plus(d.lost, m.Seq)
}

// advance makes seq the highest.
func (d *device) advance(seq uint64, p *partWindow) {
	step := seq - d.top
	d.lost = plus(d.lost, step-1)
	for s := seq - min(step, Window) + 1; s != seq+1; s++ {
		d.clear(s)
		p.clear(s)
	}
	d.top = seq
	d.span = uint8(min(uint64(d.span)+min(step, Window), Window-1))
}

// fill takes a late arrival off the lost ones. One below all that were ever
// seen makes those between it and them known, and lost until they come.
func (d *device) fill(seq uint64) {
	below := uint8(d.top - seq) // less than Window
	if below <= d.span {
		d.lost--
		return
	}
	d.lost = plus(d.lost, uint64(below-d.span-1))
	d.span = below
}

// takePart keeps the count of missing parts.
func (d *device) takePart(m *telemetry.Message, p *partWindow) {
	switch {
	case !p.some(m.Seq):
		d.lostParts += uint32(m.Part.Count) - 1
	case d.lostParts > 0:
		d.lostParts--
	}
	p.mark(m.Seq, m.Part.Index)
}

// arrived notes where and when, and what the message tells about its clock.
func (d *device) arrived(r *Record, now int64) {
	m := r.Message
	if now >= d.last || now < d.last-int64(jitter) {
		d.last = now
	}
	d.addr, d.port = r.Source.Addr().As16(), r.Source.Port()
	d.set(flagSealed, r.Sealed)
	if m.Period != 0 {
		d.period = uint32(min(m.Period, math.MaxUint32))
	}
	if m.Time.Known && m.Uptime.Known && m.Time.Value >= m.Uptime.Value {
		d.booted = seconds(m.Time.Value - m.Uptime.Value)
	}
	if m.Late || m.Seq != d.top {
		return
	}
	d.time = 0
	if m.Time.Known {
		d.time = seconds(m.Time.Value)
		d.offset = int64(time.Unix(int64(d.time), 0).Sub(r.Received))
		d.set(flagOffset, true)
	}
	d.uptime = seconds(m.Uptime.Value)
	d.set(flagUptime, m.Uptime.Known)
}

// stats returns what users see.
func (d *device) stats() DeviceStats {
	s := DeviceStats{
		Device:    d.serial,
		Sealed:    d.has(flagSealed),
		Source:    netip.AddrPortFrom(netip.AddrFrom16(d.addr).Unmap(), d.port),
		Boot:      telemetry.Maybe[uint32]{Known: d.has(flagBoot), Value: d.boot},
		Top:       d.top,
		Received:  d.received,
		Lost:      d.lost,
		LostParts: uint64(d.lostParts),
		Dropped:   uint64(d.dropped),
		Duplicate: d.duplicate,
		Reordered: uint64(d.reordered),
		Late:      uint64(d.late),
		Replayed:  d.replayed,
		Reboots:   uint64(d.reboots),
		First:     time.Unix(int64(d.first), 0).UTC(),
		Last:      time.Unix(0, d.last).UTC(),
		Period:    uint64(d.period),
		Silence:   Duration(time.Duration(d.silence) * time.Second),
	}
	if d.period != 0 {
		s.Due = s.Last.Add(time.Duration(d.period) * time.Second)
	}
	if d.has(flagOffset) {
		s.ClockOffset = telemetry.Known(int64(time.Duration(d.offset) / time.Second))
	}
	if d.booted != 0 {
		s.Booted = time.Unix(int64(d.booted), 0).UTC()
	}
	return s
}

// plus adds without wrapping: a device may claim any seq.
func plus(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}

func seconds(t uint64) uint32 { return uint32(min(t, math.MaxUint32)) }
