package ser2net

import (
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// EventKind says what has happened.
type EventKind string

// The kinds of events.
const (
	EventListening    EventKind = "listening"    // an address is served
	EventConnected    EventKind = "connected"    // a client has a place
	EventDisconnected EventKind = "disconnected" // a client has left; Text says why
	EventRefused      EventKind = "refused"      // a client was turned away; Text is what it was told
	EventOpened       EventKind = "opened"       // the device is open; Text is its mode
	EventClosed       EventKind = "closed"       // the device was given back
	EventLost         EventKind = "lost"         // the device has gone; Text says how
	EventRestored     EventKind = "restored"     // the device is open again
	EventFailed       EventKind = "failed"       // something does not work and goes on not to; Text says what
)

// warns tells whether somebody may have to do something.
func (k EventKind) warns() bool { return k == EventLost || k == EventFailed }

// Event is a change of state.
type Event struct {
	Time   time.Time `json:"time"`
	Port   string    `json:"port"` // the name of the port or rotator
	Kind   EventKind `json:"kind"`
	Client uint64    `json:"client,omitzero"` // its number, 0 when none is concerned
	Remote string    `json:"remote,omitzero"` // the client's address
	Text   string    `json:"text,omitzero"`
}

// maxEvents is how far the receiver of events may fall behind.
const maxEvents = 1024

// reporter logs events and hands them over, from a goroutine of its own: so
// they can be reported with locks held, and a slow receiver slows nothing.
type reporter struct {
	log    *slog.Logger
	handle func(Event)
	lost   atomic.Uint64

	mu     sync.RWMutex // held for reading to send, so that the end closes nothing under a sender
	events chan Event   // nil while nothing runs
	ended  chan struct{}
}

// begin starts the goroutine; end must follow.
func (r *reporter) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events, r.ended = make(chan Event, maxEvents), make(chan struct{})
	go r.run(r.events, r.ended)
}

// end waits until all events have been handed over.
func (r *reporter) end() {
	r.mu.Lock()
	close(r.events)
	r.events = nil
	r.mu.Unlock()
	<-r.ended
}

func (r *reporter) run(events <-chan Event, ended chan<- struct{}) {
	defer close(ended)
	book := logbook{log: r.log, quiet: make(map[subject]*silence), states: make(map[string]time.Time)}
	due := time.NewTimer(math.MaxInt64) // for what was left out
	defer due.Stop()
	for {
		select {
		case e, more := <-events:
			if !more {
				book.catchUp(time.Now().Add(math.MaxInt64)) // all
				return
			}
			book.add(e)
			if lost := r.lost.Swap(0); lost > 0 {
				r.log.Warn("ser2net: events left out, their receiver is too slow", slog.Uint64("events_lost", lost))
			}
			if r.handle != nil {
				r.handle(e)
			}
		case <-due.C:
		}
		if next := book.catchUp(time.Now()); next > 0 {
			due.Reset(next)
		}
	}
}

// report never waits. Beyond maxEvents events are left out, and the log says
// how many.
func (r *reporter) report(e Event) {
	e.Time = time.Now()
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.events == nil {
		return
	}
	select {
	case r.events <- e:
	default:
		r.lost.Add(1)
	}
}
