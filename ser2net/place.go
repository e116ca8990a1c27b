package ser2net

import "errors"

// What clients are told, without the end of the line.
const (
	textPortInUse   = "Port already in use"
	textDeviceInUse = "Port's device already in use"
	textOpenFailure = "Device open failure: "
	textNotAllowed  = "Accessed denied due to your net address" // as C ser2net writes it
	textNoPort      = "No free port found"
	textKicked      = "kicked off, new user is coming"
)

// Why a client had to leave, for events.
const (
	reasonLeft    = "it left"
	reasonKicked  = "a newcomer took its place"
	reasonIdle    = "it was idle for too long"
	reasonSilent  = "the device was silent for too long"
	reasonLost    = "the device has gone"
	reasonSlow    = "it was too slow"
	reasonClosed  = "the device sent the close_on text"
	reasonOrdered = "it was disconnected by order"
	reasonStopped = "the port stopped"
)

var errPortInUse = errors.New(textPortInUse)

// place gives the client a place and returns the session it takes part in,
// which may not have begun. It begins one when there is none.
func (r *runner) place(c *client) (*session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	if !c.dialed && r.full() {
		if r.cfg.OnBusy == OnBusyRefuse {
			return nil, errPortInUse
		}
		oldest := r.session.firstGuest()
		if r.cfg.Network != NetworkUDP { // there a text would only be data
			oldest.sayLocked([]byte(textKicked + "\r\n"))
		}
		r.part(oldest, reasonKicked)
	}
	return r.join(c), nil
}

// join lets the client take part in the session, with mu held. It begins one
// when there is none.
func (r *runner) join(c *client) *session {
	s := r.session
	if s == nil {
		s = r.begin(c.remote)
	}
	s.clients = append(s.clients[:len(s.clients):len(s.clients)], c)
	c.enter(s)
	r.changed.Broadcast() // the policy for slow clients may be another now
	if s.began && c.conn != nil {
		c.seat()
	}
	return s
}

// enter makes the session the one that the client takes part in, with mu held.
func (c *client) enter(s *session) {
	c.session = s
	if c.tel != nil {
		c.tel.bind(s)
	}
}

// vacant tells whether a client would get a place.
func (r *runner) vacant() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.started && r.ctx.Err() == nil && !r.full()
}

// full tells whether all places are taken, with mu held.
func (r *runner) full() bool {
	s := r.session
	if s == nil || s.guests() < r.cfg.MaxClients {
		return false
	}
	s.sweep()
	return r.session == s && s.guests() >= r.cfg.MaxClients
}

// guests counts the clients that were not dialed.
func (s *session) guests() int {
	n := 0
	for _, c := range s.clients {
		if !c.dialed {
			n++
		}
	}
	return n
}

func (s *session) firstGuest() *client {
	for _, c := range s.clients {
		if !c.dialed {
			return c
		}
	}
	return nil
}

// part takes the place of a client away, once, with mu held. What waits for
// the client is still sent, and its connection closed. When it was the last,
// the session ends.
func (r *runner) part(c *client, why string) {
	if !c.leave(why) {
		return
	}
	s := c.session
	if s == nil {
		return
	}
	if c.seated {
		r.report(EventDisconnected, c, why) // before the device is given back
	}
	left := make([]*client, 0, len(s.clients))
	for _, other := range s.clients {
		if other != c {
			left = append(left, other)
		}
	}
	if c.heir != nil && r.ctx.Err() == nil {
		c.heir.enter(s)
		left = append(left, c.heir)
	}
	s.clients = left
	if len(left) == 0 {
		s.unused()
		if r.session == s {
			r.session = nil
		}
	}
	r.changed.Broadcast()
}

// partAll takes the places of all clients of a session away, but of those
// that are not connected yet.
func (r *runner) partAll(s *session, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range s.clients {
		if c.conn != nil {
			r.part(c, why)
		}
	}
}
