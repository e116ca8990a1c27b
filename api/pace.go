package api

import (
	"sync"
	"time"
)

// paceEvery is the least time between two events that a pace lets through.
const paceEvery = time.Second

// pace lets one event through each second and counts the others. The zero
// value is ready; it is safe for concurrent use.
type pace struct {
	mu   sync.Mutex
	next time.Time
	held uint64
}

// due reports whether the event at now goes through, and how many were held
// back since the one before.
func (p *pace) due(now time.Time) (held uint64, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.next) {
		p.held++
		return 0, false
	}
	held, p.held = p.held, 0
	p.next = now.Add(paceEvery)
	return held, true
}
