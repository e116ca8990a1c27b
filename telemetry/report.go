package telemetry

import (
	"cmp"
	"slices"
	"time"
)

// report is one message on its way to one destination.
type report struct {
	m         Message   // with the counters of the destination, as it was made
	datagrams [][]byte  // of the present try; nil: not encoded for it
	next      int       // the first of datagrams that this try has not sent
	missing   []bool    // by part: to be sent or, with acks, to be acked
	left      bool      // all parts have left at least once
	late      int       // how often it was sent late
	deadline  time.Time // when its ack is overdue
}

// lateSize is how much longer a message is when it is flagged late.
const lateSize = 2

// encode prepares a try with datagrams of at most limit bytes. Parts keep their numbers from a live try to a late
// one, which has lateSize bytes more: what of them has arrived stays true.
func (r *report) encode(e Encoder, limit int) error {
	if !r.m.Late {
		limit -= lateSize
	}
	datagrams, err := e.Encode(&r.m, limit)
	if err != nil {
		return err
	}
	r.datagrams, r.next = datagrams, 0
	if len(r.missing) != len(datagrams) {
		r.missing = slices.Repeat([]bool{true}, len(datagrams))
	}
	return nil
}

// settle notes the ack of a part and reports whether it was missing.
func (r *report) settle(part uint64) bool {
	i := part - 1
	if len(r.missing) == 1 {
		i = part // 0 is the whole
	}
	if i >= uint64(len(r.missing)) || !r.missing[i] {
		return false
	}
	r.missing[i] = false
	return true
}

// settled reports whether nothing of r is missing.
func (r *report) settled() bool { return !slices.Contains(r.missing, true) }

// ring keeps reports for late sending, in the order of seq.
type ring struct {
	size int
	list []*report
}

// maxAge is how many periods old a report in the ring may be: within the
// replay window of a receiver, which is 128, with room for those that are
// sent meanwhile.
const maxAge = 96

// add takes r in, and returns the oldest, which can be r, if there is no room.
func (q *ring) add(r *report) (out []*report) {
	at, _ := slices.BinarySearchFunc(q.list, r.m.Seq, func(r *report, seq uint64) int {
		return cmp.Compare(r.m.Seq, seq)
	})
	q.list = slices.Insert(q.list, at, r)
	return q.cut(max(len(q.list)-q.size, 0))
}

// forget removes and returns the reports that are too old when newest is the
// latest seq.
func (q *ring) forget(newest uint64) (out []*report) {
	n := 0
	for n < len(q.list) && newest-q.list[n].m.Seq > maxAge {
		n++
	}
	return q.cut(n)
}

// cut removes and returns the n oldest.
func (q *ring) cut(n int) []*report {
	out := slices.Clone(q.list[:n])
	q.list = slices.Delete(q.list, 0, n)
	return out
}
