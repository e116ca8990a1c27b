//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package tty

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/internal/linepoll"
	"github.com/fieldgate/fieldgate/ser2net/internal/termio"
)

// closeLimit is how long Close waits for a driver that hangs.
const closeLimit = time.Second

// port is an open device.
type port struct {
	device   *termio.Device
	release  func() // gives the device free for the Opener
	linePoll time.Duration
	close    sync.Once
	closed   chan struct{} // closed as soon as Close is called
}

var (
	_ ser2net.Port      = (*port)(nil)
	_ ser2net.LinePort  = (*port)(nil)
	_ ser2net.BreakPort = (*port)(nil)
	_ ser2net.DrainPort = (*port)(nil)
	_ ser2net.FlushPort = (*port)(nil)
	_ ser2net.CountPort = (*port)(nil)
)

func newPort(d *termio.Device, release func(), linePoll time.Duration) *port {
	return &port{device: d, release: release, linePoll: linePoll, closed: make(chan struct{})}
}

func (p *port) Read(b []byte) (int, error) {
	n, err := p.device.Read(b)
	return n, p.fault("read", err)
}

func (p *port) Write(b []byte) (int, error) {
	n, err := p.device.Write(b)
	return n, p.fault("write", err)
}

func (p *port) Close() error {
	err := p.wrap("close", os.ErrClosed)
	p.close.Do(func() {
		close(p.closed)
		// Whoever reads or writes lets go of the device, which otherwise
		// could not be closed.
		_ = p.device.SetDeadline(time.Unix(1, 0))
		done := make(chan error, 1)
		go func() {
			err := shut(p.device)
			p.release()
			done <- err
		}()
		select {
		case err = <-done:
		case <-time.After(closeLimit):
			err = p.wrap("close", os.ErrDeadlineExceeded)
		}
	})
	return err
}

func (p *port) Mode() (ser2net.Mode, error) {
	m, err := p.device.Mode()
	return m, p.fault("mode", err)
}

func (p *port) SetMode(m ser2net.Mode) error {
	if err := m.Validate(); err != nil {
		return p.wrap("set mode", err)
	}
	err := p.device.SetMode(m)
	if err == nil && (m.DTR != nil || m.RTS != nil) {
		if err = p.device.SetLines(m.DTR, m.RTS); errors.Is(err, ser2net.ErrNoLines) {
			err = nil
		}
	}
	return p.fault("set mode", err)
}

func (p *port) Lines() (ser2net.Lines, error) {
	l, err := p.device.Lines()
	return l, p.fault("lines", err)
}

func (p *port) SetLines(dtr, rts *bool) error {
	return p.fault("set lines", p.device.SetLines(dtr, rts))
}

// WaitLines polls: TIOCMIWAIT of Linux cannot be ended by Close.
func (p *port) WaitLines(ctx context.Context, since ser2net.Lines) (ser2net.Lines, error) {
	l, err := linepoll.Wait(ctx, p.closed, p.linePoll, since, p.device.Lines)
	return l, p.fault("wait for lines", err)
}

func (p *port) SetBreak(on bool) error {
	ctx, cancel := p.untilClose(context.Background())
	defer cancel()
	return p.fault("break", p.device.SetBreak(ctx, on))
}

func (p *port) Drain(ctx context.Context) error {
	ctx, cancel := p.untilClose(ctx)
	defer cancel()
	return p.fault("drain", p.device.Drain(ctx))
}

func (p *port) FlushInput() error {
	return p.fault("flush input", p.device.Flush(true, false))
}

func (p *port) FlushOutput() error {
	return p.fault("flush output", p.device.Flush(false, true))
}

func (p *port) Counters() (ser2net.Counters, error) {
	c, err := p.device.Counters()
	return c, p.fault("counters", err)
}

// untilClose returns a context that Close ends too.
func (p *port) untilClose(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-p.closed:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// fault returns the error of an operation in the words of [ser2net.Port].
func (p *port) fault(op string, err error) error {
	if err == nil {
		return nil
	}
	select {
	case <-p.closed:
		return p.wrap(op, os.ErrClosed)
	default:
	}
	if errors.Is(err, io.EOF) || termio.Gone(err) {
		return p.wrap(op, ser2net.ErrHangup)
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err // the name comes once
	}
	return p.wrap(op, err)
}

func (p *port) wrap(op string, err error) error {
	return &fs.PathError{Op: op, Path: p.device.Name(), Err: err}
}
