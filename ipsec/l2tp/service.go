package l2tp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
	"github.com/fieldgate/fieldgate/internal/lifecycle"
	"github.com/fieldgate/fieldgate/ipsec"
)

// How long things may take, and how often they are tried.
const (
	closeTime      = 10 * time.Second // for an orderly end, before programs are killed
	channelTime    = 65 * time.Second // for IKE; the ipsec service bounds a try itself
	dialTime       = 60 * time.Second // for L2TP and PPP together
	retryMin       = time.Second
	retryMax       = time.Minute
	settled        = time.Minute     // a link that lived so long counts as a success
	channelPeriod  = time.Second     // between looks at the channel of a link that is up
	sessionsPeriod = 2 * time.Second // between looks at who is connected to us
)

// ChannelService is the service that keeps the secure channels: an
// *ipsec.Service whose Config came from [Config.Extend].
type ChannelService interface {
	// Initiate brings a connection up and returns once it is.
	Initiate(ctx context.Context, name string) error
	// Terminate ends a connection until it is initiated again.
	Terminate(ctx context.Context, name string) error
	// Status must not block.
	Status() ipsec.Status
}

// Options is what the program injects.
type Options struct {
	// Backend is required.
	Backend Backend
	// Channel is required. It is started before this service and stopped
	// after it, so that the tunnels are closed inside of their channels.
	Channel ChannelService
	// Logger gets changes of state. Nil discards them.
	Logger *slog.Logger
	// OnChange, if set, is called with each change of a client, in order and
	// one at a time. It must return quickly and call no method of the service
	// but Status.
	OnChange func(ClientStatus)
}

// Service runs the clients and the server. Make it with [New]; its methods are
// safe for concurrent use.
type Service struct {
	shell *lifecycle.Shell
	cfg   Config
	opts  Options
	setup Setup

	clients []*client

	mu       sync.Mutex
	life     context.Context // ends with the service; nil before it runs
	daemon   Daemon          // nil while none runs
	status   DaemonStatus
	sessions []Session
}

// New returns the service of a Config, not started. It does no I/O. The error
// is that of [Config.Validate], or names what is missing in the Options.
func New(c Config, o Options) (*Service, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	switch {
	case o.Backend == nil:
		return nil, errors.New("l2tp: Options.Backend is missing")
	case o.Channel == nil:
		return nil, errors.New("l2tp: Options.Channel is missing")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{cfg: c, opts: o, setup: c.setup()}
	for _, cfg := range c.Clients {
		s.clients = append(s.clients, newClient(s, cfg))
	}
	s.shell = lifecycle.New("l2tp", s.open)
	return s, nil
}

// Start starts the programs and begins to bring the enabled clients up. It
// returns once the programs run, or with the reason why they do not, such as
// [ErrHost]; then nothing is held, and Start may be called again. ctx bounds
// the start-up only. It returns [ErrDisabled] for a disabled Config,
// [ErrStarted] when it has succeeded before, and [ErrStopped] after Stop.
func (s *Service) Start(ctx context.Context) error { return s.shell.Start(ctx) }

// Stop ends all in reverse: PPP, the tunnels, the programs, the channels of
// the clients, the guard. It may be called at any time and any number of
// times. When ctx ends first it returns ctx's error, and the end still comes.
func (s *Service) Stop(ctx context.Context) error { return s.shell.Stop(ctx) }

// Done returns a channel that is closed when the service has ended for good.
func (s *Service) Done() <-chan struct{} { return s.shell.Done() }

// Err is nil: nothing but Stop ends a running service.
func (s *Service) Err() error { return s.shell.Err() }

// String names the service.
func (s *Service) String() string { return "l2tp" }

// Status returns what is known now. It does not block.
func (s *Service) Status() Status {
	channels := make(map[string]ipsec.ConnectionState)
	for _, c := range s.opts.Channel.Status().Connections {
		channels[c.Name] = c.State
	}
	st := Status{At: time.Now()}
	for _, c := range s.clients {
		cs := c.Status()
		cs.Channel = channels[c.channel]
		st.Clients = append(st.Clients, cs)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.Daemon = s.status
	st.Server = ServerStatus{Enabled: s.cfg.Server.Enabled, Channel: channels[serverChannel]}
	if st.Server.Enabled {
		st.Server.Listening = s.daemon != nil
		st.Server.Sessions = append(st.Server.Sessions, s.sessions...)
	}
	return st
}

// StartClient brings a client up, and keeps it up. It returns at once;
// [Service.Status] tells how it goes. A client that is started already is tried
// at once. A name that is not in the Config, or is not enabled there, gives
// [ErrUnknown].
func (s *Service) StartClient(name string) error {
	c, err := s.find(name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	life := s.life
	s.mu.Unlock()
	if life == nil || life.Err() != nil {
		return fmt.Errorf("l2tp: start %s: %w", name, ErrNotRunning)
	}
	c.start(life)
	return nil
}

// StopClient ends a client, its channel included, until StartClient or a new
// service. When ctx ends first it returns ctx's error, and the end still comes.
func (s *Service) StopClient(ctx context.Context, name string) error {
	c, err := s.find(name)
	if err != nil {
		return err
	}
	if err := c.stop(ctx); err != nil {
		return fmt.Errorf("l2tp: stop %s: still ending: %w", name, err)
	}
	return nil
}

func (s *Service) find(name string) (*client, error) {
	for _, c := range s.clients {
		if c.name == normalName(name) && c.cfg.Enabled {
			return c, nil
		}
	}
	return nil, fmt.Errorf("l2tp: %q: %w", name, ErrUnknown)
}

// open implements [lifecycle.Open].
func (s *Service) open(ctx context.Context) (lifecycle.Run, error) {
	if !s.cfg.Enabled {
		return nil, ErrDisabled
	}
	daemon, err := s.opts.Backend.Start(ctx, s.setup)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		s.run(ctx, daemon)
		return nil
	}, nil
}

// run keeps clients and programs running until ctx ends, and then ends the
// clients before the programs.
func (s *Service) run(ctx context.Context, daemon Daemon) {
	s.hold(daemon)
	life, cancel := context.WithCancel(context.Background())
	s.mu.Lock()
	s.life = life
	s.mu.Unlock()
	for _, c := range s.clients {
		if c.cfg.Enabled {
			c.start(life)
		}
	}
	pause := backoff.Backoff{Min: retryMin, Max: retryMax}
	for daemon != nil {
		since := time.Now()
		s.serve(ctx, daemon)
		if ctx.Err() != nil {
			break
		}
		s.hold(nil)
		reason := s.close(daemon)
		if time.Since(since) > settled {
			pause.Reset()
		}
		daemon = s.restart(ctx, reason, &pause)
		if daemon != nil {
			s.hold(daemon)
			for _, c := range s.clients {
				c.wake()
			}
		}
	}
	cancel()
	var ending sync.WaitGroup
	for _, c := range s.clients {
		ending.Go(func() { _ = c.stop(context.Background()) }) // without an end of time there is no error
	}
	ending.Wait()
	s.hold(nil)
	if daemon != nil {
		_ = s.close(daemon)
	}
}

// hold makes daemon the one that is used; nil: none.
func (s *Service) hold(daemon Daemon) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.daemon, s.sessions = daemon, nil
	s.status.Running, s.status.Since = daemon != nil, time.Now()
	if daemon != nil {
		s.status.Error = ""
	}
}

// current returns the daemon that is used, nil when none runs.
func (s *Service) current() Daemon {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.daemon
}

// serve watches the programs until they or ctx end.
func (s *Service) serve(ctx context.Context, daemon Daemon) {
	watched, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	if s.setup.Server != nil {
		wg.Go(func() { s.watchSessions(watched, daemon) })
	}
	select {
	case <-ctx.Done():
	case <-daemon.Done():
	}
	cancel()
	wg.Wait()
}

// close gives back what the programs held, and returns why they ended.
func (s *Service) close(daemon Daemon) error {
	reason := daemon.Err()
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	if err := daemon.Close(ctx); err != nil {
		s.opts.Logger.Warn("the L2TP programs did not end cleanly", "error", err)
	}
	return reason
}

// restart starts the programs again, nil when ctx ends first.
func (s *Service) restart(ctx context.Context, reason error, pause *backoff.Backoff) Daemon {
	if reason == nil {
		reason = ErrClosed
	}
	s.opts.Logger.Warn("the L2TP programs ended and are started again", "error", reason)
	for {
		s.mu.Lock()
		s.status.Error = reason.Error()
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause.Next()):
		}
		daemon, err := s.opts.Backend.Start(ctx, s.setup)
		if err == nil {
			s.mu.Lock()
			s.status.Restarts++
			s.mu.Unlock()
			return daemon
		}
		if err.Error() != reason.Error() && ctx.Err() == nil {
			s.opts.Logger.Error("the L2TP programs cannot be started", "error", err)
		}
		reason = err
	}
}

// watchSessions keeps the list of who is connected to us.
func (s *Service) watchSessions(ctx context.Context, daemon Daemon) {
	known := make(map[netip.Addr]Session)
	tick := time.NewTicker(sessionsPeriod)
	defer tick.Stop()
	for {
		list, err := daemon.Sessions(ctx)
		if err == nil {
			s.mu.Lock()
			s.sessions = list
			s.mu.Unlock()
			s.logSessions(known, list)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// logSessions logs who came and who went.
func (s *Service) logSessions(known map[netip.Addr]Session, list []Session) {
	now := make(map[netip.Addr]Session)
	for _, one := range list {
		if one.Remote.IsValid() {
			now[one.Remote] = one
		}
	}
	for addr, one := range now {
		if _, ok := known[addr]; !ok {
			s.opts.Logger.Info("a client connected", "peer", one.Peer, "address", addr, "interface", one.Interface)
		}
		known[addr] = one
	}
	for addr, one := range known {
		if _, ok := now[addr]; !ok {
			s.opts.Logger.Info("a client left", "peer", one.Peer, "address", addr)
			delete(known, addr)
		}
	}
}

// setup returns what the backend is started with. c is valid.
func (c Config) setup() Setup {
	var s Setup
	s.Listen, _ = netip.ParseAddr(c.ListenAddress) // invalid: all
	if !c.Server.Enabled {
		return s
	}
	server := &ServerSetup{Users: c.Server.Users, PPP: c.Server.PPP.normal()}
	server.Local, _ = netip.ParseAddr(c.Server.LocalIP)
	server.First, server.Last, _ = parseRange(c.Server.Range)
	for _, text := range c.Server.DNS {
		addr, _ := netip.ParseAddr(text)
		server.DNS = append(server.DNS, addr)
	}
	s.Server = server
	return s
}
