package bugst

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.bug.st/serial"

	"github.com/fieldgate/fieldgate/ser2net"
)

// closeLimit is how long Close waits for a driver that hangs.
const closeLimit = 2 * time.Second

// port is an open device.
type port struct {
	device   string
	lib      serial.Port
	control  control
	linePoll time.Duration

	setting sync.Mutex // one mode at a time
	users   sync.WaitGroup
	writing atomic.Int32
	gone    atomic.Bool // after the first ErrHangup

	mu      sync.Mutex
	shut    bool          // no further users
	closed  chan struct{} // closed together with shut
	release func()        // gives the device free for the Opener
}

var (
	_ ser2net.Port      = (*port)(nil)
	_ ser2net.LinePort  = (*port)(nil)
	_ ser2net.BreakPort = (*port)(nil)
	_ ser2net.DrainPort = (*port)(nil)
	_ ser2net.FlushPort = (*port)(nil)
	_ ser2net.CountPort = (*port)(nil)
)

func newPort(device string, lib serial.Port, c control, linePoll time.Duration) *port {
	c.attach(lib)
	return &port{
		device: device, lib: lib, control: c, linePoll: linePoll, closed: make(chan struct{}), release: func() {},
	}
}

func (p *port) setRelease(release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.release = release
}

// use runs an operation during which the library's file is not closed: its
// number could be that of another file at once.
func (p *port) use(op string, run func() error) error {
	p.mu.Lock()
	if p.shut {
		p.mu.Unlock()
		return p.wrap(op, os.ErrClosed)
	}
	p.users.Add(1)
	p.mu.Unlock()
	defer p.users.Done()
	if p.gone.Load() {
		return p.wrap(op, ser2net.ErrHangup)
	}
	if err := run(); err != nil {
		return p.wrap(op, p.meaning(err))
	}
	return nil
}

// meaning returns an error in the words of [ser2net.Port].
func (p *port) meaning(err error) error {
	var lib *serial.PortError
	switch {
	case p.isShut():
		return os.ErrClosed
	case errors.As(err, &lib) && lib.Code() == serial.PortClosed, // the library takes it for closed
		errors.Is(err, syscall.EIO), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
		p.gone.Store(true)
		return ser2net.ErrHangup
	case errors.Is(err, syscall.ENOTTY) && !errors.Is(err, errors.ErrUnsupported):
		return ser2net.ErrNoLines // nothing else of the library is unknown to a driver
	}
	return err
}

func (p *port) isShut() bool {
	select {
	case <-p.closed:
		return true
	default:
		return false
	}
}

func (p *port) wrap(op string, err error) error {
	return &fs.PathError{Op: op, Path: p.device, Err: err}
}

// Close frees whoever waits in the library, and closes its file when all have
// left.
func (p *port) Close() error {
	p.mu.Lock()
	if p.shut {
		p.mu.Unlock()
		return p.wrap("close", os.ErrClosed)
	}
	p.shut = true
	close(p.closed)
	release := p.release
	p.mu.Unlock()

	done := make(chan error, 1)
	go func() {
		p.users.Wait()
		p.control.drop()
		err := p.lib.Close()
		p.control.close()
		release()
		done <- err
	}()
	stuck, limit := time.After(closeLimit/2), time.After(closeLimit)
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-stuck: // the driver can drop nothing
			p.control.hangUp()
		case <-limit:
			return p.wrap("close", os.ErrDeadlineExceeded)
		case <-ticker.C:
			if p.writing.Load() > 0 { // makes room for what it waits with
				_ = p.lib.ResetOutputBuffer()
				p.control.wake()
			}
		}
	}
}
