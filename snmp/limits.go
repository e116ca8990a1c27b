package snmp

import (
	"net/netip"
	"sync"
	"time"
)

// The defaults of Limits, and what bounds the agent without being asked.
const (
	defaultRate           = 20
	defaultAmplification  = 32
	defaultMaxMessage     = 65507
	defaultMaxRepetitions = 100

	minMessage  = 484  // that everybody must take (RFC 3417, section 3.2)
	maxSources  = 1024 // that have a bucket of their own
	allSources  = 10   // times the rate of one
	sourceBits4 = 32
	sourceBits6 = 64
)

// bucket holds tokens, up to one second's worth.
type bucket struct {
	tokens float64
	filled time.Time
}

// take fills the bucket at rate a second and takes one token.
func (b *bucket) take(rate float64, now time.Time) bool {
	b.tokens = min(rate, b.tokens+rate*now.Sub(b.filled).Seconds())
	b.filled = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// limiter says how often sources that are not let in get an answer. It is
// safe for concurrent use.
type limiter struct {
	rate float64 // a second

	mu      sync.Mutex
	all     bucket
	sources map[netip.Prefix]*bucket
}

// newLimiter returns a limiter of rate answers a second and source.
func newLimiter(rate int, now time.Time) *limiter {
	l := &limiter{rate: float64(rate), sources: make(map[netip.Prefix]*bucket)}
	l.all = bucket{l.rate * allSources, now}
	return l
}

// allow tells whether source may get one more answer.
func (l *limiter) allow(source netip.Addr, now time.Time) bool {
	bits := sourceBits6
	if source = source.Unmap(); source.Is4() {
		bits = sourceBits4
	}
	network, err := source.WithZone("").Prefix(bits)
	if err != nil || !network.IsValid() {
		return false // no address at all
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.sources[network]
	if b == nil {
		if len(l.sources) >= maxSources {
			l.forget(now)
		}
		b = &bucket{l.rate, now}
		if len(l.sources) < maxSources { // else the bucket of all must do
			l.sources[network] = b
		}
	}
	return b.take(l.rate, now) && l.all.take(l.rate*allSources, now)
}

// forget drops the buckets that are full again.
func (l *limiter) forget(now time.Time) {
	for network, b := range l.sources {
		if now.Sub(b.filled) >= time.Second {
			delete(l.sources, network)
		}
	}
}
