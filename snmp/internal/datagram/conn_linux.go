//go:build !386 && !s390x

package datagram

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"unsafe"
)

// Conn is a UDP socket. Its methods but Close are for one goroutine.
type Conn struct {
	fd      uintptr
	calls   sync.Mutex // held during a call
	closing sync.Once

	in, out     syscall.Msghdr
	data, reply syscall.Iovec
	from        syscall.RawSockaddrInet6 // also holds one of IPv4
}

// New takes a socket over from package net, and closes udp: as long as Go's
// poller had it too, each datagram would wake that.
func New(udp *net.UDPConn) (*Conn, error) {
	raw, err := udp.SyscallConn()
	if err != nil {
		return nil, err
	}
	var fd uintptr
	var errno syscall.Errno
	if err := raw.Control(func(shared uintptr) {
		fd, _, errno = syscall.Syscall(syscall.SYS_FCNTL, shared, syscall.F_DUPFD_CLOEXEC, 0)
	}); err != nil {
		return nil, err
	}
	if errno != 0 {
		return nil, errno
	}
	if err := syscall.SetNonblock(int(fd), false); err != nil {
		return nil, errors.Join(err, syscall.Close(int(fd)))
	}
	return &Conn{fd: fd}, udp.Close()
}

// Receive waits for a datagram. It returns its length, that of its control
// messages, and its source without a zone. The error is net.ErrClosed after
// Close.
func (c *Conn) Receive(buf, oob []byte) (n, control int, from netip.AddrPort, err error) {
	c.data.Base = &buf[0]
	c.data.SetLen(len(buf))
	c.in.Name, c.in.Namelen = (*byte)(unsafe.Pointer(&c.from)), uint32(unsafe.Sizeof(c.from))
	c.in.Iov, c.in.Iovlen = &c.data, 1
	c.in.Control = &oob[0]
	c.in.SetControllen(len(oob))
	size, errno := c.call(func() (uintptr, uintptr, syscall.Errno) {
		return syscall.Syscall(syscall.SYS_RECVMSG, c.fd, uintptr(unsafe.Pointer(&c.in)), 0)
	})
	switch {
	case errno == syscall.EBADF, errno == 0 && c.in.Namelen == 0: // Close has ended the wait
		return 0, 0, from, net.ErrClosed
	case errno != 0:
		return 0, 0, from, errno
	}
	return int(size), int(c.in.Controllen), c.source(), nil
}

// source returns where the last datagram came from.
func (c *Conn) source() netip.AddrPort {
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&c.from.Port))[:])
	if c.from.Family == syscall.AF_INET {
		four := (*syscall.RawSockaddrInet4)(unsafe.Pointer(&c.from))
		return netip.AddrPortFrom(netip.AddrFrom4(four.Addr), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom16(c.from.Addr), port)
}

// Answer sends a datagram to where the last one came from, with control
// messages.
func (c *Conn) Answer(b, oob []byte) error {
	c.out.Name, c.out.Namelen = c.in.Name, c.in.Namelen
	c.reply.Base = &b[0]
	c.reply.SetLen(len(b))
	c.out.Iov, c.out.Iovlen = &c.reply, 1
	c.out.Control = nil
	if len(oob) > 0 {
		c.out.Control = &oob[0]
	}
	c.out.SetControllen(len(oob))
	// The scheduler is told of the call only if it has to wait: that costs more
	// than it takes.
	_, errno := c.call(func() (uintptr, uintptr, syscall.Errno) {
		return syscall.RawSyscall(syscall.SYS_SENDMSG, c.fd, uintptr(unsafe.Pointer(&c.out)), syscall.MSG_DONTWAIT)
	})
	if errno == syscall.EAGAIN {
		_, errno = c.call(func() (uintptr, uintptr, syscall.Errno) {
			return syscall.Syscall(syscall.SYS_SENDMSG, c.fd, uintptr(unsafe.Pointer(&c.out)), 0)
		})
	}
	if errno != 0 {
		return errno
	}
	return nil
}

// call makes a system call until no signal interrupts it.
func (c *Conn) call(do func() (uintptr, uintptr, syscall.Errno)) (uintptr, syscall.Errno) {
	c.calls.Lock()
	defer c.calls.Unlock()
	for {
		n, _, errno := do()
		if errno != syscall.EINTR {
			return n, errno
		}
	}
}

// closed is a descriptor that is none.
const closed = ^uintptr(0)

// Close ends the socket, and a Receive that waits.
func (c *Conn) Close() (err error) {
	c.closing.Do(func() {
		// It ends the call, though its error is that a UDP socket is not
		// connected.
		_ = syscall.Shutdown(int(c.fd), syscall.SHUT_RDWR)
		c.calls.Lock()
		defer c.calls.Unlock()
		err = syscall.Close(int(c.fd))
		c.fd = closed
	})
	return err
}
