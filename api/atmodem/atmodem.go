package atmodem

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/api"
)

// Opener opens the command port of a modem. It returns soon when ctx has
// ended. Read of the port waits for the modem; Close, called while Read and
// Write are under way, ends both and returns soon.
type Opener func(ctx context.Context) (io.ReadWriteCloser, error)

// Options are what the program may choose. The zero value is ready for use.
type Options struct {
	// TTL is for how long an answer is given again without asking the
	// modem. Zero or less means 5 s.
	TTL time.Duration
	// Timeout is how long the modem may take for one command. Zero or less
	// means 5 s.
	Timeout time.Duration
	// Total is how long one questioning may take, with opening the port.
	// Zero or less means 9 s, since package api waits for 10 s. What a slow
	// modem has told by then is the answer; the rest follows with the next.
	Total time.Duration
	// Logger gets what the package comment says. Nil discards it.
	Logger *slog.Logger
}

// Modem is a modem that answers AT commands. Make it with [New]. Its methods
// are safe for concurrent use.
type Modem struct {
	open    Opener
	options Options

	mu      sync.Mutex
	closed  bool
	asking  *questioning // under way
	latest  api.ModemInfo
	read    time.Time // of latest
	running sync.WaitGroup

	// The questioning that is under way, and Close after it, use this.
	session *session
}

var _ api.Modem = (*Modem)(nil)

// questioning is one that several callers wait for.
type questioning struct {
	end  context.CancelFunc
	done chan struct{} // closed when the result is set
	info api.ModemInfo
	err  error
}

// New returns the provider. It opens nothing yet.
func New(open Opener, o Options) *Modem {
	positive := func(d *time.Duration, otherwise time.Duration) {
		if *d <= 0 {
			*d = otherwise
		}
	}
	positive(&o.TTL, 5*time.Second)
	positive(&o.Timeout, 5*time.Second)
	positive(&o.Total, 9*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Modem{open: open, options: o}
}

// ModemInfo asks the modem, see [api.Modem]. Callers at the same time share
// one questioning, which goes on when a caller's ctx ends. After Close the
// error wraps fs.ErrClosed.
func (m *Modem) ModemInfo(ctx context.Context) (api.ModemInfo, error) {
	if err := ctx.Err(); err != nil {
		return api.ModemInfo{}, fmt.Errorf("atmodem: %w", err)
	}
	q, info := m.ask()
	if q == nil {
		return info, nil
	}
	select {
	case <-q.done:
		return clone(q.info), q.err
	case <-ctx.Done():
		return api.ModemInfo{}, fmt.Errorf("atmodem: %w", ctx.Err())
	}
}

// ask returns the questioning that is under way, a new one, or nil and the
// latest answer if that is fresh.
func (m *Modem) ask() (*questioning, api.ModemInfo) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.closed:
		q := &questioning{done: make(chan struct{}), err: errClosed}
		close(q.done)
		return q, api.ModemInfo{}
	case m.asking != nil:
		return m.asking, api.ModemInfo{}
	case !m.read.IsZero() && time.Since(m.read) < m.options.TTL:
		return nil, clone(m.latest)
	}
	ctx, cancel := context.WithTimeout(context.Background(), m.options.Total)
	q := &questioning{end: cancel, done: make(chan struct{})}
	m.asking = q
	m.running.Go(func() {
		defer cancel()
		info, err := m.question(ctx)
		m.answer(q, info, err)
	})
	return q, api.ModemInfo{}
}

// answer ends a questioning.
func (m *Modem) answer(q *questioning, info api.ModemInfo, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asking = nil
	switch {
	case m.closed:
		q.err = errClosed
	case err != nil:
		q.err = fmt.Errorf("atmodem: %w: %w", api.ErrNotReady, err)
	default:
		q.info = info
		m.latest, m.read = info, time.Now()
	}
	close(q.done)
}

// clone gives each caller a signal of its own.
func clone(info api.ModemInfo) api.ModemInfo {
	if info.SignalDBm != nil {
		info.SignalDBm = new(*info.SignalDBm)
	}
	return info
}

// question asks the modem. Where a session from before has died meanwhile, it
// tries a new one.
func (m *Modem) question(ctx context.Context) (api.ModemInfo, error) {
	old := m.session != nil
	info, err := m.attempt(ctx)
	if err != nil && old && ctx.Err() == nil {
		info, err = m.attempt(ctx)
	}
	return info, err
}

func (m *Modem) attempt(ctx context.Context) (api.ModemInfo, error) {
	fresh := m.session == nil
	if fresh {
		port, err := m.open(ctx)
		if err != nil {
			return api.ModemInfo{}, fmt.Errorf("open the modem's port: %w", err)
		}
		m.session = newSession(port, m.options.Timeout)
	}
	info, err := m.session.read(ctx)
	if err != nil {
		m.session.close()
		m.session = nil
		if !fresh {
			m.options.Logger.Warn("atmodem: the modem is lost", "error", err)
		}
		return api.ModemInfo{}, err
	}
	if fresh {
		m.options.Logger.Info("atmodem: the modem answers", "manufacturer", info.Manufacturer, "model", info.Model)
	}
	return info, nil
}

// Close closes the port; who waits for an answer gets an error that wraps
// fs.ErrClosed. It may be called again.
func (m *Modem) Close() error {
	m.mu.Lock()
	m.closed = true
	if m.asking != nil {
		m.asking.end()
	}
	m.mu.Unlock()
	m.running.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.session == nil {
		return nil
	}
	err := m.session.close()
	m.session = nil
	return err
}

var (
	errClosed = fmt.Errorf("atmodem: %w", fs.ErrClosed)
	errSilent = errors.New("the modem does not answer; check that it has power and that this is its command port")
	errHungUp = errors.New("the modem's port has hung up")
)
