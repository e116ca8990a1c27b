package telemetrytest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
)

// keep is how many messages a Collector holds.
const keep = 1024

// Collector is a server on a UDP port of the loopback interface, in the
// manner of net/http/httptest. It holds the latest 1024 messages. Safe for
// concurrent use.
type Collector struct {
	conn *net.UDPConn
	done chan struct{} // closed when nothing is received any more
	news chan struct{} // holds one while there may be something for Next
	stop sync.Once     // of Close

	mu        sync.Mutex
	key       telemetry.Key
	acks      bool
	messages  []*telemetry.Message // the latest, oldest first
	unread    int                  // how many of them Next has not returned
	malformed int
	lastErr   error
}

// NewCollector starts a Collector on a free port. It panics when there is
// none. The caller calls Close.
func NewCollector() *Collector {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		panic(fmt.Sprintf("telemetrytest: no port for the collector: %v", err))
	}
	c := &Collector{conn: conn, done: make(chan struct{}), news: make(chan struct{}, 1)}
	go c.receive()
	return c
}

// Addr returns "127.0.0.1:port".
func (c *Collector) Addr() string { return c.conn.LocalAddr().String() }

// Destination returns the address in the form that a Config takes.
func (c *Collector) Destination() telemetry.Destination {
	return telemetry.Destination{Host: "127.0.0.1", Port: c.conn.LocalAddr().(*net.UDPAddr).Port}
}

// Seal makes the Collector take the messages that are sealed with key, and no
// other, from now on; with the zero Key, which is the beginning, bare ones.
func (c *Collector) Seal(key telemetry.Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.key = key
}

// Ack makes the Collector answer sealed messages from now on, or not.
func (c *Collector) Ack(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acks = on
}

// Next waits for a message that it has not returned before. Messages come in
// the order of their arrival; the oldest unread are lost beyond 1024. It
// fails when ctx ends or the Collector is closed.
func (c *Collector) Next(ctx context.Context) (*telemetry.Message, error) {
	for {
		if m := c.pop(); m != nil {
			return m, nil
		}
		select {
		case <-c.news:
		case <-c.done:
			return nil, net.ErrClosed
		case <-ctx.Done():
			return nil, fmt.Errorf("telemetrytest: no message: %w", ctx.Err())
		}
	}
}

// Messages returns the messages that are held, oldest first, without taking
// them from Next.
func (c *Collector) Messages() []*telemetry.Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*telemetry.Message(nil), c.messages...)
}

// Malformed returns how many datagrams were no message, and why the latest
// was not.
func (c *Collector) Malformed() (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.malformed, c.lastErr
}

// String shows what has arrived, for messages of tests.
func (c *Collector) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("collector %s: %d messages held, %d unread, %d malformed", c.Addr(), len(c.messages), c.unread, c.malformed)
}

// Close frees the port and waits until nothing is received any more. It may
// be called again.
func (c *Collector) Close() {
	c.stop.Do(func() { _ = c.conn.Close() })
	<-c.done
}

func (c *Collector) receive() {
	defer close(c.done)
	buf := make([]byte, 65535)
	for {
		n, from, err := c.conn.ReadFromUDPAddrPort(buf)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err == nil:
			if ack := c.take(buf[:n]); ack != nil && len(ack) <= n {
				_, _ = c.conn.WriteToUDPAddrPort(ack, from) // acks may be lost
			}
		}
	}
}

// take keeps the message of a datagram and returns the answer, if there is
// one.
func (c *Collector) take(datagram []byte) (ack []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, err := c.open(datagram)
	c.add(m, err)
	if err != nil || !c.acks || c.key.IsZero() {
		return nil
	}
	ack, err = telemetry.AppendAck(nil, &telemetry.Ack{
		Serial: m.Serial, Boot: m.Boot.Value, Seq: m.Seq, Part: m.Part.Index, Time: uint64(time.Now().Unix()),
	}, c.key)
	if err != nil {
		panic(fmt.Sprintf("telemetrytest: ack: %v", err)) // the serial has come as the kid
	}
	return ack
}

func (c *Collector) open(datagram []byte) (*telemetry.Message, error) {
	if c.key.IsZero() {
		return telemetry.Decode(datagram)
	}
	e, err := telemetry.ParseEnvelope(datagram)
	if err != nil {
		return nil, err
	}
	if !e.Verify(c.key) {
		return nil, telemetry.ErrForged
	}
	return e.Decode()
}

// add keeps m. The caller holds mu.
func (c *Collector) add(m *telemetry.Message, err error) {
	if err != nil {
		c.malformed++
		c.lastErr = err
		return
	}
	if len(c.messages) == keep {
		c.messages = append(c.messages[:0], c.messages[1:]...)
	}
	c.messages = append(c.messages, m)
	c.unread = min(c.unread+1, keep)
	c.wake()
}

func (c *Collector) pop() *telemetry.Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unread == 0 {
		return nil
	}
	m := c.messages[len(c.messages)-c.unread]
	c.unread--
	if c.unread > 0 {
		c.wake() // for another one in Next
	}
	return m
}

func (c *Collector) wake() {
	select {
	case c.news <- struct{}{}:
	default:
	}
}
