package openvpn

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"sync"

	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// Service runs the instances. Make it with [New]; its methods are safe for
// concurrent use. It lives once, and [Service.Apply] changes its Config while
// it lives.
type Service struct {
	shell    *lifecycle.Shell
	opts     Options
	env      *environment
	applying chan struct{} // holds one: who changes the set

	mu        sync.Mutex
	cfg       Config
	life      context.Context // ends with the service; nil before it runs
	releasing bool            // the end leaves the processes alone
	problem   string          // why there is no openvpn
	version   string
	set       map[string]*supervisor // by [key]
	order     []*supervisor
	ending    sync.WaitGroup // instances and processes that are not in the set any more
	watch     watch
}

// New returns the service of a Config, not started. It does no I/O. The error
// is that of [Config.Validate], or names what is missing in the Options.
func New(c Config, o Options) (*Service, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	switch {
	case o.Runner == nil:
		return nil, errors.New("openvpn: Options.Runner is nil, it runs openvpn: use process.New")
	case o.Store == nil:
		return nil, errors.New("openvpn: Options.Store is nil, it keeps keys and certificates: use filestore.Open")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OpenFolder == nil {
		o.OpenFolder = func(path string) fs.FS { return diskFolder(path) }
	}
	s := &Service{cfg: c, opts: o, set: make(map[string]*supervisor), applying: make(chan struct{}, 1)}
	s.env = &environment{
		runner: o.Runner, store: o.Store, logger: o.Logger,
		notifier: notifier{call: o.OnChange, wake: make(chan struct{}, 1)},
		arrived:  s.arrived,
	}
	s.shell = lifecycle.New("openvpn", s.open)
	return s, nil
}

// Start takes over the processes that an earlier life left, starts the
// enabled instances, and returns; how they do tells [Service.Status]. That
// openvpn is not installed is no error of Start. ctx bounds the start-up only.
// Start returns [ErrDisabled] for a disabled Config, [ErrStarted] when it has
// succeeded before, and [ErrStopped] after Stop. An instance that another
// program manages is no error of Start either: it fails with
// [CauseUnmanaged] until the other one ends.
func (s *Service) Start(ctx context.Context) error { return s.shell.Start(ctx) }

// Stop ends all processes and waits for that. A process has 15 seconds to say
// good-bye to its other ends before it is killed. Stop may be called at any
// time and any number of times. When ctx ends first it returns ctx's error,
// and the end still comes.
func (s *Service) Stop(ctx context.Context) error { return s.shell.Stop(ctx) }

// Release is Stop, but leaves the processes running, with nobody to manage
// them: a new Service that is started with the same Config takes them over,
// and no tunnel notices.
func (s *Service) Release(ctx context.Context) error {
	s.mu.Lock()
	s.releasing = true
	s.mu.Unlock()
	return s.shell.Stop(ctx)
}

// Done returns a channel that is closed when the service has ended for good.
func (s *Service) Done() <-chan struct{} { return s.shell.Done() }

// Err is nil: nothing but Stop and Release ends a running service.
func (s *Service) Err() error { return s.shell.Err() }

// String names the service.
func (s *Service) String() string { return "openvpn" }

// open implements [lifecycle.Open].
func (s *Service) open(ctx context.Context) (lifecycle.Run, error) {
	if err := s.claim(ctx); err != nil {
		return nil, err
	}
	defer s.yield()
	cfg := s.config()
	if !cfg.Enabled {
		return nil, ErrDisabled
	}
	s.askVersion(ctx)
	left, err := s.opts.Runner.Adopt(ctx)
	if err != nil && !errors.Is(err, ErrNotInstalled) {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(err, releaseAll(left))
	}
	life, cancel := context.WithCancel(context.Background())
	s.mu.Lock()
	s.life = life
	s.mu.Unlock()
	s.look(cfg, true)
	adopted := make(map[string]Process)
	for _, p := range left {
		adopted[key(p.Name())] = p
	}
	_ = s.reconcile(ctx, adopted) // each instance tells its own fault
	return func(ctx context.Context) error {
		defer context.AfterFunc(ctx, cancel)() // ends an Apply that waits
		var wg sync.WaitGroup
		quiet, end := context.WithCancel(context.Background())
		wg.Go(func() { s.env.notifier.run(quiet) })
		s.watchFolder(ctx)
		s.endAll()
		end()
		wg.Wait()
		return nil
	}, nil
}

// claim waits for the right to change the set, yield gives it back.
func (s *Service) claim(ctx context.Context) error {
	select {
	case s.applying <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Service) yield() { <-s.applying }

func releaseAll(left []Process) error {
	var errs []error
	for _, p := range left {
		errs = append(errs, p.Release())
	}
	return errors.Join(errs...)
}

// endAll ends, or releases, all instances at once.
func (s *Service) endAll() {
	_ = s.claim(context.Background()) // what holds it ends with the service
	defer s.yield()
	s.mu.Lock()
	release := s.releasing
	all := s.order
	s.mu.Unlock()
	for _, one := range all {
		s.ending.Go(func() { one.close(release) })
	}
	s.ending.Wait()
}

func (s *Service) askVersion(ctx context.Context) {
	version, err := s.opts.Runner.Version(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version, s.problem = version, ""
	if err != nil {
		s.problem = err.Error()
		s.opts.Logger.Warn("openvpn: no openvpn", "error", err)
	}
}

// arrived is called when a process started: if there was no openvpn before,
// somebody has installed it.
func (s *Service) arrived(ctx context.Context) {
	s.mu.Lock()
	missing := s.problem != ""
	s.mu.Unlock()
	if missing {
		s.askVersion(ctx)
	}
}

// config returns the Config in force.
func (s *Service) config() Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg
}
