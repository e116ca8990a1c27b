//go:build !linux || 386 || s390x

package datagram

import (
	"errors"
	"net"
	"net/netip"
)

// Conn is not available here.
type Conn struct{}

// New always fails.
func New(*net.UDPConn) (*Conn, error) { return nil, errors.ErrUnsupported }

// Receive always fails.
func (*Conn) Receive(_, _ []byte) (int, int, netip.AddrPort, error) {
	return 0, 0, netip.AddrPort{}, errors.ErrUnsupported
}

// Answer always fails.
func (*Conn) Answer(_, _ []byte) error { return errors.ErrUnsupported }

// Close always fails.
func (*Conn) Close() error { return errors.ErrUnsupported }
