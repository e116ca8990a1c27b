package account

import (
	"hash/maphash"
	"math"
	"sync"
	"time"
)

// pace makes those wait who were wrong too often. It keeps a table of fixed
// size, which a key finds its place in by a hash that nobody can foresee: no
// number of addresses or names makes it grow, or forget one of them. Two keys
// in one place wait together.
type pace struct {
	free    int           // wrong ones without a wait
	longest time.Duration // wait
	seed    maphash.Seed

	mu     sync.Mutex
	places [1024]place
}

// place counts the wrong ones of a key.
type place struct {
	wrong       int
	last, until time.Time
}

// forgetAfter is how long a wrong one is remembered after the last of them.
const forgetAfter = time.Hour

func newPace(free int, longest time.Duration) *pace {
	return &pace{free: free, longest: longest, seed: maphash.MakeSeed()}
}

func (p *pace) at(key string) *place {
	return &p.places[maphash.String(p.seed, key)%uint64(len(p.places))]
}

// take begins a try, which counts as wrong until give takes it back; so that
// many at a time do not come through before the first has failed. Above 0, it
// has to wait that long and has not begun: such a one does not make the wait
// longer.
func (p *pace) take(key string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, at := time.Now(), p.at(key)
	if now.Before(at.until) {
		return at.until.Sub(now)
	}
	if now.Sub(at.last) > forgetAfter {
		*at = place{}
	}
	at.wrong, at.last = at.wrong+1, now
	if over := at.wrong - p.free; over >= 0 {
		at.until = now.Add(min(p.longest, time.Second<<min(over, 16)))
	}
	return 0
}

// give takes back a try that was right, or was not made. It forgives no
// others: who has one good password could try another for ever in between.
func (p *pace) give(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.at(key)
	at.wrong = max(0, at.wrong-1)
	if at.wrong < p.free {
		at.until = time.Time{}
	}
}

// seconds rounds a wait up.
func seconds(wait time.Duration) int { return int(math.Ceil(wait.Seconds())) }
