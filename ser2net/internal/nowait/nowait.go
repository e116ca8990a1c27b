//go:build unix

// Package nowait reads and writes the descriptors of Go's poller by bare
// system calls, which cost about half.
//
// Go tells its scheduler of every system call, as it may block; after an idle
// time, however short, this wakes the monitor thread, which then watches for a
// while. For a proxy of small frames that is a third of all its work. A call
// on a descriptor that never blocks need not be told of: package os and net
// do not use that, so this package does. While a call runs the garbage
// collector cannot stop the thread: it is for sockets and serial devices,
// whose drivers only copy; see [Conn.Alone] for the exception.
package nowait

import (
	"io"
	"sync"
	"syscall"
)

// Conn is a descriptor in Go's poller. Deadlines and Close of what it was
// taken from end Read and Write. Read is safe beside Write.
type Conn struct {
	raw     syscall.RawConn
	in, out transfer
	calls   sync.RWMutex // held for reading during each call
}

// transfer is a call that is under way, one at a time.
type transfer struct {
	mu   sync.Mutex
	busy *sync.RWMutex // calls of the Conn
	p    []byte        // what is left to transfer
	n    int           // what has been
	err  error
	wait bool
	try  func(fd uintptr) (done bool) // made once, so that a call allocates nothing
}

// New returns the Conn of a descriptor that does not block.
func New(raw syscall.RawConn) *Conn {
	c := &Conn{raw: raw}
	c.in.busy, c.out.busy = &c.calls, &c.calls
	c.in.try = c.in.read
	c.out.try = c.out.write
	return c
}

// Read waits for at least one byte. The error is io.EOF at the end of the
// stream, and the bare error of the kernel.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := c.in.run(c.raw.Read, p, true)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

// Alone runs f while no call is under way. It is for what lets the kernel hold
// up the calls, such as setting the mode of a serial device, which talks to a
// USB adapter meanwhile: a thread of the scheduler must not wait for that.
func (c *Conn) Alone(f func()) {
	c.calls.Lock()
	defer c.calls.Unlock()
	f()
}

// Write writes all of p, and waits for room.
func (c *Conn) Write(p []byte) (int, error) { return c.out.run(c.raw.Write, p, true) }

// TryWrite writes as much of p as there is room for now. It waits only for
// another writer.
func (c *Conn) TryWrite(p []byte) (int, error) { return c.out.run(c.raw.Write, p, false) }

func (t *transfer) run(in func(func(fd uintptr) bool) error, p []byte, wait bool) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.p, t.n, t.err, t.wait = p, 0, nil, wait
	err := in(t.try)
	t.p = nil
	if err == nil {
		err = t.err
	}
	return t.n, err
}

// read reads once.
func (t *transfer) read(fd uintptr) (done bool) {
	t.busy.RLock()
	n, errno := read(fd, t.p)
	t.busy.RUnlock()
	switch errno {
	case 0:
		t.n = n
	case syscall.EAGAIN:
		return false
	default:
		t.err = errno
	}
	return true
}

// write writes until nothing is left, or there is no room.
func (t *transfer) write(fd uintptr) (done bool) {
	for len(t.p) > 0 {
		t.busy.RLock()
		n, errno := write(fd, t.p)
		t.busy.RUnlock()
		switch errno {
		case 0:
			t.n, t.p = t.n+n, t.p[n:]
		case syscall.EAGAIN:
			return !t.wait
		default:
			t.err = errno
			return true
		}
	}
	return true
}
