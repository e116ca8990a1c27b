package receiver

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/net/ipv4"
)

// readBatch is the most datagrams that one system call reads.
const readBatch = 64

// packet is one datagram of a read; the next read overwrites it.
type packet struct {
	b    []byte
	from netip.AddrPort
	to   netip.Addr // invalid where it is clear, or unknown
}

// socket is one open socket. Its reader uses it alone but for reply.
type socket struct {
	conn   net.PacketConn
	addr   netip.AddrPort
	buffer int    // as the kernel granted it; 0 = unknown
	inode  uint64 // by which the kernel lists it; 0 = unknown
	drops  atomic.Uint64
	until  time.Time // the deadline of replies

	batch    *ipv4.PacketConn // nil: one datagram at a time
	udp      *net.UDPConn     // nil: no replies from an address that is asked for
	messages []ipv4.Message
	packets  []packet
}

// openSockets opens count sockets on each address. After an error none is
// open.
func openSockets(ctx context.Context, c Config, listen listenFunc) (all []*socket, err error) {
	defer func() {
		if err != nil {
			closeSockets(all)
			all = nil
		}
	}()
	for _, addr := range c.Listen {
		for range c.Sockets {
			conn, err := listen(ctx, "udp", addr)
			if err != nil {
				return all, err
			}
			s := newSocket(conn, c.ReadBuffer)
			all = append(all, s)
			if !s.addr.IsValid() {
				return all, fmt.Errorf("listen on %s: the address of the socket, %s, is not of the form IP:port", addr, conn.LocalAddr())
			}
			addr = withPort(addr, s.addr.Port()) // the others share a port that the kernel chose
		}
	}
	return all, nil
}

// listenFunc opens a socket, see Options.
type listenFunc func(ctx context.Context, network, addr string) (net.PacketConn, error)

func closeSockets(all []*socket) {
	for _, s := range all {
		_ = s.conn.Close()
	}
}

func newSocket(conn net.PacketConn, buffer int) *socket {
	s := &socket{conn: conn, addr: addrPort(conn.LocalAddr())}
	n := 1
	if udp, ok := conn.(*net.UDPConn); ok {
		s.buffer = setReadBuffer(udp, buffer)
		s.inode = inode(udp)
		// Of ipv4.PacketConn nothing but ReadBatch is used, which is the
		// same for IPv6.
		s.batch = ipv4.NewPacketConn(udp)
		n = readBatch
		s.messages = make([]ipv4.Message, n)
		if s.addr.Addr().IsUnspecified() {
			s.udp = udp
			keepDestinations(udp)
		}
	}
	s.packets = make([]packet, n)
	for i := range s.packets {
		b := make([]byte, MaxPacket+1) // one more, to tell what was cut off
		s.packets[i].b = b
		if s.batch != nil {
			s.messages[i].Buffers = [][]byte{b}
		}
		if s.udp != nil {
			s.messages[i].OOB = make([]byte, controlSize())
		}
	}
	return s
}

// read waits for datagrams and calls each with what has come.
func (s *socket) read(each func(packet)) (int, error) {
	if s.batch == nil {
		n, from, err := s.conn.ReadFrom(s.packets[0].b)
		if err != nil {
			return 0, err
		}
		each(packet{b: s.packets[0].b[:n], from: addrPort(from)})
		return 1, nil
	}
	n, err := s.batch.ReadBatch(s.messages, 0)
	if err != nil {
		return 0, err
	}
	for i := range s.messages[:n] {
		m := &s.messages[i]
		p := packet{b: s.packets[i].b[:m.N], from: addrPort(m.Addr)}
		if s.udp != nil {
			p.to = destination(m.OOB[:m.NN])
		}
		each(p)
	}
	return n, nil
}

// interrupt ends the reading. Replies can still be sent.
func (s *socket) interrupt() { _ = s.conn.SetReadDeadline(time.Unix(1, 0)) }

// reply sends b. from is the address that the question was sent to: on a host
// of several the kernel would choose one itself, and a device that has
// connected its socket takes answers from no other than it asked. It does not
// wait after until.
func (s *socket) reply(b []byte, from netip.Addr, to netip.AddrPort, until time.Time) error {
	if until != s.until {
		s.until = until
		_ = s.conn.SetWriteDeadline(until)
	}
	if from.IsValid() {
		_, _, err := s.udp.WriteMsgUDPAddrPort(b, sourceControl(from), to)
		return err
	}
	_, err := s.conn.WriteTo(b, net.UDPAddrFromAddrPort(to))
	return err
}

func (s *socket) status() SocketStatus {
	return SocketStatus{Address: s.addr, ReadBuffer: s.buffer, KernelDrops: s.drops.Load()}
}

// addrPort returns the zero value for what is no IP address.
func addrPort(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case *net.UDPAddr:
		ap = a.AddrPort()
	case nil:
	default:
		ap, _ = netip.ParseAddrPort(a.String())
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func withPort(addr string, port uint16) string {
	host, _, _ := net.SplitHostPort(addr) // validated
	return net.JoinHostPort(host, fmt.Sprint(port))
}
