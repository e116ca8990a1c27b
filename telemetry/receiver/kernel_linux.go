package receiver

import (
	"context"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// listenShared opens a socket that shares its port with others of this
// program; the kernel deals the datagrams out by their source.
func listenShared(ctx context.Context, network, addr string) (net.PacketConn, error) {
	c := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) {
			failed = os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
		})
		if err != nil {
			return err
		}
		return failed
	}}
	return c.ListenPacket(ctx, network, addr)
}

// setReadBuffer asks for a buffer of n bytes and returns what it got. A
// program with CAP_NET_ADMIN is not bound by net.core.rmem_max.
func setReadBuffer(conn *net.UDPConn, n int) (granted int) {
	control(conn, func(fd int) {
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, n) != nil {
			_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, n)
		}
		doubled, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
		if err == nil {
			granted = doubled / 2 // socket(7): the kernel doubles it for its own bookkeeping
		}
	})
	return granted
}

// inode returns the number by which /proc/net/udp lists a socket.
func inode(conn *net.UDPConn) (n uint64) {
	control(conn, func(fd int) {
		var st unix.Stat_t
		if unix.Fstat(fd, &st) == nil {
			n = uint64(st.Ino)
		}
	})
	return n
}

func control(conn *net.UDPConn, f func(fd int)) {
	raw, err := conn.SyscallConn()
	if err == nil {
		_ = raw.Control(func(fd uintptr) { f(int(fd)) }) // fails on a closed socket only
	}
}

// readKernelDrops reads how many datagrams found the buffer of a socket full.
func readKernelDrops(each func(inode, drops uint64)) {
	for _, path := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		f, err := os.Open(path)
		if err != nil {
			continue // no IPv6, or no /proc
		}
		parseKernelDrops(f, each)
		_ = f.Close()
	}
}

// controlSize is room for the destination of a datagram, in both forms.
func controlSize() int {
	return unix.CmsgSpace(unix.SizeofInet4Pktinfo) + unix.CmsgSpace(unix.SizeofInet6Pktinfo)
}

// keepDestinations lets the kernel tell to which address each datagram was
// sent. A socket of both families tells it by the option of the datagram's.
func keepDestinations(conn *net.UDPConn) {
	control(conn, func(fd int) {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1) // fails on a socket of IPv4
	})
}

// destination reads the address of this host that a datagram was sent to,
// from its control messages. It is not valid when they do not tell.
func destination(b []byte) netip.Addr {
	for len(b) > 0 {
		h, data, rest, err := unix.ParseOneSocketControlMessage(b)
		if err != nil {
			break
		}
		b = rest
		switch {
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			// ip(7): the index of the interface, the local address, the one
			// in the datagram, which may be a broadcast.
			return netip.AddrFrom4([4]byte(data[4:8]))
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			addr := netip.AddrFrom16([16]byte(data))
			if !addr.Is4In6() && !addr.IsMulticast() {
				return addr
			}
		}
	}
	return netip.Addr{}
}

// sourceControl is the control message that lets a datagram leave from an
// address of this host.
func sourceControl(addr netip.Addr) []byte {
	if addr.Is4() {
		return unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: addr.As4()})
	}
	return unix.PktInfo6(&unix.Inet6Pktinfo{Addr: addr.As16()})
}
