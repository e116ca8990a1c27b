//go:build !linux

package receiver

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

func listenShared(context.Context, string, string) (net.PacketConn, error) {
	return nil, errors.New("sockets: more than 1 needs Linux")
}

func setReadBuffer(conn *net.UDPConn, n int) int {
	_ = conn.SetReadBuffer(n)
	return 0
}

func inode(*net.UDPConn) uint64 { return 0 }

func readKernelDrops(func(inode, drops uint64)) {}

// controlSize is 0: the kernel chooses the address that replies come from.
func controlSize() int { return 0 }

func keepDestinations(*net.UDPConn) {}

func destination([]byte) netip.Addr { return netip.Addr{} }

func sourceControl(netip.Addr) []byte { return nil }
