package ser2net

import (
	"io"
	"net"
)

// turnAway tells a connection why it cannot be served, and ends it. Who has
// not spoken TLS yet is told nothing.
func (r *runner) turnAway(conn net.Conn, text string) {
	if r.secure.Load() != nil {
		r.refused(conn, text)
		_ = conn.Close()
		return
	}
	c := r.newClient(conn, false)
	c.greet()
	c.refuse(text)
}

// refuse tells a client without a place why, and ends its connection. Who
// lost a place before getting it has been told.
func (c *client) refuse(text string) {
	defer c.close()
	c.r.mu.Lock()
	if c.why == "" && c.r.ctx.Err() == nil {
		c.sayLocked([]byte(text + "\r\n"))
		c.r.countRefused(Event{Client: c.id, Remote: c.remote, Text: text})
	}
	c.leave(reasonStopped)
	c.r.mu.Unlock()
	_, _ = io.Copy(io.Discard, c.conn) // until the peer closes, or for a moment
}

// refused counts and reports a connection that was not told why.
func (r *runner) refused(conn net.Conn, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.countRefused(Event{Remote: conn.RemoteAddr().String(), Text: text})
}

func (r *runner) countRefused(e Event) {
	r.count.refused++
	e.Port, e.Kind = r.cfg.Name, EventRefused
	r.env.report(e)
}

// ignored counts a datagram from a sender that has no place.
func (r *runner) ignored() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count.refused++
}
