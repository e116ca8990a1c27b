package snmp

import (
	"net/netip"
	"sync"
	"time"
)

// The defaults of Limits, and what bounds the agent without being asked.
const (
	defaultRate           = 1000
	defaultAmplification  = 32
	defaultMaxMessage     = 65507
	defaultMaxRepetitions = 100

	minMessage   = 484  // that everybody must take (RFC 3417, section 3.2)
	smallMessage = 1472 // that everybody should take; fits a frame of Ethernet
	maxBuckets   = 1024 // of ports, and of networks
	allSources   = 10   // times the rate of one
	sourceBits4  = 32
	sourceBits6  = 64
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

// buckets are those of so many keys that what they cost is bounded.
type buckets[Key comparable] struct {
	of    map[Key]*bucket
	swept time.Time
}

// take takes a token of a key. It is true too where there is no room for the
// key: then a wider bucket has to do.
func (b *buckets[Key]) take(key Key, rate float64, now time.Time) bool {
	own := b.of[key]
	if own == nil {
		if len(b.of) >= maxBuckets {
			b.sweep(now)
		}
		if len(b.of) >= maxBuckets {
			return true
		}
		own = &bucket{rate, now}
		b.of[key] = own
	}
	return own.take(rate, now)
}

// sweep drops the buckets that are full again, at most once a second.
func (b *buckets[Key]) sweep(now time.Time) {
	if now.Sub(b.swept) < time.Second {
		return
	}
	b.swept = now
	for key, one := range b.of {
		if now.Sub(one.filled) >= time.Second {
			delete(b.of, key)
		}
	}
}

// limiter says how often sources that are not let in get an answer. It is
// safe for concurrent use.
type limiter struct {
	rate float64 // a second

	mu       sync.Mutex
	all      bucket
	networks buckets[netip.Prefix]
	ports    buckets[netip.AddrPort]
}

// newLimiter returns a limiter of rate answers a second and source.
func newLimiter(rate int, now time.Time) *limiter {
	l := &limiter{rate: float64(rate)}
	l.networks.of = make(map[netip.Prefix]*bucket)
	l.ports.of = make(map[netip.AddrPort]*bucket)
	l.all = bucket{l.rate * allSources, now}
	return l
}

// allow tells whether source may get one more answer. One port gets no more
// than half of what its host does, so that a program gone wild leaves some to
// the others there.
func (l *limiter) allow(source netip.AddrPort, now time.Time) bool {
	addr, bits := source.Addr().Unmap().WithZone(""), sourceBits6
	if addr.Is4() {
		bits = sourceBits4
	}
	network, err := addr.Prefix(bits)
	if err != nil || !network.IsValid() {
		return false // no address at all
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ports.take(source, max(1, l.rate/2), now) &&
		l.networks.take(network, l.rate, now) &&
		l.all.take(l.rate*allSources, now)
}
