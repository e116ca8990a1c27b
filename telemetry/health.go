package telemetry

import "context"

// dialUp provides a socket, and notes whether its address is one that the
// name has just led to.
func (s *sender) dialUp(ctx context.Context) error {
	before := s.nth
	if err := s.connect(ctx); err != nil {
		return err
	}
	if s.nth == before {
		return nil
	}
	address := s.host
	if a := s.conn.RemoteAddr(); a != nil {
		address = a.String()
	}
	s.update(func(st *DestinationStatus) {
		st.Address = address
		if s.broken != nil {
			st.Failed++
			st.note(s.broken)
		}
	})
	switch {
	case s.broken != nil && !s.stale:
		s.log.Warn("telemetry: look-up fails, going on with the last address", "address", address, "error", s.broken)
	case s.broken == nil && s.stale:
		s.log.Info("telemetry: look-up works again")
	}
	s.stale = s.broken != nil
	return nil
}

// failed notes a failed attempt, unless it failed because ctx has ended.
func (s *sender) failed(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	s.streak = 0
	s.update(func(st *DestinationStatus) { st.Failed++ })
	s.ail(err)
}

// ail notes that the destination is not well.
func (s *sender) ail(err error) {
	began := false
	s.update(func(st *DestinationStatus) {
		began = !st.Failing
		st.Failing = true
		st.note(err)
	})
	if began {
		s.log.Warn("telemetry: sending fails, trying again", "error", err)
	}
}

// heal notes that the destination is well again. A refusal by the far end
// only shows at the next write, so one report that has left proves nothing.
func (s *sender) heal() {
	if s.streak < wellAfter || s.silent >= maxSilent {
		return
	}
	healed := false
	s.update(func(st *DestinationStatus) { healed, st.Failing = st.Failing, false })
	if healed {
		s.log.Info("telemetry: sending works again")
	}
}
