package receiver

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// failuresAllowed is how many datagrams of a source may be refused in
	// one second. After that the source is heard in the name of devices only
	// that are known already: their messages are worth a look at the MAC,
	// and a stranger who forges the source cannot silence them.
	failuresAllowed = 100
	// maxSources bounds the memory. Sources beyond it are not limited within
	// that second: each of them costs what it has always cost.
	maxSources = 4096
)

// limiter counts the failures of each source, an IPv4 address or a /64 of
// IPv6, by the second.
type limiter struct {
	exceeded atomic.Bool // some source has, in this second

	mu     sync.Mutex
	second int64
	counts map[netip.Addr]uint32
}

func (l *limiter) failed(source netip.Addr, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.roll(now)
	key := sourceKey(source)
	n, known := l.counts[key]
	if !known && len(l.counts) >= maxSources {
		return
	}
	l.counts[key] = n + 1
	if n+1 >= failuresAllowed {
		l.exceeded.Store(true)
	}
}

func (l *limiter) limited(source netip.Addr, now time.Time) bool {
	if !l.exceeded.Load() {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.roll(now)
	return l.counts[sourceKey(source)] >= failuresAllowed
}

func (l *limiter) roll(now time.Time) {
	if s := now.Unix(); s != l.second || l.counts == nil {
		l.second, l.counts = s, make(map[netip.Addr]uint32)
		l.exceeded.Store(false)
	}
}

func sourceKey(a netip.Addr) netip.Addr {
	if a.Is4() {
		return a
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return a // the zero Addr
	}
	return p.Addr()
}
