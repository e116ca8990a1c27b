package ser2net

import (
	"errors"
	"net"
	"os"
	"time"
)

// While what a client sent waits for the device nobody reads the client's
// connection, so nobody sees that the connection has ended. What follows looks
// at it then, so that no client that has gone holds its place behind a device
// that takes nothing.

const (
	// stuckLook is how long the device may be busy with a client before the
	// client's connection is looked at, and how often from then on.
	stuckLook = time.Second
	// stuckLimit is how long the device must have taken nothing before a
	// client that closed its side loses its place, with what it had sent.
	stuckLimit = 10 * time.Second
)

// reasonStuck is why a client loses its place that had left before.
const reasonStuck = "it left, and the device takes nothing"

// ending is what has become of a connection.
type ending struct {
	broken error // why nothing can come or go any more; nil if it can
	closed bool  // the peer will send no more
}

// look returns what has become of the client's connection, as far as the
// system tells without reading it.
func (c *client) look() ending {
	if tcp, ok := c.socket.(*net.TCPConn); ok {
		return endingOf(tcp)
	}
	return ending{}
}

// attended says that the device begins to be busy with a client, until turns
// is raised again. Meanwhile the connections of the session are looked at.
func (s *session) attended(c *client) {
	c.turns.Add(1)
	if !s.attending.Load() && s.attending.CompareAndSwap(false, true) {
		time.AfterFunc(stuckLook, s.attend)
	}
}

// attend looks at the clients with which the device has been busy for long,
// and goes on while there are busy ones.
func (s *session) attend() {
	s.attending.Store(false) // before looking, so that none is missed
	busy, waits := false, false
	s.r.mu.Lock()
	for _, c := range s.clients {
		turn := c.turns.Load()
		long := turn == c.lastTurn
		c.lastTurn = turn
		if turn%2 == 0 {
			continue // its connection is being read
		}
		busy = true
		if !long {
			continue
		}
		switch ended := c.look(); {
		case ended.broken != nil:
			s.r.part(c, reason(ended.broken))
		case ended.closed:
			c.closed.Store(true)
			waits = true
		}
	}
	if !waits {
		s.stuckSince = time.Time{}
	}
	s.r.mu.Unlock()
	if waits {
		s.probe()
	}
	if busy && s.attending.CompareAndSwap(false, true) {
		time.AfterFunc(stuckLook, s.attend)
	}
}

// probe finds out whether the line takes anything, and after stuckLimit
// without gives up the clients that have closed their side. It waits for
// nothing, and is none of the port's tasks: the driver may hang.
func (s *session) probe() {
	p := s.port.Load()
	if p == nil || !s.probing.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer s.probing.Store(false)
		begun, moved := time.Now(), false
		if drain, ok := p.Port.(DrainPort); ok {
			moved = !errors.Is(drain.Drain(s.ctx), os.ErrDeadlineExceeded)
		}
		s.probed(moved, time.Since(begun))
	}()
}

// probed judges a probe, which took some time to find that the line moves, or
// does not.
func (s *session) probed(moves bool, took time.Duration) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	// What Drain waits for a character, see DrainPort.
	still := 500*time.Millisecond + 512*12*time.Second/time.Duration(s.mode.Normal().Baud)
	switch {
	case moves:
		s.stuckSince = time.Time{}
	case s.stuckSince.IsZero(), took > 2*still: // or it moved before it stopped
		s.stuckSince = time.Now().Add(-still)
	}
	if s.stuckSince.IsZero() || time.Since(s.stuckSince) < stuckLimit {
		return
	}
	for _, c := range s.clients {
		if c.closed.Load() && c.turns.Load()%2 == 1 {
			s.r.part(c, reasonStuck)
		}
	}
}

// sweep takes the places of clients away whose connections are broken, with mu
// of the runner held: who looks for a place must not find it taken by the
// dead, even if nobody has noticed yet.
func (s *session) sweep() {
	for _, c := range s.clients {
		if broken := c.look().broken; broken != nil {
			s.r.part(c, reason(broken))
		}
	}
}
