package ser2net

import (
	"context"
	"fmt"
	"time"
)

// openFirst opens the device for the clients that wait for it.
func (s *session) openFirst() (*openPort, error) {
	p, err := s.open()
	if err == nil || !s.r.onData {
		return p, err
	}
	s.r.fail(refusal(err)) // nobody is there to be told
	return s.openAgain(reopenPause)
}

// openAgain tries to open the device until it succeeds or nobody wants it. It
// begins after a pause.
func (s *session) openAgain(pause time.Duration) (*openPort, error) {
	for {
		if !sleep(s.ctx, pause) {
			return nil, s.ctx.Err()
		}
		pause = reopenPause
		p, err := s.open()
		if err == nil {
			return p, nil
		}
		s.r.note(refusal(err))
	}
}

// open opens the device in the mode that the clients want.
func (s *session) open() (*openPort, error) {
	ctx, cancel := context.WithTimeout(s.ctx, openTimeout)
	defer cancel()
	mode := s.wanted()
	p, err := s.r.env.opts.Opener.Open(ctx, s.r.cfg.Device, mode)
	if err != nil {
		return nil, err
	}
	if err := s.checkMode(p, mode); err != nil {
		_ = p.Close()
		return nil, err
	}
	s.r.mu.Lock()
	s.r.count.opens++
	s.r.mu.Unlock()
	return &openPort{Port: p}, nil
}

// checkMode compares what the driver does with what was asked for. Another
// baud rate, by more than 3 %, is an error: nothing but garbage would follow.
func (s *session) checkMode(p Port, want Mode) error {
	did, err := p.Mode()
	if err != nil {
		return err
	}
	if did.Baud*100 < want.Baud*97 || did.Baud*100 > want.Baud*103 {
		return fmt.Errorf("the driver does %d baud, not %d", did.Baud, want.Baud)
	}
	want.Baud, want.DTR, want.RTS, did.DTR, did.RTS = did.Baud, nil, nil, nil, nil
	if did != want {
		s.r.fail(fmt.Sprintf("%s: the driver does %v, not %v", s.r.cfg.Device, did, want))
	}
	return nil
}
