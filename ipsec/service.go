package ipsec

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// Service keeps the connections of a Config in an IKE daemon. Make it with
// [New]; its methods are safe for concurrent use. It lives once, and
// [Service.Apply] changes its Config while it lives.
type Service struct {
	shell *lifecycle.Shell
	opts  Options
	log   *slog.Logger
	news  *news
	// changing is held, by a value in it, by who changes what the daemon
	// holds.
	changing chan struct{}
	keep     atomic.Bool // the connections stay in the daemon at the end

	mu      sync.Mutex
	cfg     Config
	res     Resolution
	tunnels map[string]*tunnel
	order   []string // names of tunnels, as in cfg
	daemon  DaemonStatus
	met     bool            // the daemon has answered once
	polled  time.Time       // when the daemon was asked last
	life    context.Context // ends with the service; nil before it runs
	link    *link           // nil while there is no daemon
	parting []*attempt      // of connections that are gone
	ready   chan struct{}   // closed while the daemon is ready
}

// New returns a service for a Config, not started. It does no I/O. The error
// is that of [Config.Validate], or names what is missing in the Options.
func New(c Config, o Options) (*Service, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &Service{
		opts: o, log: o.Logger, changing: make(chan struct{}, 1), ready: make(chan struct{}),
		daemon: DaemonStatus{State: DaemonWaiting, Since: time.Now()},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.keep.Store(o.KeepOnStop)
	s.news = newNews(s.tell)
	s.adopt(c, Resolution{})
	s.shell = lifecycle.New("ipsec", s.open)
	return s, nil
}

// Start begins to look for the daemon, and returns: a daemon that is not
// there is waited for, and [Service.Status] tells so. ctx bounds the start-up
// only. It returns [ErrDisabled] for a disabled Config, [ErrStarted] when it
// has succeeded before, and [ErrStopped] after Stop.
func (s *Service) Start(ctx context.Context) error { return s.shell.Start(ctx) }

// Stop ends the connections, takes them out of the daemon, and waits for the
// end; with [Options.KeepOnStop] they stay. Calls under way return. A daemon
// that does not answer is given up after ten seconds. Stop may be called at
// any time and any number of times. When ctx ends first it returns ctx's
// error, and the end still comes.
func (s *Service) Stop(ctx context.Context) error { return s.shell.Stop(ctx) }

// Release is Stop as with [Options.KeepOnStop]: the connections stay in the
// daemon, and what is up stays up, for the next service.
func (s *Service) Release(ctx context.Context) error {
	s.keep.Store(true)
	return s.shell.Stop(ctx)
}

// Ready waits until the daemon is there and holds what is applied. It returns
// nil at once while that is so, ctx's error when that ends first, and
// [ErrNotRunning] when the service stops.
func (s *Service) Ready(ctx context.Context) error {
	s.mu.Lock()
	ready := s.ready
	s.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-s.shell.Done():
		return fmt.Errorf("ipsec: %w", ErrNotRunning)
	case <-ctx.Done():
		return fmt.Errorf("ipsec: waiting for the IKE daemon: %w", ctx.Err())
	}
}

// Done returns a channel that is closed when the service has ended for good.
func (s *Service) Done() <-chan struct{} { return s.shell.Done() }

// Err is nil: nothing but Stop ends a running service.
func (s *Service) Err() error { return s.shell.Err() }

// String names the service.
func (s *Service) String() string { return "ipsec" }

// open implements [lifecycle.Open].
func (s *Service) open(ctx context.Context) (lifecycle.Run, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.unlock()
	c := s.config()
	if !c.Enabled {
		return nil, ErrDisabled
	}
	res, err := c.Resolve(time.Now())
	if err != nil {
		return nil, err
	}
	life, cancel := context.WithCancel(context.Background())
	s.mu.Lock()
	s.life = life
	s.adopt(c, res)
	s.mu.Unlock()
	return func(ctx context.Context) error {
		defer context.AfterFunc(ctx, cancel)()
		defer cancel()
		s.run(ctx)
		return nil
	}, nil
}

// config returns the Config in force.
func (s *Service) config() Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg
}

// lock claims the right to change what the daemon holds.
func (s *Service) lock(ctx context.Context) error {
	select {
	case s.changing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Service) unlock() { <-s.changing }

// running returns an error unless the service runs.
func (s *Service) running() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life == nil || s.life.Err() != nil {
		return fmt.Errorf("ipsec: %w", ErrNotRunning)
	}
	return nil
}
