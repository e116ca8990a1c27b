package l2tp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

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

// Service runs the clients and the server. Make it with [New]; its methods are
// safe for concurrent use.
type Service struct {
	shell *lifecycle.Shell
	opts  Options

	applying chan struct{} // has room for the one Apply at a time
	orders   chan *order   // from Apply to run

	mu       sync.Mutex
	cfg      Config
	setup    *Setup // nil with a Config that is off
	clients  []*client
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
	s := &Service{opts: o, applying: make(chan struct{}, 1), orders: make(chan *order)}
	s.adopt(c, nil)
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
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.clients {
		cs := c.Status()
		cs.Channel = channels[c.channel]
		st.Clients = append(st.Clients, cs)
	}
	st.Daemon = s.status
	st.Server = ServerStatus{Enabled: s.setup != nil && s.setup.Server != nil, Channel: channels[ServerChannelName]}
	if st.Server.Enabled {
		st.Server.Running = s.daemon != nil
		st.Server.Sessions = append(st.Server.Sessions, s.sessions...)
	}
	return st
}

// StartClient brings a client up, and keeps it up. It returns at once;
// [Service.Status] tells how it goes. A client that is started already is tried
// at once. A name that is not in the Config, or is not enabled there, gives
// [ErrUnknownClient].
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
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.clients {
		if c.name == normalName(name) && c.enabled {
			return c, nil
		}
	}
	return nil, fmt.Errorf("l2tp: %q: %w", name, ErrUnknownClient)
}
