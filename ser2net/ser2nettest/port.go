package ser2nettest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/fieldgate/fieldgate/ser2net"
)

// Port is an open end of a line.
type Port struct {
	end  *end
	name string
	from ser2net.Counters // when it was opened

	// Guarded by the lock of the line.
	hung   bool
	closed bool
}

var (
	_ ser2net.Port      = (*Port)(nil)
	_ ser2net.LinePort  = (*Port)(nil)
	_ ser2net.BreakPort = (*Port)(nil)
	_ ser2net.DrainPort = (*Port)(nil)
	_ ser2net.FlushPort = (*Port)(nil)
	_ ser2net.CountPort = (*Port)(nil)
)

// do runs an operation with the lock held, unless the port has ended, and
// puts its name and that of the device before its error.
func (p *Port) do(op string, run func(e *end) error) error {
	l := p.end.line
	l.mu.Lock()
	defer l.mu.Unlock()
	err := p.ended()
	if err == nil {
		err = run(p.end)
		l.settle()
	}
	if err != nil {
		return &fs.PathError{Op: op, Path: p.name, Err: err}
	}
	return nil
}

func (p *Port) ended() error {
	switch {
	case p.closed:
		return os.ErrClosed
	case p.hung:
		return ser2net.ErrHangup
	}
	return nil
}

// await waits until ready, with the lock held.
func (p *Port) await(ctx context.Context, ready func() bool) error {
	l := p.end.line
	stop := context.AfterFunc(ctx, func() { l.change(func() {}) })
	defer stop()
	for {
		if err := p.ended(); err != nil {
			return err
		}
		if ready() {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		l.changed.Wait()
	}
}

// Read waits for bytes from the other end.
func (p *Port) Read(b []byte) (n int, err error) {
	err = p.do("read", func(e *end) error {
		if err := p.await(context.Background(), func() bool { return len(e.rx) > 0 || len(b) == 0 }); err != nil {
			return err
		}
		n = copy(b, e.rx)
		e.rx = e.rx[n:]
		return nil
	})
	return n, err
}

// Write puts bytes into the buffer of the driver, which holds 4,096.
func (p *Port) Write(b []byte) (n int, err error) {
	err = p.do("write", func(e *end) error {
		for n < len(b) {
			if err := p.await(context.Background(), func() bool { return len(e.tx) < bufferSize }); err != nil {
				return err
			}
			part := b[n:min(len(b), n+bufferSize-len(e.tx))]
			e.tx = append(e.tx, part...)
			n += len(part)
			e.line.settle()
		}
		return nil
	})
	return n, err
}

// Close ends whatever waits and drops what has not been sent.
func (p *Port) Close() error {
	l := p.end.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.closed {
		return &fs.PathError{Op: "close", Path: p.name, Err: os.ErrClosed}
	}
	p.closed = true
	p.end.user = nil
	if !p.hung {
		p.end.detach()
	}
	l.settle()
	return nil
}

// Mode returns the mode in force.
func (p *Port) Mode() (m ser2net.Mode, err error) {
	err = p.do("mode", func(e *end) error {
		m = e.mode
		return nil
	})
	return m, err
}

// SetMode changes the mode as far as the hardware can.
func (p *Port) SetMode(m ser2net.Mode) error {
	return p.do("set mode", func(e *end) error {
		if err := m.Validate(); err != nil {
			return err
		}
		if err := e.unsupported(m); err != nil {
			return err
		}
		e.configure(m)
		return nil
	})
}

// withLines is do for a device that has modem lines.
func (p *Port) withLines(op string, run func(e *end) error) error {
	return p.do(op, func(e *end) error {
		if e.line.hw.NoLines {
			return ser2net.ErrNoLines
		}
		return run(e)
	})
}

// Lines returns the modem lines.
func (p *Port) Lines() (lines ser2net.Lines, err error) {
	err = p.withLines("lines", func(e *end) error {
		lines = e.lines()
		return nil
	})
	return lines, err
}

// SetLines sets the outputs that are not nil.
func (p *Port) SetLines(dtr, rts *bool) error {
	return p.withLines("set lines", func(e *end) error {
		if dtr != nil {
			e.dtr = *dtr
		}
		if rts != nil {
			e.rts = *rts
		}
		return nil
	})
}

// WaitLines waits until the lines differ from since. It sees every change
// that lasts until a goroutine runs.
func (p *Port) WaitLines(ctx context.Context, since ser2net.Lines) (lines ser2net.Lines, err error) {
	err = p.withLines("wait for lines", func(e *end) error {
		err := p.await(ctx, func() bool { return e.lines() != since })
		lines = e.lines()
		return err
	})
	return lines, err
}

// SetBreak switches the break condition.
func (p *Port) SetBreak(on bool) error {
	return p.do("break", func(e *end) error {
		err := p.drain(context.Background())
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		e.tx = nil // what the line does not take
		if on && !e.brk && e.peer.port != nil {
			e.peer.count.Break++
		}
		e.brk = on
		return nil
	})
}

// Drain waits until all output is sent.
func (p *Port) Drain(ctx context.Context) error {
	return p.do("drain", func(*end) error { return p.drain(ctx) })
}

// drain gives up when nothing moves for long, see [ser2net.DrainPort].
func (p *Port) drain(ctx context.Context) error {
	e := p.end
	limit := 500*time.Millisecond + 512*characterTime(e.mode)
	for len(e.tx) > 0 {
		sent := e.count.Tx
		patience, cancel := context.WithTimeout(ctx, limit)
		err := p.await(patience, func() bool { return len(e.tx) == 0 || e.count.Tx != sent })
		cancel()
		switch {
		case err == nil:
		case ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded):
			return err
		default:
			return fmt.Errorf("the line takes no output, %d bytes wait: %w", len(e.tx), os.ErrDeadlineExceeded)
		}
	}
	return nil
}

// FlushInput drops what has been received and not read.
func (p *Port) FlushInput() error {
	return p.do("flush input", func(e *end) error { e.rx = nil; return nil })
}

// FlushOutput drops what has been written and not sent.
func (p *Port) FlushOutput() error {
	return p.do("flush output", func(e *end) error { e.tx = nil; return nil })
}

// Counters returns what was counted since the port was opened.
func (p *Port) Counters() (c ser2net.Counters, err error) {
	err = p.do("counters", func(e *end) error {
		if e.line.hw.NoCounters {
			return fmt.Errorf("the driver does not count: %w", errors.ErrUnsupported)
		}
		now, from := e.count, p.from
		c = ser2net.Counters{
			Rx: now.Rx - from.Rx, Tx: now.Tx - from.Tx, Frame: now.Frame - from.Frame,
			Overrun: now.Overrun - from.Overrun, Parity: now.Parity - from.Parity,
			Break: now.Break - from.Break, BufOverrun: now.BufOverrun - from.BufOverrun,
		}
		return nil
	})
	return c, err
}
