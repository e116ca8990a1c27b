package receiver

import (
	"context"
	"net"
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
