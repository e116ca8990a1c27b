package fanout

import (
	"sync"

	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// queue keeps the newest records that fit.
type queue struct {
	mu      sync.Mutex
	ring    []receiver.Record // allocated as it fills, up to limit
	limit   int
	first   int // index of the oldest
	n       int
	taken   int // handed to the sink, neither written nor given up yet
	dropped uint64
	closed  bool
	wake    chan struct{} // has a token after a put
}

func newQueue(limit int) *queue {
	return &queue{limit: limit, wake: make(chan struct{}, 1)}
}

// put adds records, in the place of the oldest when there is no more room. A
// closed queue drops them.
func (q *queue) put(records []receiver.Record) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		q.dropped += uint64(len(records))
		return
	}
	if extra := len(records) - q.limit; extra > 0 {
		records = records[extra:]
		q.dropped += uint64(extra)
	}
	q.grow(q.n + len(records))
	for i := range records {
		if q.n == q.limit {
			q.first = (q.first + 1) % len(q.ring)
			q.n--
			q.dropped++
		}
		q.ring[(q.first+q.n)%len(q.ring)] = records[i]
		q.n++
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// grow makes room for n records, as far as the limit allows.
func (q *queue) grow(n int) {
	if n = min(n, q.limit); n <= len(q.ring) {
		return
	}
	ring := make([]receiver.Record, min(max(n, 2*len(q.ring)), q.limit))
	for i := range q.n {
		ring[i] = q.ring[(q.first+i)%len(q.ring)]
	}
	q.ring, q.first = ring, 0
}

// take moves up to limit of the oldest records to the end of batch.
func (q *queue) take(batch []receiver.Record, limit int) []receiver.Record {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken = min(q.n, limit)
	for range q.taken {
		batch = append(batch, q.ring[q.first])
		q.ring[q.first] = receiver.Record{} // let the memory go
		q.first = (q.first + 1) % len(q.ring)
	}
	q.n -= q.taken
	return batch
}

// done tells that what was taken is written or refused; with lost, that it is
// given up.
func (q *queue) done(lost bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if lost {
		q.dropped += uint64(q.taken)
	}
	q.taken = 0
}

// close drops what is left and all that comes.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dropped += uint64(q.n)
	q.ring, q.n, q.closed = nil, 0, true
}

// state returns how many records are on their way, and how many were dropped.
func (q *queue) state() (depth int, dropped uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n + q.taken, q.dropped
}
