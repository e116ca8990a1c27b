package ser2net

import (
	"context"
	"net"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
)

// dialer keeps the connection of a port to one destination.
type dialer struct {
	r       *runner
	to      string
	pause   backoff.Backoff
	failing bool // the last dial failed, and that was reported
}

// run dials again and again until the port stops.
func (d *dialer) run() {
	c := d.r.cfg.Connect
	d.pause = backoff.Backoff{Min: c.RetryMin.Std(), Max: c.RetryMax.Std()}
	if d.r.onData {
		d.onData()
		return
	}
	for d.r.ctx.Err() == nil {
		d.once()
	}
}

// once is the life of one connection that is to be there all the time.
func (d *dialer) once() {
	conn := d.dial(d.r.ctx)
	if conn == nil {
		return
	}
	c := d.r.newClient(conn, true)
	c.greet()
	s, err := d.r.place(c)
	if err != nil { // the port stops
		c.close()
		return
	}
	begun := time.Now()
	c.run(s)
	d.rest(time.Since(begun))
}

// onData makes a connection each time when the device has sent something.
// Until then a client without a connection keeps the device open, and data in
// its queue; when a connection ends the next such client takes its place.
func (d *dialer) onData() {
	c := d.standBy()
	s, err := d.r.place(c)
	for err == nil {
		select {
		case <-c.out.arrived:
		case <-d.r.ctx.Done():
			return
		}
		conn := d.dial(d.r.ctx)
		if conn == nil {
			return
		}
		begun := time.Now()
		heir := d.standBy()
		c.connect(conn, heir)
		c.run(s)
		d.rest(time.Since(begun))
		c, err = heir, d.r.ctx.Err()
	}
}

func (d *dialer) standBy() *client {
	c := d.r.newClient(nil, true)
	c.out.arrived = make(chan struct{}, 1)
	return c
}

// connect gives the client its connection at last: the negotiation and the
// banner go first, then what waits.
func (c *client) connect(conn net.Conn, heir *client) {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	waits, ends := c.out.take(nil)
	c.heir = heir
	c.attach(conn)
	if c.why != "" { // the port stops
		c.close()
		return
	}
	if c.tel != nil {
		c.sayLocked(c.tel.engine.Start(nil))
	}
	c.seat()
	if c.why == "" {
		c.out.putBack(waits, ends)
		c.write()
	}
}

// dial dials until it succeeds, or returns nil when ctx ends.
func (d *dialer) dial(ctx context.Context) net.Conn {
	for {
		conn, err := d.dialOnce(ctx)
		if err == nil {
			d.failing = false
			d.r.tune(conn)
			return conn
		}
		if ctx.Err() != nil {
			return nil
		}
		if !d.failing {
			d.r.fail("dial " + d.to + ": " + reason(err))
		}
		d.failing = true
		if !sleep(ctx, d.pause.Next()) {
			return nil
		}
	}
}

func (d *dialer) dialOnce(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	return d.r.env.opts.Dial(ctx, string(d.r.cfg.Network), d.to)
}

// rest pauses after a connection that ended. One that had lasted begins the
// pauses anew.
func (d *dialer) rest(lasted time.Duration) {
	if lasted > d.r.cfg.Connect.RetryMax.Std() {
		d.pause.Reset()
	}
	sleep(d.r.ctx, d.pause.Next())
}
