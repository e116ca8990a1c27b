package ser2net

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// client is one connection.
type client struct {
	r      *runner
	id     uint64
	dialed bool
	tel    *terminal // nil without telnet
	in     buffer
	idle   *idle         // of the network timeout, nil if none
	gone   chan struct{} // closed when it has no place any more

	toDevice atomic.Uint64 // bytes
	turns    atomic.Uint64 // odd while the device is busy with what it sent
	closed   atomic.Bool   // its peer will send no more; told only when turns stays odd for long

	// Guarded by mu of the runner. The connection is set before run, once.
	conn     net.Conn  // nil while a dialed client waits for data to come
	socket   net.Conn  // the same, or what is below its TLS
	from     io.Reader // reads conn
	remote   string
	user     string    // of its certificate
	since    time.Time // it is served
	seated   bool      // it has been told to be served
	session  *session  // that it has, or had, a place in; nil before
	why      string    // it has no place any more; empty while it has or may get one
	ended    bool      // nobody reads its connection any more
	heir     *client   // takes its place; nil if none
	lastTurn uint64    // when the session looked last
	out      queue
}

// newClient returns a client without a place. A dialed one may get its
// connection later.
func (r *runner) newClient(conn net.Conn, dialed bool) *client {
	c := &client{
		r: r, id: r.env.clients.Add(1), dialed: dialed,
		in: buffer{env: r.env}, gone: make(chan struct{}),
	}
	c.out.datagrams = r.cfg.Network == NetworkUDP
	if conn != nil {
		c.attach(conn)
	}
	if r.cfg.Protocol == ProtocolTelnet {
		c.tel = newTerminal(c)
	}
	return c
}

// attach gives the client its connection.
func (c *client) attach(conn net.Conn) {
	c.conn, c.socket, c.from, c.remote = conn, conn, conn, conn.RemoteAddr().String()
	if d := newDirect(conn); d != nil {
		c.out.direct, c.from = d, d
	}
}

// serve is the life of an accepted connection. Moving its data is for a new
// goroutine: the stack that the welcome took is large.
func (r *runner) serve(conn net.Conn) {
	var c *client
	var s *session
	if r.guarded(func() error { c, s = r.welcome(conn); return nil }) != nil {
		_ = conn.Close()
	}
	if c != nil {
		r.tasks.Go(func() { c.run(s) })
	}
}

// welcome lets a newcomer in, or turns it away and returns nil.
func (r *runner) welcome(conn net.Conn) (*client, *session) {
	if !r.allowed(conn.RemoteAddr()) {
		r.turnAway(conn, textNotAllowed)
		return nil, nil
	}
	r.tune(conn)
	secure, user, err := r.handshake(conn)
	if err != nil {
		r.refused(conn, "TLS: "+reason(err))
		_ = conn.Close()
		return nil, nil
	}
	c := r.newClient(secure, false)
	c.socket, c.user = conn, user
	c.greet()
	s, err := r.place(c)
	if err != nil {
		c.refuse(refusal(err))
		return nil, nil
	}
	return c, s
}

// run waits for the device and moves data until the connection or the place
// ends.
func (c *client) run(s *session) {
	<-s.ready
	if s.err != nil {
		c.refuse(refusal(s.err))
		return
	}
	defer c.close()
	why := reasonLeft
	if err := c.r.guarded(func() error { return c.receive(s) }); !errors.Is(err, io.EOF) {
		why = reason(err)
	}
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.ended = true
	c.out.drop()
	c.r.part(c, why)
}

// receive reads the connection until it ends. What comes when the client has
// no place any more is dropped.
func (c *client) receive(s *session) error {
	defer c.in.release()
	if c.tel != nil {
		defer c.tel.release()
	}
	for {
		in := c.in.bytes()
		n, err := c.from.Read(in)
		if n > 0 && !c.left() {
			c.idle.touch()
			s.attended(c)
			c.take(s, in[:n])
			c.turns.Add(1)
		}
		if err != nil {
			return err
		}
		c.in.filled(n)
	}
}

// take handles what the client sent. It waits for the device.
func (c *client) take(s *session, data []byte) {
	if c.tel != nil {
		c.tel.take(s, data)
	} else {
		s.send(c, data)
	}
}

// seat tells that the client is served, with mu held. The banner is the first
// that it gets from the port.
func (c *client) seat() {
	c.seated, c.since = true, time.Now()
	c.idle = newIdle(c.r.cfg.NetworkTimeout.Std(), func() { c.end(reasonIdle) })
	c.r.count.connects++
	c.r.report(EventConnected, c, c.user)
	if text := c.r.text(c.r.cfg.Banner, c.remote); len(text) > 0 {
		c.sayData(text)
	}
}

// left tells whether the client has no place any more.
func (c *client) left() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

// leave marks the client as gone, with mu held, once. Its connection ends
// when all that waits for it has been sent.
func (c *client) leave(why string) bool {
	if c.why != "" {
		return false
	}
	c.why = why
	close(c.gone)
	c.idle.stop()
	if c.conn != nil {
		_ = c.conn.SetWriteDeadline(time.Now().Add(flushTimeout))
		c.write()
	}
	return true
}

// end takes the client's place away.
func (c *client) end(why string) {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.r.part(c, why)
}

// close ends the connection at once.
func (c *client) close() { _ = c.conn.Close() }
