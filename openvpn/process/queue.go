package process

import (
	"sync"

	"github.com/fieldgate/fieldgate/openvpn"
)

// Bounds of a queue. The channel is for the usual; the rest is for a reader
// that is late.
const (
	queueReady = 16
	queueLogs  = 512  // until lines of log and byte counts are dropped
	queueAll   = 8192 // until all but the states are: no reader was there for minutes
)

// queue hands events to a reader that may be slow. It needs a goroutine only
// while the reader is late.
type queue struct {
	out  chan openvpn.Event
	quit chan struct{}

	mu      sync.Mutex
	late    []openvpn.Event
	pumping bool
	closed  bool
}

func newQueue() *queue {
	return &queue{out: make(chan openvpn.Event, queueReady), quit: make(chan struct{})}
}

// put adds an event.
func (q *queue) put(e openvpn.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	if !q.pumping {
		select {
		case q.out <- e:
			return
		default:
		}
	}
	if len(q.late) >= limit(e) {
		return
	}
	q.late = append(q.late, e)
	if !q.pumping {
		q.pumping = true
		go q.pump()
	}
}

// limit is how long the queue may be for an event to be worth keeping.
func limit(e openvpn.Event) int {
	switch e.(type) {
	case openvpn.LogLine, openvpn.ByteCount:
		return queueLogs
	case openvpn.StateChanged, openvpn.SocketLost, openvpn.Exited:
		return 100 * queueAll
	}
	return queueAll
}

// pump hands out what is late.
func (q *queue) pump() {
	for {
		q.mu.Lock()
		if len(q.late) == 0 {
			q.late, q.pumping = nil, false
			if q.closed {
				close(q.out)
			}
			q.mu.Unlock()
			return
		}
		e := q.late[0]
		q.late = q.late[1:]
		q.mu.Unlock()
		select {
		case q.out <- e:
		case <-q.quit:
		}
	}
}

// finish closes the channel after the last event has been read.
func (q *queue) finish() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.closed = true
	if !q.pumping {
		close(q.out)
	}
}

// drop closes the channel without waiting for a reader.
func (q *queue) drop() {
	q.mu.Lock()
	q.late = nil // there will be no more: only the goroutine that drops puts
	q.mu.Unlock()
	close(q.quit)
	q.finish()
}
