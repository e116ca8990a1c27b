package pages

import (
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

// views are the pages that somebody looks at. What lives on one is rendered
// once for all who see the same.
type views struct {
	mu  sync.Mutex
	all map[viewKey]*view
}

// viewKey is what tells views apart.
type viewKey struct {
	page, query string
	role        account.Role
}

type view struct {
	key     viewKey
	lookers int // guarded by views.mu

	mu   sync.Mutex
	at   time.Time // when sent was rendered
	sent []byte
}

// join returns a view, and what to call when one looks away.
func (s *views) join(key viewKey) (v *view, leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v = s.all[key]; v == nil {
		v = &view{key: key}
		if s.all == nil {
			s.all = make(map[viewKey]*view)
		}
		s.all[key] = v
	}
	v.lookers++
	return v, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if v.lookers--; v.lookers == 0 {
			delete(s.all, key)
		}
	}
}

// current returns what render did at most age ago.
func (v *view) current(age time.Duration, render func() ([]byte, error)) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.sent != nil && time.Since(v.at) < age {
		return v.sent, nil
	}
	sent, err := render()
	if err == nil {
		v.at, v.sent = time.Now(), sent
	}
	return sent, err
}
