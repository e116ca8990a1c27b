package ser2net

import (
	"io"
	"slices"
	"time"
)

// immediate writes to a connection without waiting. It takes less than all
// when there is no room for more.
type immediate interface {
	TryWrite(p []byte) (int, error)
}

// direct is a connection with a shorter way to the kernel.
type direct interface {
	io.Reader
	immediate
}

// queue is what waits to be sent to a client. All of it is guarded by mu of
// the runner.
type queue struct {
	direct    immediate     // nil where only a goroutine can write without waiting
	datagrams bool          // what is sent in one piece stays one
	bytes     []byte        // that wait
	ends      []int         // of the datagrams in bytes
	writing   int           // bytes in the hands of the writer
	writer    bool          // the writer runs
	data      []byte        // held back by FLOWCONTROL-SUSPEND
	held      bool          // and whether it is
	arrived   chan struct{} // told when data comes for a client without a connection; nil if it has one

	sent, dropped uint64 // bytes
}

// add lets p wait.
func (q *queue) add(p []byte) {
	if !q.datagrams {
		q.bytes = append(q.bytes, p...)
		return
	}
	for len(p) > 0 {
		n := min(len(p), maxPayload)
		q.bytes = append(q.bytes, p[:n]...)
		q.ends = append(q.ends, len(q.bytes))
		p = p[n:]
	}
}

// take takes what waits, and leaves the memory of spare in its place. Without
// datagrams there are no ends.
func (q *queue) take(spare []byte) (p []byte, ends []int) {
	p, ends = q.bytes, q.ends
	q.bytes, q.ends = spare[:0], nil
	return p, ends
}

// waiting is how much room the queue takes.
func (q *queue) waiting() int { return len(q.bytes) + q.writing + len(q.data) }

// putBack lets what was taken wait again, behind what waits now.
func (q *queue) putBack(p []byte, ends []int) {
	for _, end := range ends {
		q.ends = append(q.ends, len(q.bytes)+end)
	}
	q.bytes = append(q.bytes, p...)
}

// drop forgets what waits.
func (q *queue) drop() { q.bytes, q.ends, q.data = nil, nil, nil }

// pass sends what came from the device, with mu held. It may wait for room,
// and then gives mu up for the time.
func (c *client) pass(p []byte) {
	q := &c.out
	if !q.held {
		p = c.tryWrite(p)
	}
	if len(p) == 0 || !c.makeRoom(len(p)) {
		return
	}
	if q.held {
		q.data = append(q.data, p...)
		return
	}
	q.add(p)
	q.announce()
	c.write()
}

// announce wakes who dials when data has come.
func (q *queue) announce() {
	select {
	case q.arrived <- struct{}{}: // never for nil
	default:
	}
}

// sayLocked sends what came not from the device: telnet commands and texts.
// They are never held back; a client that takes none of them has to go.
func (c *client) sayLocked(p []byte) {
	if c.why != "" {
		return
	}
	if p = c.tryWrite(p); len(p) == 0 {
		return
	}
	if c.out.waiting() > 2*c.r.cfg.Queue {
		c.r.part(c, reasonSlow)
		return
	}
	c.out.add(p)
	c.write()
}

// say is sayLocked without mu held.
func (c *client) say(p []byte) {
	if len(p) > 0 {
		c.r.mu.Lock()
		defer c.r.mu.Unlock()
		c.sayLocked(p)
	}
}

// tryWrite sends what goes without waiting and returns the rest.
func (c *client) tryWrite(p []byte) (rest []byte) {
	q := &c.out
	if q.direct == nil || q.writer {
		return p
	}
	n, err := q.direct.TryWrite(p)
	c.wrote(n)
	if err != nil {
		c.r.part(c, reason(err))
		return nil
	}
	return p[n:]
}

// wrote counts what the kernel has taken.
func (c *client) wrote(n int) {
	if n > 0 {
		c.out.sent += uint64(n)
		c.idle.touch()
	}
}

// makeRoom makes room for n bytes by the policy for slow clients. It returns
// false when they are not to be sent.
func (c *client) makeRoom(n int) bool {
	for c.why == "" && c.out.waiting() > 0 && c.out.waiting()+n > c.r.cfg.Queue {
		switch c.policy() {
		case SlowWait:
			c.r.changed.Wait()
		case SlowDropOldest:
			return c.dropOldest(n)
		default:
			c.r.part(c, reasonSlow)
		}
	}
	return c.why == ""
}

// policy is the one in force: auto depends on who else is there.
func (c *client) policy() SlowClient {
	switch policy := c.r.cfg.SlowClient; {
	case c.conn == nil:
		return SlowDropOldest // nobody can take it yet
	case policy != SlowAuto:
		return policy
	}
	for _, other := range c.session.clients {
		if other != c && other.conn != nil {
			return SlowDisconnect
		}
	}
	return SlowWait
}

// dropOldest drops so much of what waits that n bytes have room, besides what
// the writer has. Datagrams go as a whole. Telnet cannot be cut anywhere:
// there the new bytes are dropped.
func (c *client) dropOldest(n int) bool {
	q := &c.out
	if c.tel != nil {
		q.dropped += uint64(n)
		return false
	}
	for _, part := range []*[]byte{&q.bytes, &q.data} {
		over := min(max(len(q.bytes)+len(q.data)+n-c.r.cfg.Queue, 0), len(*part))
		if part == &q.bytes {
			over = q.cut(over)
		}
		*part = append((*part)[:0], (*part)[over:]...)
		q.dropped += uint64(over)
	}
	return true
}

// cut forgets the ends of the datagrams of which any of the first n bytes is a
// part, and returns how many bytes they have.
func (q *queue) cut(n int) int {
	if n == 0 || !q.datagrams {
		return n
	}
	i, _ := slices.BinarySearch(q.ends, n)
	n = q.ends[i]
	q.ends = slices.Delete(q.ends, 0, i+1)
	for j := range q.ends {
		q.ends[j] -= n
	}
	return n
}

// hold keeps data back, or lets it go on.
func (c *client) hold(on bool) {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	q := &c.out
	q.held = on
	if !on {
		q.bytes, q.data = append(q.bytes, q.data...), nil
		c.write()
	}
}

// write starts the writer, if there is work for it: something waits, or the
// connection is to be ended.
func (c *client) write() {
	q := &c.out
	if q.writer || c.conn == nil || c.ended || len(q.bytes) == 0 && c.why == "" {
		return
	}
	q.writer = true
	c.r.tasks.Go(c.writeAll)
}

// writeAll is the writer: a goroutine that runs while something waits.
func (c *client) writeAll() {
	mu := &c.r.mu
	var spare []byte
	mu.Lock()
	defer mu.Unlock()
	q := &c.out
	for len(q.bytes) > 0 {
		p, ends := q.take(spare)
		q.writing = len(p)
		mu.Unlock()
		n, err := c.transmit(p, ends)
		mu.Lock()
		q.writing, spare = 0, p
		c.wrote(n)
		if q.datagrams {
			q.dropped += uint64(len(p) - n)
		}
		c.r.changed.Broadcast()
		if err != nil {
			q.drop()
			c.r.part(c, reason(err))
		}
	}
	q.bytes = nil // an idle client keeps no memory
	q.writer = false
	if c.why != "" {
		mu.Unlock()
		c.finish()
		mu.Lock()
	}
}

// transmit writes p, which has datagrams that end there if there are any. A
// datagram that cannot be sent is lost, as UDP does.
func (c *client) transmit(p []byte, ends []int) (sent int, err error) {
	if len(ends) == 0 {
		return c.conn.Write(p)
	}
	begin := 0
	for _, end := range ends {
		n, _ := c.conn.Write(p[begin:end])
		sent += n
		begin = end
	}
	return sent, nil
}

// finish ends a connection to which all has been sent. The peer has a moment
// to close its side: closing with unread data would take from it what it has
// not read yet.
func (c *client) finish() {
	half, ok := c.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		c.close()
		return
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(goodbye))
	time.AfterFunc(goodbye, c.close) // its reader may be waiting for the device
}
