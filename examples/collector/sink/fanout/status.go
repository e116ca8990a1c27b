package fanout

import (
	"sync"
	"time"
)

// Status is the state of all sinks.
type Status struct {
	Primary SinkStatus
	Others  map[string]SinkStatus // by name
}

// SinkStatus is the state of one sink. For every sink but the primary, the
// records it was given are Written + Dropped + Refused + Depth.
type SinkStatus struct {
	Depth    int    // records that wait, and those being written; 0 for the primary
	Capacity int    // records that can wait; 0 for the primary
	Written  uint64 // records that the sink took
	Dropped  uint64 // records that there was no room for, or no time at the end; 0 for the primary
	Refused  uint64 // records of writes that the sink gave up, at least in part
	Failures uint64 // writes that failed, each try
	Failing  bool   // the last write failed

	LastError     string    // of the last write that failed
	LastErrorTime time.Time // when that was
}

// outcome is the part of a SinkStatus that writes change.
type outcome struct {
	mu     sync.Mutex
	status SinkStatus
}

// ok counts n written records and reports whether the write before failed.
func (o *outcome) ok(n int) (recovered bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	recovered = o.status.Failing
	o.status.Failing = false
	o.status.Written += uint64(n)
	return recovered
}

// failed notes a failed write and reports whether the one before had not.
func (o *outcome) failed(err error) (first bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	first = !o.status.Failing
	o.status.Failing = true
	o.status.Failures++
	o.status.LastError, o.status.LastErrorTime = err.Error(), time.Now()
	return first
}

// refused counts n records that are given up because the sink says so. The
// sink itself works.
func (o *outcome) refused(n int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.status.Failing = false
	o.status.Refused += uint64(n)
	o.status.Failures++
	o.status.LastError, o.status.LastErrorTime = err.Error(), time.Now()
}

func (o *outcome) get() SinkStatus {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.status
}
