package api

import (
	"net/http"
	"sync"
	"time"
)

// Status is what a [Service] or [Handler] has done so far.
type Status struct {
	// Listening is the address that a Service serves on, empty while it
	// does not run, and for a Handler.
	Listening string `json:"listening"`
	Requests  uint64 `json:"requests"` // answered, in whatever way
	Refused   uint64 `json:"refused"`  // of these, with a status of 400 to 499
	Failed    uint64 `json:"failed"`   // of these, because of a provider or half-way
	// LastError is the last failure, with its time; empty before the first.
	LastError   string    `json:"last_error"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`
}

// counters keeps the Status of a handler.
type counters struct {
	mu     sync.Mutex
	status Status
}

func (c *counters) note(status int, err error, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Requests++
	switch {
	case err == nil:
	case status >= http.StatusBadRequest && status < http.StatusInternalServerError:
		c.status.Refused++
	default:
		c.status.Failed++
		c.status.LastError, c.status.LastErrorAt = err.Error(), at
	}
}

// Status returns the counts so far. It never waits for a request.
func (h *Handler) Status() Status {
	h.counters.mu.Lock()
	defer h.counters.mu.Unlock()
	return h.counters.status
}
