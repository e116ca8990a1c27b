package hostmib

import "github.com/fieldgate/fieldgate/snmp"

// Expire makes the next request read everything anew.
func (h *Host) Expire(handlers ...snmp.Handler) {
	for _, e := range []interface{ expire() }{
		h.kernel, h.memory, h.load, h.uptime, h.links, h.filesystems, h.devices, h.protocols, h.ipv6, h.processes, h.users,
		h.processors, h.commandLine,
	} {
		e.expire()
	}
	for _, handler := range handlers {
		switch s := handler.(type) {
		case *subtree:
			s.current.Store(nil)
		case *watched:
			s.current.Store(nil)
		}
	}
}

func (s *source[T]) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expires = s.expires.Add(-s.ttl)
}
