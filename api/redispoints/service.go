package redispoints

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/internal/backoff"
	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// Pauses between tries to reach the bus.
const (
	minPause = 500 * time.Millisecond
	maxPause = 30 * time.Second
)

// Options is what the program brings. The zero value is ready.
type Options struct {
	// Logger gets a line when the bus is reached and when it is lost. Nil =
	// discard.
	Logger *slog.Logger
	// Dial connects to the bus; network is "tcp" or "unix". Nil = that of
	// net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Service listens to the tag bus and is an [api.Points]. Make it with [New].
// It lives once: to change its Config, stop it and start a new one. It
// answers before Start and after Stop too, with values that have the flag NT.
type Service struct {
	config Config
	log    *slog.Logger
	dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	shell  *lifecycle.Shell

	devices  []api.Device
	tags     []api.Tag
	byDevice map[string]*device
	byTopic  map[string]*slot

	mu      sync.Mutex
	session uint64 // the present or last one, see Status.Sessions
	status  Status
}

// New returns a service that is not started; it opens nothing. It returns
// the error of [Config.Validate].
func New(c Config, o Options) (*Service, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := &Service{config: c.withDefaults(), log: o.Logger, dial: o.Dial}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.dial == nil {
		s.dial = new(net.Dialer).DialContext
	}
	s.index()
	s.shell = lifecycle.New("redispoints", s.open)
	return s, nil
}

// Start begins to listen to the bus, and to call it as long as it cannot be
// reached: that is no error, [Service.Status] tells. It fails when the files
// of TLS cannot be read, and may then be called again. It returns
// [ErrStarted] when it has succeeded before, and [ErrStopped] after Stop.
func (s *Service) Start(ctx context.Context) error { return s.shell.Start(ctx) }

// Stop ends the service and waits for the end. It may be called at any time
// and any number of times. When ctx ends first it returns ctx's error, and
// the end still comes.
func (s *Service) Stop(ctx context.Context) error { return s.shell.Stop(ctx) }

// String names the service.
func (s *Service) String() string { return "redispoints" }

// Done returns a channel that is closed when the service has ended for good.
func (s *Service) Done() <-chan struct{} { return s.shell.Done() }

// Err is nil at any time: the service ends by Stop only.
func (s *Service) Err() error { return s.shell.Err() }

func (s *Service) open(ctx context.Context) (lifecycle.Run, error) {
	if _, err := s.tlsConfig(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.run, nil
}

// run listens, session after session.
func (s *Service) run(ctx context.Context) error {
	defer s.lost(nil)
	pause := backoff.Backoff{Min: minPause, Max: maxPause}
	for {
		before := s.Status().Sessions
		err := s.listen(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if s.Status().Sessions != before {
			pause.Reset()
		}
		wait := pause.Next()
		if s.lost(err) {
			s.log.Warn("tag bus lost", "address", s.config.Address, "error", err, "retry", wait)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}
