package api

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// maxSources bounds what is remembered about clients: about 100 KB.
	maxSources = 1024
	// lockTime is the first lock-out; each further wrong key doubles it, up
	// to maxLockTime.
	lockTime    = time.Second
	maxLockTime = 30 * time.Second
	// forgetWrong is after how long without a wrong key all is forgotten.
	forgetWrong = 10 * time.Minute
	// trustTime is how long a key that opened goes on to open from its
	// address while that is locked out, since its last use.
	trustTime = time.Hour
	// lockedRate is how many keys a second are looked at from an address
	// that is locked out.
	lockedRate = 10
)

// guard keeps clients from trying keys and from asking too often. It knows
// them by their address, IPv6 by the first 64 bits, as one client has so
// many.
type guard struct {
	wrongKeys int     // that lock an address out; 0 = never
	rate      float64 // requests a second; 0 = no limit

	mu      sync.Mutex
	sources map[netip.Prefix]*clientSource
}

// clientSource is what is remembered about one address.
type clientSource struct {
	used     time.Time
	requests bucket

	wrong       int // keys
	wrongAt     time.Time
	lockedUntil time.Time
	looks       bucket // at keys while it is locked
	trusted     uint64 // keys that opened, a bit for each
	trustedAt   time.Time
}

// bucket lets so many events through a second, and twice as many at once.
type bucket struct {
	free float64
	at   time.Time
}

func (b *bucket) take(rate float64, now time.Time) bool {
	if b.at.IsZero() {
		b.free = 2 * rate
	} else {
		b.free = min(2*rate, b.free+rate*now.Sub(b.at).Seconds())
	}
	b.at = now
	if b.free < 1 {
		return false
	}
	b.free--
	return true
}

func sourceOf(addr netip.Addr) netip.Prefix {
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.Prefix(bits) // an address that is none: one for all those
	return prefix
}

// request notes a request and reports whether it is within the rate; if not,
// it returns the seconds to wait.
func (g *guard) request(from netip.Addr, now time.Time) (retry int, ok bool) {
	if g.rate == 0 {
		return 0, true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.source(from, now).requests.take(g.rate, now) {
		return 0, true
	}
	return 1, false
}

// key notes that a request came with this key, -1 for a wrong one. While its
// address is locked out it returns the seconds to wait, else 0. A lock-out
// tells nothing about keys: of the right ones, only those are let through
// that opened from this address before, and of these a few a second.
func (g *guard) key(from netip.Addr, key int, now time.Time) (retry int) {
	if g.wrongKeys == 0 {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.source(from, now)
	if now.Sub(s.wrongAt) > forgetWrong {
		s.wrong = 0
	}
	if now.Sub(s.trustedAt) > trustTime {
		s.trusted = 0
	}
	if wait := s.lockedUntil.Sub(now); wait > 0 {
		known := key >= 0 && s.trusted&(1<<key) != 0
		if !s.looks.take(lockedRate, now) || !known {
			return int((wait + time.Second - 1) / time.Second)
		}
	}
	if key >= 0 {
		s.trusted |= 1 << key
		s.trustedAt = now
		return 0
	}
	s.wrong++
	s.wrongAt = now
	if over := s.wrong - g.wrongKeys; over >= 0 {
		s.lockedUntil = now.Add(min(lockTime<<min(over, 8), maxLockTime))
	}
	return 0
}

// source returns what is remembered about an address; mu is held.
func (g *guard) source(from netip.Addr, now time.Time) *clientSource {
	prefix := sourceOf(from)
	s := g.sources[prefix]
	if s == nil {
		if g.sources == nil {
			g.sources = make(map[netip.Prefix]*clientSource)
		}
		if len(g.sources) >= maxSources {
			g.forget(now)
		}
		s = new(clientSource)
		g.sources[prefix] = s
	}
	s.used = now
	return s
}

// forget drops the address that is missed the least: one that is neither
// locked out nor has a key that opened, else the one that was silent for the
// longest time; mu is held.
func (g *guard) forget(now time.Time) {
	var least netip.Prefix
	var leastRank int
	var leastUsed time.Time
	found := false
	for prefix, s := range g.sources {
		rank := 0
		if s.trusted != 0 {
			rank = 1
		}
		if s.lockedUntil.After(now) {
			rank = 2
		}
		if !found || rank < leastRank || rank == leastRank && s.used.Before(leastUsed) {
			least, leastRank, leastUsed, found = prefix, rank, s.used, true
		}
	}
	delete(g.sources, least)
}
