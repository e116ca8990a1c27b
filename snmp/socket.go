package snmp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/fieldgate/fieldgate/snmp/internal/datagram"
)

// datagramSize is more than any datagram has.
const datagramSize = 1 << 16

// A socket that fails to read is tried again after a pause, so many times.
const (
	readPause = 100 * time.Millisecond
	readTries = 20
)

// socket is a net.PacketConn to answer on. On a *net.UDPConn it allocates
// nothing, and answers from the address that the request came to.
type socket struct {
	conn net.PacketConn
	udp  *net.UDPConn   // nil for another kind of conn
	fast *datagram.Conn // of udp; nil where there is none
}

// family4or6 returns the network for an address: one that is given as IPv4 or
// IPv6 is meant as that, the unspecified ones too.
func family4or6(addr string) string {
	host, _, _ := net.SplitHostPort(addr)
	switch ip, err := netip.ParseAddr(host); {
	case err != nil:
		return "udp"
	case ip.Is4():
		return "udp4"
	}
	return "udp6"
}

// newSocket makes ready what was opened.
func newSocket(conn net.PacketConn) (*socket, error) {
	s := &socket{conn: conn}
	var ok bool
	if s.udp, ok = conn.(*net.UDPConn); !ok {
		return s, nil
	}
	if local, ok := conn.LocalAddr().(*net.UDPAddr); ok && local.IP.IsUnspecified() {
		if err := askForDestination(s.udp); err != nil {
			return nil, fmt.Errorf("listen %s: %w", local, err)
		}
	}
	var err error
	if s.fast, err = datagram.New(s.udp); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, fmt.Errorf("listen %s: %w", conn.LocalAddr(), err)
	}
	return s, nil
}

func (s *socket) close() error {
	if s.fast != nil {
		return s.fast.Close()
	}
	return s.conn.Close()
}

func closeAll(sockets []*socket) {
	for _, s := range sockets {
		_ = s.close() // only Close itself could have failed
	}
}

// read returns the next datagram, its source, and what is to be given to
// write for an answer.
func (s *socket) read(buf, oob []byte) (n, control int, from netip.AddrPort, err error) {
	if s.fast != nil {
		return s.fast.Receive(buf, oob)
	}
	if s.udp != nil {
		n, control, _, from, err = s.udp.ReadMsgUDPAddrPort(buf, oob)
		return n, control, from, err
	}
	n, addr, err := s.conn.ReadFrom(buf)
	if err != nil {
		return 0, 0, from, err
	}
	if udp, ok := addr.(*net.UDPAddr); ok {
		return n, 0, udp.AddrPort(), nil
	}
	from, err = netip.ParseAddrPort(addr.String())
	return n, 0, from, err
}

// write sends an answer to what was read last.
func (s *socket) write(b, oob []byte, to netip.AddrPort) error {
	if s.fast != nil {
		return s.fast.Answer(b, answerFrom(oob))
	}
	if s.udp != nil {
		_, _, err := s.udp.WriteMsgUDPAddrPort(b, answerFrom(oob), to)
		return err
	}
	_, err := s.conn.WriteTo(b, net.UDPAddrFromAddrPort(to))
	return err
}

// receive answers what comes to a socket until ctx ends. Its error tells that
// the socket is broken.
func (s *Service) receive(ctx context.Context, c *socket, w *worker) error {
	buf, oob := make([]byte, datagramSize), make([]byte, controlSize)
	for failed := 0; ; {
		n, control, from, err := c.read(buf, oob)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			if failed++; failed == readTries {
				return err
			}
			s.log.Warn("snmp: a socket cannot be read", "address", c.conn.LocalAddr().String(), "error", err)
			if !pause(ctx, readPause) {
				return nil
			}
			continue
		}
		failed = 0
		reply := w.answer(buf[:n], from)
		if reply == nil {
			continue
		}
		if err := c.write(reply, oob[:control], from); err != nil {
			s.counters.inc(sendErrors)
		}
	}
}

// pause waits for d. It reports false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
