package ipsec

import (
	"context"
	"sync"
)

// news hands names of connections to one function, in the order in which
// they came, each once however often it came meanwhile.
type news struct {
	tell func(name string)
	wake chan struct{}

	mu      sync.Mutex
	waiting []string
	known   map[string]bool
}

func newNews(tell func(string)) *news {
	return &news{tell: tell, wake: make(chan struct{}, 1), known: make(map[string]bool)}
}

// add lets a name be told.
func (n *news) add(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.known[name] {
		n.known[name] = true
		n.waiting = append(n.waiting, name)
	}
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// next takes the name that has waited longest.
func (n *news) next() (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.waiting) == 0 {
		n.waiting = nil
		return "", false
	}
	name := n.waiting[0]
	n.waiting = n.waiting[1:]
	delete(n.known, name)
	return name, true
}

// run tells until ctx has ended and nothing waits any more.
func (n *news) run(ctx context.Context) {
	for {
		for name, ok := n.next(); ok; name, ok = n.next() {
			n.tell(name)
		}
		select {
		case <-n.wake:
		case <-ctx.Done():
			if name, ok := n.next(); ok {
				n.tell(name)
				continue
			}
			return
		}
	}
}

// tell hands one connection to who wants to know.
func (s *Service) tell(name string) {
	if s.opts.OnChange == nil {
		return
	}
	s.mu.Lock()
	t := s.tunnels[name]
	var status ConnectionStatus
	if t != nil {
		status = t.status()
	}
	s.mu.Unlock()
	if t != nil {
		s.opts.OnChange(status)
	}
}
