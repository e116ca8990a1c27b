package api

import (
	"context"
	"sync"
	"time"
)

// patience is the context of a provider that answers at once: it ends after
// some time, because of errSlow. The timer for that is made for those only who
// ask for Done, which a provider that has its answer in memory does not.
type patience struct {
	request  context.Context
	deadline time.Time

	mu     sync.Mutex
	timed  context.Context // nil: not needed yet
	cancel context.CancelFunc
	ended  bool
}

// newPatience returns a context of a request. Call end when it is not needed
// any more.
func newPatience(request context.Context, d time.Duration) *patience {
	deadline := time.Now().Add(d)
	if earlier, ok := request.Deadline(); ok && earlier.Before(deadline) {
		deadline = earlier
	}
	return &patience{request: request, deadline: deadline}
}

// end ends the context.
func (p *patience) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	if p.cancel != nil {
		p.cancel()
	}
}

// context returns the context with the timer; mu is held.
func (p *patience) context() context.Context {
	if p.timed == nil {
		p.timed, p.cancel = context.WithDeadlineCause(p.request, p.deadline, errSlow)
		if p.ended {
			p.cancel()
		}
	}
	return p.timed
}

// Deadline implements [context.Context].
func (p *patience) Deadline() (time.Time, bool) { return p.deadline, true }

// Done implements [context.Context].
func (p *patience) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.context().Done()
}

// Err implements [context.Context].
func (p *patience) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timed == nil && !p.ended && p.request.Err() == nil && time.Now().Before(p.deadline) {
		return nil
	}
	return p.context().Err()
}

// Value implements [context.Context]. Package context learns the cause of the
// end by it.
func (p *patience) Value(key any) any {
	p.mu.Lock()
	within := p.timed
	p.mu.Unlock()
	if within == nil {
		within = p.request
	}
	return within.Value(key)
}
