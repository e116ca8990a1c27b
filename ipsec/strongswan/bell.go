package strongswan

import (
	"sync"

	"github.com/fieldgate/fieldgate/ipsec"
)

// maxPending is of how many connections events are kept apart when nobody
// takes them; those beyond become one about all.
const maxPending = 10_000

// bell passes events on. What rings twice before it is heard is heard once.
type bell struct {
	out  chan ipsec.Event
	wake chan struct{}

	mu      sync.Mutex
	all     bool
	waiting map[string]ipsec.Event
	order   []string
}

func newBell() *bell {
	return &bell{out: make(chan ipsec.Event), wake: make(chan struct{}, 1), waiting: make(map[string]ipsec.Event)}
}

// ring notes an event about a connection. It never waits.
func (b *bell) ring(event ipsec.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := event.Connection
	before, known := b.waiting[name]
	switch {
	case known:
		event.Dead, event.Lost = event.Dead || before.Dead, event.Lost || before.Lost
		b.waiting[name] = event
		return
	case len(b.waiting) == maxPending:
		b.all = true
	default:
		b.waiting[name] = event
		b.order = append(b.order, name)
	}
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// next takes the oldest event out.
func (b *bell) next() (ipsec.Event, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all {
		b.all = false
		return ipsec.Event{}, true
	}
	if len(b.order) == 0 {
		b.order = nil // what had grown is given back
		return ipsec.Event{}, false
	}
	name := b.order[0]
	b.order = b.order[1:]
	event := b.waiting[name]
	delete(b.waiting, name)
	return event, true
}

// run hands the events out, until done is closed.
func (b *bell) run(done <-chan struct{}) {
	for {
		event, ok := b.next()
		if !ok {
			select {
			case <-b.wake:
				continue
			case <-done:
				return
			}
		}
		select {
		case b.out <- event:
		case <-done:
			return
		}
	}
}
