package memnet

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// backlog is how many datagrams wait at a packet connection; further ones
// are dropped, as UDP does.
const backlog = 1024

// ListenPacket has the form of net.ListenConfig.ListenPacket. An address is
// "IP:port" and can be taken once; port 0 takes a free one. What is written
// to an address arrives there at once, in order, or is dropped when nobody
// listens.
func (n *Network) ListenPacket(ctx context.Context, network, addr string) (net.PacketConn, error) {
	if err := n.admit(ctx); err != nil {
		return nil, err
	}
	local, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, fmt.Errorf("listen %s: %w", addr, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for port := uint16(49152); local.Port() == 0; port++ {
		if free := netip.AddrPortFrom(local.Addr(), port); n.packets[free] == nil {
			local = free
		}
	}
	if n.packets[local] != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: net.UDPAddrFromAddrPort(local), Err: syscall.EADDRINUSE}
	}
	c := &packetConn{net: n, local: local, in: make(chan datagram, backlog), closed: make(chan struct{}), moved: make(chan struct{})}
	if n.packets == nil {
		n.packets = make(map[netip.AddrPort]*packetConn)
	}
	n.packets[local] = c
	n.open++
	return c, nil
}

type datagram struct {
	b    []byte
	from netip.AddrPort
}

// packetConn is a socket of ListenPacket. Writes never wait, so a write
// deadline has no effect.
type packetConn struct {
	net    *Network
	local  netip.AddrPort
	in     chan datagram
	once   sync.Once
	closed chan struct{}

	mu       sync.Mutex
	deadline time.Time
	moved    chan struct{} // closed when the deadline is set
}

func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		c.mu.Lock()
		deadline, moved := c.deadline, c.moved
		c.mu.Unlock()
		var late <-chan time.Time
		if !deadline.IsZero() {
			wait := time.Until(deadline)
			if wait <= 0 {
				return 0, nil, c.fail("read", os.ErrDeadlineExceeded)
			}
			timer := time.NewTimer(wait)
			defer timer.Stop()
			late = timer.C
		}
		select {
		case d := <-c.in:
			return copy(b, d.b), net.UDPAddrFromAddrPort(d.from), nil
		case <-c.closed:
			return 0, nil, c.fail("read", net.ErrClosed)
		case <-late:
		case <-moved:
		}
	}
}

func (c *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	select {
	case <-c.closed:
		return 0, c.fail("write", net.ErrClosed)
	default:
	}
	addr, err := netip.ParseAddrPort(to.String())
	if err != nil {
		return 0, c.fail("write", err)
	}
	c.net.mu.Lock()
	peer := c.net.packets[addr]
	c.net.mu.Unlock()
	if peer != nil {
		select {
		case peer.in <- datagram{append([]byte(nil), b...), c.local}:
		default:
		}
	}
	return len(b), nil
}

func (c *packetConn) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: "udp", Addr: c.LocalAddr(), Err: err}
}

func (c *packetConn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.net.mu.Lock()
		delete(c.net.packets, c.local)
		c.net.open--
		c.net.mu.Unlock()
	})
	return nil
}

func (c *packetConn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.local) }

func (c *packetConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

func (c *packetConn) SetWriteDeadline(time.Time) error { return nil }

func (c *packetConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	close(c.moved)
	c.moved = make(chan struct{})
	return nil
}
