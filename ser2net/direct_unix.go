//go:build unix

package ser2net

import (
	"net"
	"syscall"

	"github.com/fieldgate/fieldgate/ser2net/internal/nowait"
)

// newDirect returns nil for a connection that is not plain TCP.
func newDirect(conn net.Conn) direct {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	return nowait.New(raw)
}

// nonBlock lets opening a pipe that nobody reads fail rather than wait.
const nonBlock = syscall.O_NONBLOCK
