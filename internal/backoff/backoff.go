// Package backoff paces the retries of the services: longer from try to try,
// and never in step with the neighbours.
package backoff

import (
	"math/rand/v2"
	"time"
)

// Backoff gives the pauses between tries. The first is about Min, each next
// one twice as long, up to Max. A pause is drawn between half of that and
// all of it, so that a fleet that failed together does not retry together.
// Both fields must be at least 1 ns. It is for one goroutine.
type Backoff struct {
	Min, Max time.Duration

	next time.Duration // the full length of the next pause; 0 = Min
}

// Next returns the pause before the next try.
func (b *Backoff) Next() time.Duration {
	full := min(max(b.next, b.Min), b.Max)
	b.next = b.Max
	if full <= b.Max/2 {
		b.next = 2 * full
	}
	half := full / 2
	return half + rand.N(full-half) + 1
}

// Reset begins again with Min, after a success.
func (b *Backoff) Reset() { b.next = 0 }
