package ser2net

import (
	"context"
	"sync"

	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// Service is the proxy. Make it with [New]; its methods are safe for
// concurrent use. It lives once, and [Service.Apply] changes its Config while
// it lives.
type Service struct {
	shell *lifecycle.Shell
	opts  Options
	env   *environment

	applying sync.Mutex // one change of the set at a time

	mu   sync.Mutex
	cfg  Config
	life context.Context // ends with the service; nil before it runs
	set  set
}

// New returns the proxy of a Config, not started. It does no I/O. The error
// is that of [Config.Validate], or names what is missing in the Options.
func New(c Config, o Options) (*Service, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if err := o.check(c); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	s := &Service{cfg: c, opts: o, env: newEnvironment(o), set: newSet()}
	s.shell = lifecycle.New("ser2net", s.open)
	return s, nil
}

// Start listens on all addresses and returns once they are served, or with
// the reason why one cannot be; then nothing is held, and Start may be called
// again. Devices need not exist. ctx bounds the start-up only. It returns
// [ErrDisabled] for a disabled Config, [ErrStarted] when it has succeeded
// before, and [ErrStopped] after Stop.
func (s *Service) Start(ctx context.Context) error { return s.shell.Start(ctx) }

// Stop disconnects all clients, gives the devices back and waits for the end.
// Clients have two seconds to take what waits for them, and devices one second
// for their output, at the same time. Drivers that hang are given up after
// five seconds. Then the last events are handed over. Stop may be called at
// any time and any number of times. When ctx ends first it returns ctx's
// error, and the end still comes.
func (s *Service) Stop(ctx context.Context) error { return s.shell.Stop(ctx) }

// Done returns a channel that is closed when the service has ended for good.
func (s *Service) Done() <-chan struct{} { return s.shell.Done() }

// Err is nil: nothing but Stop ends a running proxy.
func (s *Service) Err() error { return s.shell.Err() }

// String names the service.
func (s *Service) String() string { return "ser2net" }

// open implements [lifecycle.Open].
func (s *Service) open(ctx context.Context) (lifecycle.Run, error) {
	s.env.begin()
	end, err := s.begin(ctx)
	if err != nil {
		s.env.end() // outside of the lock: who gets the events may be in Apply
		return nil, err
	}
	return func(ctx context.Context) error {
		<-ctx.Done()
		end()
		s.env.end()
		return nil
	}, nil
}

// begin starts what the Config wants and returns what ends it. On failure
// nothing runs.
func (s *Service) begin(ctx context.Context) (end func(), err error) {
	s.applying.Lock()
	defer s.applying.Unlock()
	cfg := s.config()
	if !cfg.Enabled {
		return nil, ErrDisabled
	}
	if err := s.bring(ctx, cfg); err != nil {
		s.clear()
		return nil, err
	}
	life, cancel := context.WithCancel(context.Background())
	s.mu.Lock()
	s.life = life
	s.mu.Unlock()
	return func() {
		cancel() // ends an Apply that waits
		s.applying.Lock()
		defer s.applying.Unlock()
		s.clear()
	}, nil
}

// config returns the Config in force.
func (s *Service) config() Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg
}
