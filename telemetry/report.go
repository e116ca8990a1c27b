package telemetry

import (
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

// encode prepares a try. Parts keep their numbers from a live try to a late
// one, which has lateSize bytes more: what of them has arrived stays true.
func (r *report) encode(e Encoder) error {
	limit := MaxDatagram
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
	if len(r.missing) == 1 && part == 0 {
		i = 0
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

// add takes r in and returns the reports for which there is no room, or that
// are too old when newest is the latest seq; r can be one of them.
func (q *ring) add(r *report, newest uint64) (out []*report) {
	at, _ := slices.BinarySearchFunc(q.list, r.m.Seq, func(r *report, seq uint64) int {
		if r.m.Seq < seq {
			return -1
		}
		return 1
	})
	q.list = slices.Insert(q.list, at, r)
	n := max(len(q.list)-q.size, 0)
	for n < len(q.list) && newest-q.list[n].m.Seq > maxAge {
		n++
	}
	out = slices.Clone(q.list[:n])
	q.list = slices.Delete(q.list, 0, n)
	return out
}
