package ser2net

import (
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
