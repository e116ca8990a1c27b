package latest

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
)

// Summary is a device without its datagrams.
type Summary struct {
	Serial string
	Seen   time.Time      // last arrival of anything
	Source netip.AddrPort // from where that came
	Boot   telemetry.Maybe[uint32]
	Seq    uint64        // of the newest report
	Period time.Duration // between reports; 0 = unknown
}

// Silent reports whether at least periods reports in a row are missing at now.
// For a device that does not tell its period fallback is taken.
func (s *Summary) Silent(now time.Time, periods float64, fallback time.Duration) bool {
	period := s.Period
	if period == 0 {
		period = fallback
	}
	return now.Sub(s.Seen).Seconds() > periods*period.Seconds()
}

// State is the last state of one device.
type State struct {
	Summary
	// Reports are the held datagrams: one, or the parts of a split report by
	// their number. A part that was lost stands there as it was before, with
	// its older sequence number.
	Reports []Report
}

// Get returns the last state of a device.
func (t *Table) Get(serial string) (State, bool) {
	s, hash := t.shard(serial)
	s.mu.RLock()
	defer s.mu.RUnlock()
	d := s.find(serial, hash)
	if d == nil {
		return State{}, false
	}
	return s.state(d), true
}

// state copies a device. The caller holds mu.
func (s *shard) state(d *device) State {
	state := State{Summary: d.summary(), Reports: make([]Report, d.parts)}
	for i := range d.parts {
		state.Reports[i] = s.report(d, i)
		state.Reports[i].Raw = slices.Clone(state.Reports[i].Raw)
	}
	slices.SortFunc(state.Reports, func(a, b Report) int { return int(a.Part.Index) - int(b.Part.Index) })
	return state
}

// report returns one held datagram, which lies in the arena.
func (s *shard) report(d *device, i uint16) Report {
	p := d.part(i)
	return Report{
		Device: d.serial, Received: p.received, Source: d.source(),
		Sealed: p.flags&flagSealed != 0, Late: p.flags&flagLate != 0, Boot: p.order().boot, Seq: p.seq,
		Part: telemetry.Part{Index: uint64(p.index), Count: uint64(p.count)}, Period: uint64(p.period),
		Raw: s.arena.get(p.raw),
	}
}

func (d *device) summary() Summary {
	s := Summary{Serial: d.serial, Seen: time.Unix(0, d.seen).UTC(), Source: d.source()}
	if top := d.newest(); top != nil {
		s.Boot, s.Seq, s.Period = top.order().boot, top.seq, time.Duration(top.period)*time.Second
	}
	return s
}

func (p *part) order() order {
	return order{telemetry.Maybe[uint32]{Value: p.boot, Known: p.flags&flagBoot != 0}, p.seq}
}

// Each calls yield for every device, in no order, until it returns false. It
// must not call the Table.
func (t *Table) Each(yield func(*Summary) bool) {
	for i := range t.shards {
		if !t.shards[i].each(func(d *device) bool {
			s := d.summary()
			return yield(&s)
		}) {
			return
		}
	}
}

func (s *shard) each(yield func(*device) bool) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for id := range s.ids {
		if d := s.at(id); d.used && !yield(d) {
			return false
		}
	}
	return true
}

// Message decodes the reports into one message: that of the newest, with the
// facts of the other parts added. Rows of disks and interfaces of an older
// report are added only where the newer ones do not name them.
func (s *State) Message() (*telemetry.Message, error) {
	age := func(r Report) int64 {
		if r.Boot == s.Boot && r.Seq == s.Seq {
			return math.MinInt64 // of the newest report
		}
		return -r.Received
	}
	reports := slices.Clone(s.Reports)
	slices.SortStableFunc(reports, func(a, b Report) int { return cmp.Compare(age(a), age(b)) })
	var whole *telemetry.Message
	for i := range reports {
		m, err := reports[i].Message()
		if err != nil {
			return nil, err
		}
		if whole == nil {
			whole = m
		} else {
			merge(whole, m)
		}
	}
	return whole, nil
}
