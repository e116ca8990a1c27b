package ser2net

import (
	"errors"
	"os"
)

// send sends what a client sent to the device, in one piece. It waits for the
// device, and for the clients that were earlier. Without a device the data is
// dropped.
func (s *session) send(c *client, data []byte) {
	if c.left() {
		return
	}
	s.r.toDevice.Add(uint64(len(data)))
	c.toDevice.Add(uint64(len(data)))
	s.trace(DirectionToDevice, data)
	if !s.claim(c) {
		return
	}
	defer s.yield()
	p := s.port.Load()
	if p == nil {
		s.r.mu.Lock()
		s.r.count.dropped += uint64(len(data))
		s.r.mu.Unlock()
		return
	}
	if _, err := p.Write(data); err != nil && !errors.Is(err, os.ErrClosed) && !errors.Is(err, ErrHangup) {
		cause := "write: " + reason(err)
		p.cause.Store(&cause)
		_ = p.Close() // which ends the reader, and with it all else
	}
}

// claim waits until nobody else writes to the device. It returns false when
// the client has to leave before: another may be stuck on the device for ever.
// After true, yield must follow.
func (s *session) claim(c *client) bool {
	select {
	case s.writing <- struct{}{}:
		return true
	case <-c.gone:
		return false
	}
}

func (s *session) yield() { <-s.writing }
