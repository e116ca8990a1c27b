package ser2net

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// udpBacklog is how many datagrams of a sender may wait for the device;
// further ones are dropped, as UDP does.
const udpBacklog = 16

// maxDatagram is the longest datagram that is read, in bytes, and maxPayload
// the longest that IPv4 carries.
const (
	maxDatagram = 64 << 10
	maxPayload  = 65507
)

// listenUDP begins to serve the port's address by UDP.
func (r *runner) listenUDP(ctx context.Context) error {
	socket, err := r.env.opts.ListenPacket(ctx, "udp", r.cfg.Listen)
	if err != nil {
		return err // names the address
	}
	if r.closeAtStop(socket, socket.LocalAddr()) {
		l := &udpListener{r: r, socket: socket, senders: make(map[string]*udpConn)}
		r.tasks.Go(l.run)
		r.report(EventListening, nil, socket.LocalAddr().String())
	}
	return nil
}

// udpListener gives the datagrams of each sender to a connection of its own.
type udpListener struct {
	r      *runner
	socket net.PacketConn

	mu      sync.Mutex
	senders map[string]*udpConn
}

// run reads the socket until it is closed.
func (l *udpListener) run() {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := l.socket.ReadFrom(buf)
		if n > 0 && from != nil {
			l.take(from, buf[:n])
		}
		switch {
		case err == nil:
		case errors.Is(err, net.ErrClosed):
			return
		default: // such as an ICMP answer to what was sent
			sleep(l.r.ctx, time.Millisecond)
		}
	}
}

// take hands a datagram on. A sender for whom there is no place is ignored,
// as a text would only be data to it.
func (l *udpListener) take(from net.Addr, data []byte) {
	l.mu.Lock()
	c, known := l.senders[from.String()]
	if !known {
		if !l.r.allowed(from) || !l.r.vacant() && l.r.cfg.OnBusy == OnBusyRefuse {
			l.mu.Unlock()
			l.r.ignored()
			return
		}
		c = &udpConn{listener: l, remote: from, in: make(chan []byte, udpBacklog), closed: make(chan struct{})}
		l.senders[from.String()] = c
	}
	l.mu.Unlock()
	if !known {
		l.r.accept(c)
	}
	select {
	case c.in <- append([]byte(nil), data...):
	default:
	}
}

func (l *udpListener) forget(c *udpConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.senders[c.remote.String()] == c {
		delete(l.senders, c.remote.String())
	}
}

// udpConn is one sender of datagrams.
type udpConn struct {
	listener *udpListener
	remote   net.Addr
	in       chan []byte
	rest     []byte // of a datagram that was longer than the buffer
	once     sync.Once
	closed   chan struct{}
}

var _ net.Conn = (*udpConn)(nil)

func (c *udpConn) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		select {
		case c.rest = <-c.in:
		case <-c.closed:
			return 0, io.EOF
		}
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *udpConn) Write(p []byte) (int, error) {
	select {
	case <-c.closed:
		return 0, os.ErrClosed
	default:
		return c.listener.socket.WriteTo(p, c.remote)
	}
}

func (c *udpConn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.listener.forget(c)
	})
	return nil
}

func (c *udpConn) LocalAddr() net.Addr  { return c.listener.socket.LocalAddr() }
func (c *udpConn) RemoteAddr() net.Addr { return c.remote }

// Deadlines have no effect: Close ends Read, and closing the socket a Write.
func (c *udpConn) SetDeadline(time.Time) error      { return nil }
func (c *udpConn) SetReadDeadline(time.Time) error  { return nil }
func (c *udpConn) SetWriteDeadline(time.Time) error { return nil }
