// Package claims opens devices for one user at a time, whatever name of a
// device the user knows, and in bounded time.
package claims

import (
	"sync"

	"github.com/fieldgate/fieldgate/ser2net"
)

// Set is the devices held. The zero value is ready and holds none; its
// methods are safe for concurrent use.
type Set struct {
	mu   sync.Mutex
	held map[identity]bool
}

// Take claims the device with that name until release is called. Its errors
// are fs.ErrNotExist, wrapped, and ser2net.ErrPortBusy.
func (s *Set) Take(name string) (release func(), err error) {
	id, err := identify(name)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[id] {
		return nil, ser2net.ErrPortBusy
	}
	if s.held == nil {
		s.held = make(map[identity]bool)
	}
	s.held[id] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.held, id)
	}, nil
}
