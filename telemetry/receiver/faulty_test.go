package receiver_test

import (
	"context"
	"net"
	"os"
	"time"
)

type listenPacket = func(ctx context.Context, network, addr string) (net.PacketConn, error)

// faulty lets the first n reads of each socket fail.
func faulty(listen listenPacket, n int) listenPacket {
	return func(ctx context.Context, network, addr string) (net.PacketConn, error) {
		conn, err := listen(ctx, network, addr)
		return &faultyConn{conn, n}, err
	}
}

type faultyConn struct {
	net.PacketConn
	left int
}

func (c *faultyConn) ReadFrom(b []byte) (int, net.Addr, error) {
	if c.left > 0 {
		c.left--
		return 0, nil, errRead
	}
	return c.PacketConn.ReadFrom(b)
}

// stuckConn takes nothing to send before its deadline.
type stuckConn struct {
	net.PacketConn
	until time.Time
}

func (c *stuckConn) SetWriteDeadline(t time.Time) error {
	c.until = t
	return nil
}

func (c *stuckConn) WriteTo([]byte, net.Addr) (int, error) {
	if c.until.IsZero() {
		time.Sleep(time.Hour)
	}
	time.Sleep(time.Until(c.until))
	return 0, os.ErrDeadlineExceeded
}

// loopback opens a real socket on a free port, whatever the address.
func loopback(ctx context.Context, network, _ string) (net.PacketConn, error) {
	return new(net.ListenConfig).ListenPacket(ctx, network, "127.0.0.1:0")
}
