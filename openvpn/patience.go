package openvpn

import (
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
)

// patience keeps an openvpn that asks again (auth-retry) from being given the
// same wrong credentials every second: accounts are locked for that.
type patience struct {
	given map[string]Credentials // last, by What
	wrong map[string]Credentials // those that were refused
	pause backoff.Backoff
	timer *time.Timer // runs while credentials are held back
	until time.Time   // its end; zero: nothing is held back
}

func newPatience() patience {
	return patience{
		given: make(map[string]Credentials), wrong: make(map[string]Credentials),
		pause: backoff.Backoff{Min: firstSlowRetry, Max: lastSlowRetry}, timer: stopped(),
	}
}

// allows reports whether credentials may be given now. Those that were
// refused are held back for a while.
func (p *patience) allows(c Credentials) bool {
	if wrong, is := p.wrong[c.What]; is && wrong == c {
		if p.until.IsZero() {
			pause := p.pause.Next()
			p.until = time.Now().Add(pause)
			p.timer.Reset(pause)
		}
		return false
	}
	p.timer.Stop()
	p.until = time.Time{}
	p.given[c.What] = c
	return true
}

// refused notes that the last ones were wrong.
func (p *patience) refused(what string) {
	if c, is := p.given[what]; is {
		p.wrong[what] = c
	}
}

// forgive lets what was held back be tried again.
func (p *patience) forgive() {
	p.until = time.Time{}
	clear(p.wrong)
}
