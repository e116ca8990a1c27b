//go:build unix

package ser2net

import (
	"net"
	"syscall"
)

// direct writes to a TCP connection without ever waiting. It is not safe for
// concurrent use.
type direct struct {
	raw     syscall.RawConn
	attempt func(fd uintptr) bool // made once, so that a write allocates nothing
	p       []byte
	n       int
	err     error
}

// newDirect returns nil for a connection that is not plain TCP.
func newDirect(conn net.Conn) *direct {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	d := &direct{raw: raw}
	d.attempt = func(fd uintptr) bool {
		d.n, d.err = syscall.Write(int(fd), d.p)
		for d.err == syscall.EINTR {
			d.n, d.err = syscall.Write(int(fd), d.p)
		}
		return true // done, whatever came of it: nobody waits
	}
	return d
}

// write sends as much of p as the kernel takes now.
func (d *direct) write(p []byte) (int, error) {
	d.p = p
	err := d.raw.Write(d.attempt)
	d.p = nil
	switch {
	case err != nil:
		return 0, err
	case d.err == syscall.EAGAIN:
		return 0, nil
	case d.err != nil:
		return 0, d.err
	}
	return d.n, nil
}
