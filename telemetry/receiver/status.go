package receiver

import (
	"iter"
	"net/netip"
)

// Addrs returns the addresses of the sockets, in the order of Config.Listen;
// none before Start.
func (s *Service) Addrs() []netip.AddrPort {
	l := s.current()
	if l == nil {
		return nil
	}
	addrs := make([]netip.AddrPort, 0, len(l.sockets))
	for _, sock := range l.sockets {
		addrs = append(addrs, sock.addr)
	}
	return addrs
}

// Stats returns the counters, at any time.
func (s *Service) Stats() Stats {
	st := s.count.stats()
	if l := s.current(); l != nil {
		for _, sock := range l.sockets {
			st.KernelDrops += sock.drops.Load()
		}
	}
	return st
}

// Status returns the state, at any time and without waiting for I/O.
func (s *Service) Status() Status {
	st := Status{Stats: s.Stats()}
	l := s.current()
	if l == nil {
		return st
	}
	for _, sock := range l.sockets {
		st.Sockets = append(st.Sockets, sock.status())
	}
	st.Devices = l.table.len()
	st.Queued = l.keeper.queue.len()
	if err := l.keeper.lastSinkError(); err != nil {
		st.SinkError = err.Error()
	}
	if l.state != nil {
		if err := l.state.lastFailure(); err != nil {
			st.StateError = err.Error()
		}
	}
	return st
}

// Device returns what is known about a device, and whether there is any.
func (s *Service) Device(serial string) (DeviceStats, bool) {
	l := s.current()
	if l == nil {
		return DeviceStats{}, false
	}
	return l.table.stats(serial)
}

// Devices returns all devices with state, in no order. Messages go on to
// arrive meanwhile; each device is consistent in itself.
func (s *Service) Devices() iter.Seq[DeviceStats] {
	l := s.current()
	if l == nil {
		return func(func(DeviceStats) bool) {}
	}
	return l.table.all()
}

// Forget drops all state of a device and reports whether there was any. Its
// next message is taken as that of a new device, whatever its boot: needed
// when a device has lost its boot counter, or was replaced under the same
// serial. Until then any recorded message of it can be replayed.
func (s *Service) Forget(serial string) bool {
	l := s.current()
	if l == nil {
		return false
	}
	return l.keeper.forget(serial)
}
