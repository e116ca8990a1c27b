package fakecharon

import (
	"bufio"
	"net"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// client is one connection to the daemon. Like charon it queues what the
// client does not read.
type client struct {
	daemon *Daemon
	conn   net.Conn
	gone   chan struct{}

	mu     sync.Mutex
	some   sync.Cond
	queue  [][]byte
	closed bool
	events map[string]bool
}

// serve begins to serve a connection.
func (d *Daemon) serve(conn net.Conn) {
	c := &client{daemon: d, conn: conn, gone: make(chan struct{}), events: make(map[string]bool)}
	c.some.L = &c.mu
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.listener == nil {
		_ = conn.Close() // killed meanwhile
		return
	}
	d.clients[c] = true
	d.work.Go(c.write)
	d.work.Go(c.read)
}

func (c *client) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed = true
		close(c.gone)
		_ = c.conn.Close() // the other end sees it in any case
		c.some.Broadcast()
	}
}

// read takes requests, one after the other.
func (c *client) read() {
	defer func() {
		c.close()
		c.daemon.mu.Lock()
		delete(c.daemon.clients, c)
		c.daemon.mu.Unlock()
	}()
	// The next request is read while one is worked on, so that the end of the
	// connection is noticed meanwhile.
	requests := make(chan vici.Packet)
	c.daemon.work.Go(func() {
		defer close(requests)
		in := bufio.NewReader(c.conn)
		for {
			p, err := vici.Read(in)
			if err != nil {
				c.close()
				return
			}
			select {
			case requests <- p:
			case <-c.gone:
				return
			}
		}
	})
	for p := range requests {
		if !c.handle(p) {
			return
		}
	}
}

// handle answers one request; false ends the connection, as charon does with
// what it does not understand.
func (c *client) handle(p vici.Packet) bool {
	switch p.Type {
	case vici.CommandRequest:
		c.command(p.Name, p.Message)
		return true
	case vici.EventRegister, vici.EventUnregister:
		return c.register(p.Name, p.Type == vici.EventRegister)
	default:
		return false
	}
}

// knownEvents are those of charon that are of interest here.
var knownEvents = map[string]bool{
	"ike-updown": true, "child-updown": true, "ike-rekey": true, "child-rekey": true, "ike-update": true,
	"list-sa": true, "list-conn": true, "list-cert": true, "list-policy": true, "control-log": true, "log": true,
}

func (c *client) register(event string, on bool) bool {
	if !knownEvents[event] {
		c.send(vici.Packet{Type: vici.EventUnknown})
		return true
	}
	if f := c.daemon.fault(event, "", false); f != nil && on {
		switch f.Kind {
		case Early:
			c.send(vici.Packet{Type: vici.Event, Name: event, Message: new(vici.Message).Set("up", "yes")})
		case Unknown:
			c.send(vici.Packet{Type: vici.EventUnknown})
			return true
		default:
			return c.misbehave(f)
		}
	}
	c.mu.Lock()
	c.events[event] = on
	c.mu.Unlock()
	c.send(vici.Packet{Type: vici.EventConfirm})
	return true
}

// misbehave does what a fault says instead of an answer; false ends the
// connection.
func (c *client) misbehave(f *Fault) bool {
	switch f.Kind {
	case Hang:
		select {
		case <-f.healed:
		case <-c.gone:
		}
	case Hangup:
		c.flush()
		return false
	case Junk:
		c.push(f.Data)
	}
	return true
}

// send queues a packet. One that cannot be encoded would be a fault of the
// caller, and ends the connection.
func (c *client) send(p vici.Packet) {
	b, err := p.Append(nil)
	if err != nil {
		c.close()
		return
	}
	c.push(b)
}

func (c *client) push(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(c.queue, b)
	c.some.Broadcast()
}

// event queues an event if the client wants it.
func (c *client) event(name string, m *vici.Message) {
	c.mu.Lock()
	wanted := c.events[name]
	c.mu.Unlock()
	if wanted {
		c.send(vici.Packet{Type: vici.Event, Name: name, Message: m})
	}
}

// write sends what is queued.
func (c *client) write() {
	for {
		c.mu.Lock()
		for len(c.queue) == 0 && !c.closed {
			c.some.Wait()
		}
		queue := c.queue
		c.queue = nil
		c.mu.Unlock()
		if len(queue) == 0 {
			return
		}
		buffers := net.Buffers(queue)
		if _, err := buffers.WriteTo(c.conn); err != nil {
			c.close()
			return
		}
		c.mu.Lock()
		c.some.Broadcast()
		c.mu.Unlock()
	}
}

// flush waits until what was queued is on its way, a second at most.
func (c *client) flush() {
	for end := time.Now().Add(time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		c.mu.Lock()
		empty := len(c.queue) == 0
		c.mu.Unlock()
		if empty {
			return
		}
	}
}
