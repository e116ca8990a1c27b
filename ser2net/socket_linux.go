package ser2net

import (
	"encoding/binary"
	"net"
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of linux/tcp.h, in milliseconds. Package
// syscall has it for no processor.
const tcpUserTimeout = 18

// setSocket sets what package net has no method for. What a socket refuses is
// left: it is none of TCP then.
func setSocket(conn *net.TCPConn, userTimeout time.Duration, inlineUrgent bool) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(userTimeout.Milliseconds()))
		if inlineUrgent {
			_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_OOBINLINE, 1)
		}
	})
}

// The states of tcp_states.h in which a connection can be that its peer has
// ended.
const (
	tcpClose     = 7 // both ways, and not in order
	tcpCloseWait = 8 // its own way
)

// endingOf asks the kernel, which knows of an end before everything is read.
func endingOf(conn *net.TCPConn) (e ending) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return e
	}
	_ = raw.Control(func(fd uintptr) {
		info, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_INFO)
		if err != nil {
			return
		}
		var begin [4]byte // of struct tcp_info, of which the state is the first byte
		binary.NativeEndian.PutUint32(begin[:], uint32(info))
		switch begin[0] {
		case tcpCloseWait:
			e.closed = true
		case tcpClose:
			e.broken = syscall.ECONNRESET
			if cause, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ERROR); err == nil && cause != 0 {
				e.broken = syscall.Errno(cause)
			}
		}
	})
	return e
}
