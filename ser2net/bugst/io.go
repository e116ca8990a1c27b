package bugst

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/internal/linepoll"
)

const (
	readSlice  = 100 * time.Millisecond // how long the library waits in one Read
	writeSlice = 4096                   // what it writes at a time
)

// Read waits in slices: the library closes its file under whoever waits in
// it, when the number of the file may be that of another at once.
func (p *port) Read(b []byte) (n int, err error) {
	err = p.use("read", func() (err error) {
		for n == 0 && len(b) > 0 {
			if p.isShut() {
				return os.ErrClosed
			}
			n, err = p.lib.Read(b)
			if err != nil && !errors.Is(err, syscall.EINTR) {
				return err
			}
		}
		return nil
	})
	return n, err
}

// Write goes on after short writes, with which the library answers signals.
func (p *port) Write(b []byte) (n int, err error) {
	err = p.use("write", func() error {
		p.writing.Add(1)
		defer p.writing.Add(-1)
		for n < len(b) {
			if p.isShut() {
				return os.ErrClosed
			}
			done, err := p.lib.Write(b[n:min(n+writeSlice, len(b))])
			n += done
			if err != nil && !errors.Is(err, syscall.EINTR) {
				return err
			}
		}
		return nil
	})
	return n, err
}

func (p *port) Mode() (m ser2net.Mode, err error) {
	err = p.use("mode", func() (err error) {
		m, err = p.control.mode()
		return err
	})
	return m, err
}

func (p *port) SetMode(m ser2net.Mode) error {
	return p.use("set mode", func() error { return p.configure(m) })
}

// configure sets the lines first, see [ser2net.Mode].
func (p *port) configure(m ser2net.Mode) error {
	if err := m.Validate(); err != nil {
		return err
	}
	if err := refuse(m); err != nil {
		return err
	}
	p.setting.Lock()
	defer p.setting.Unlock()
	if m.DTR != nil || m.RTS != nil {
		if err := p.control.setLines(m.DTR, m.RTS); err != nil && !errors.Is(p.meaning(err), ser2net.ErrNoLines) {
			return err
		}
	}
	if err := p.lib.SetMode(libraryMode(m)); err != nil {
		return err
	}
	return p.control.setMode(m)
}

func (p *port) Lines() (l ser2net.Lines, err error) {
	err = p.use("lines", func() (err error) {
		l, err = p.control.lines()
		return err
	})
	return l, err
}

func (p *port) SetLines(dtr, rts *bool) error {
	return p.use("set lines", func() error { return p.control.setLines(dtr, rts) })
}

func (p *port) WaitLines(ctx context.Context, since ser2net.Lines) (l ser2net.Lines, err error) {
	err = p.use("wait for lines", func() (err error) {
		l, err = linepoll.Wait(ctx, p.closed, p.linePoll, since, p.control.lines)
		return err
	})
	return l, err
}

func (p *port) SetBreak(on bool) error {
	return p.use("break", func() error {
		ctx, cancel := p.untilClose(context.Background())
		defer cancel()
		return p.control.setBreak(ctx, on)
	})
}

func (p *port) Drain(ctx context.Context) error {
	return p.use("drain", func() error {
		ctx, cancel := p.untilClose(ctx)
		defer cancel()
		return p.control.drain(ctx)
	})
}

func (p *port) FlushInput() error { return p.use("flush input", p.lib.ResetInputBuffer) }

func (p *port) FlushOutput() error { return p.use("flush output", p.lib.ResetOutputBuffer) }

func (p *port) Counters() (c ser2net.Counters, err error) {
	err = p.use("counters", func() (err error) {
		c, err = p.control.counters()
		return err
	})
	return c, err
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
