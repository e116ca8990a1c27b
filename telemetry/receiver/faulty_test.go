package receiver_test

import (
	"context"
	"net"
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

// loopback opens a real socket on a free port, whatever the address.
func loopback(ctx context.Context, network, _ string) (net.PacketConn, error) {
	return new(net.ListenConfig).ListenPacket(ctx, network, "127.0.0.1:0")
}
