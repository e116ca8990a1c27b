package hub

import (
	"context"
	"fmt"
	"sync"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/hubconfig"
	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// Service is the hub. Make it with [New]. Its methods are safe for concurrent
// use; those of [api.Points] may be called at any time.
type Service struct {
	plant
	shell   *lifecycle.Shell
	options Options

	apply sync.Mutex       // held by one change at a time
	lines map[string]*line // by path; under apply

	mu      sync.Mutex // of what follows
	devices []string   // aliases, in the order of the configuration
	pollers map[string]*poller
	running context.Context // of the pollers; nil before the start
	ended   bool
}

var _ api.Points = (*Service)(nil)

// New returns a hub. It opens nothing; the error is that of
// [hubconfig.Config.Validate].
func New(c hubconfig.Config, o Options) (*Service, error) {
	s := &Service{options: o.withDefaults(), lines: make(map[string]*line)}
	s.shell = lifecycle.New("hub", s.open)
	if err := s.Apply(context.Background(), c); err != nil {
		return nil, err
	}
	return s, nil
}

// Start begins to read the devices; it waits for none of them.
func (s *Service) Start(ctx context.Context) error { return s.shell.Start(ctx) }

// Stop ends all reading and waits for the end. Values stay, with
// the flag NT.
func (s *Service) Stop(ctx context.Context) error { return s.shell.Stop(ctx) }

// Done returns a channel that is closed when the hub has ended.
func (s *Service) Done() <-chan struct{} { return s.shell.Done() }

// Err is always nil: a hub does not end by itself.
func (s *Service) Err() error { return s.shell.Err() }

func (s *Service) open(context.Context) (lifecycle.Run, error) {
	ctx, cancel := context.WithCancel(context.Background())
	s.apply.Lock()
	defer s.apply.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = ctx
	for _, p := range s.pollers {
		p.start(ctx)
	}
	return func(ctx context.Context) error {
		<-ctx.Done()
		cancel()
		s.end()
		return nil
	}, nil
}

// end waits for the pollers, and for an Apply that is under way.
func (s *Service) end() {
	s.apply.Lock()
	defer s.apply.Unlock()
	s.mu.Lock()
	s.ended = true
	pollers := s.pollers
	s.mu.Unlock()
	for _, p := range pollers {
		p.stop()
	}
	for _, l := range s.lines {
		l.close()
	}
}

// Apply takes another configuration. A device whose own rows have not changed
// is read on without a break, and its values stay; all others begin anew.
// Errors are those of [hubconfig.Config.Validate], [ErrStopped], and that of
// ctx where that ends before anything has changed.
func (s *Service) Apply(ctx context.Context, c hubconfig.Config) error {
	if err := c.Validate(); err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	s.apply.Lock()
	defer s.apply.Unlock()
	s.mu.Lock()
	stopped, before := s.ended, s.pollers
	s.mu.Unlock()
	select {
	case <-s.shell.Done():
		stopped = true
	default:
	}
	if stopped {
		return fmt.Errorf("hub: apply: %w", ErrStopped)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("hub: apply: %w", err)
	}

	c = c.Enabled()
	signals := ofDevices(c)
	kept := make(map[string]*poller)
	for _, d := range c.Devices {
		if p := before[d.Alias]; p != nil && p.same(d, signals[d.Alias]) {
			kept[d.Alias] = p
		}
	}
	for alias, p := range before {
		if kept[alias] == nil {
			p.stop()
		}
	}
	s.closeLines(c)
	s.begin(c, signals, kept)
	return nil
}

// closeLines closes the serial lines that c does not have, or has in another
// mode. No device of theirs is read any more.
func (s *Service) closeLines(c hubconfig.Config) {
	wanted := make(map[hubconfig.Line]bool)
	for _, d := range c.Devices {
		if d.Protocol == hubconfig.ModbusRTU {
			wanted[d.Line()] = true
		}
	}
	for path, l := range s.lines {
		if !wanted[l.mode] {
			l.close()
			delete(s.lines, path)
		}
	}
}

// begin puts a configuration in the place of the one before, of which it
// keeps these pollers.
func (s *Service) begin(c hubconfig.Config, signals map[string][]hubconfig.Signal, pollers map[string]*poller) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.devices = nil
	for _, d := range c.Devices {
		s.devices = append(s.devices, d.Alias)
		if pollers[d.Alias] != nil || d.Protocol == hubconfig.Virtual {
			continue
		}
		p := newPoller(d, signals[d.Alias], s.asker(d), s.options.Logger)
		pollers[d.Alias] = p
		if s.running != nil {
			p.start(s.running)
		}
	}
	s.pollers = pollers
	s.now.Store(newTable(c, func(device string, index int, _ hubconfig.Signal) source {
		return signalSource{pollers[device], index}
	}))
}

func (s *Service) asker(d hubconfig.Device) *asker {
	if d.Protocol == hubconfig.ModbusTCP {
		return newTCPAsker(d, s.options)
	}
	l := s.lines[d.Path]
	if l == nil {
		l = newLine(d.Line(), s.options.Opener)
		s.lines[d.Path] = l
	}
	return newRTUAsker(d, l)
}
