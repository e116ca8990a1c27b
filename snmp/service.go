package snmp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fieldgate/fieldgate/internal/lifecycle"
	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

// Service is the agent. Make it with [New]; its methods are safe for
// concurrent use. It lives once: for another Config make another Service.
type Service struct {
	shell *lifecycle.Shell
	cfg   Config
	opts  Options
	log   *slog.Logger

	maxMessage, amplification, maxRepetitions int

	access      *accessControl
	registry    *registry
	communities []community
	limiter     *limiter
	counters    counters
	faulty      []atomic.Bool // per mount: its fault was logged

	system   *systemGroup
	serial   *serialGroup
	usmUsers late
	vacm     late
	setMu    sync.Mutex // held by the SET that is being made

	destinations []*destination
	lastAuthFail atomic.Int64 // when authenticationFailure was sent, ns since made
	made         time.Time

	current atomic.Pointer[run]
}

// run is what the agent has while it runs.
type run struct {
	started time.Time
	sockets []*socket
	v3      atomic.Pointer[v3State]
}

// v3State is who the agent is to SNMPv3.
type v3State struct {
	identity Engine      // as far as it is known
	engine   *usm.Engine // nil: SNMPv3 is off
	fault    error       // why
	users    *List       // usmUserTable
}

// New returns the agent of a Config, not started. It does no I/O. The error is
// that of [Config.Validate], also where the Config wants what the Options do
// not bring, or names each mount that is wrong.
func New(c Config, o Options) (*Service, error) {
	faults := c.faults()
	if c.Enabled {
		o.brings(&c, &faults)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	s := &Service{
		cfg: c, opts: o, log: o.Logger, made: time.Now(),
		maxMessage:     cmp.Or(c.Limits.MaxMessage, defaultMaxMessage),
		amplification:  cmp.Or(c.Limits.Amplification, defaultAmplification),
		maxRepetitions: cmp.Or(c.Limits.MaxRepetitions, defaultMaxRepetitions),
		access:         newAccessControl(c),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.lastAuthFail.Store(math.MinInt64)
	s.limiter = newLimiter(cmp.Or(c.Limits.Rate, defaultRate), s.made)
	s.system = newSystemGroup(s, modules(o.Handlers))
	s.serial = newSerialGroup(rand.Int32())
	var err error
	if s.registry, err = newRegistry(append(s.ownMounts(), o.Handlers...)); err != nil {
		return nil, fmt.Errorf("snmp: Options.Handlers: %w", err)
	}
	s.faulty = make([]atomic.Bool, len(s.registry.mounts))
	if err := s.makeVACM(); err != nil {
		return nil, err
	}
	s.communities = newCommunities(c, s.access, s.registry)
	for _, d := range c.Notifications.Destinations {
		s.destinations = append(s.destinations, newDestination(d))
	}
	s.shell = lifecycle.New("snmp", s.open)
	return s, nil
}

// brings adds a fault for whatever c wants that o does not bring.
func (o *Options) brings(c *Config, faults *ConfigError) {
	if len(c.Users) > 0 && o.Store == nil {
		faults.Addf("users", "this program keeps no engine ID and boots (Options.Store), without which SNMPv3 is not safe")
	}
	if len(c.Notifications.Destinations) > 0 && o.Sender == nil {
		faults.Addf("notifications.destinations", "this program brings nothing to send notifications with (Options.Sender)")
	}
	contexts := map[string]bool{"": true}
	for _, m := range o.Handlers {
		contexts[m.Context] = true
	}
	for i, community := range c.Communities {
		if !contexts[community.Context] {
			faults.Addf(fmt.Sprintf("communities[%d].context", i), "there is no context %q", community.Context)
		}
	}
}

// Start opens the sockets and begins to answer. With users it makes their keys
// first, which takes some milliseconds each. It fails with [ErrDisabled],
// [ErrStarted], [ErrStopped] or the reason why an address cannot be listened
// on; a store that fails is no failure of Start, see Status: it is tried again.
// ctx bounds the start-up only.
func (s *Service) Start(ctx context.Context) error { return s.shell.Start(ctx) }

// Stop ends the agent and waits for the end; notifications still in a queue
// are dropped. It may be called at any time and any number of times; the error
// wraps ctx's when the end does not come in time.
func (s *Service) Stop(ctx context.Context) error { return s.shell.Stop(ctx) }

// Done returns a channel that is closed when the agent has ended.
func (s *Service) Done() <-chan struct{} { return s.shell.Done() }

// Err tells why the agent ended by itself: a socket broke. It is nil before
// that, and after Stop.
func (s *Service) Err() error { return s.shell.Err() }

// String names the service.
func (s *Service) String() string { return "snmp" }

// open implements [lifecycle.Open].
func (s *Service) open(ctx context.Context) (lifecycle.Run, error) {
	if !s.cfg.Enabled {
		return nil, ErrDisabled
	}
	sockets, err := s.listen(ctx)
	if err != nil {
		return nil, err
	}
	r := &run{sockets: sockets}
	state, err := s.openEngine(ctx)
	if err != nil {
		closeAll(sockets)
		return nil, err
	}
	s.show(r, state)
	r.started = time.Now()
	s.current.Store(r)
	for _, socket := range sockets {
		s.log.Info("snmp: listening", "address", socket.conn.LocalAddr().String())
	}
	return func(ctx context.Context) error { return s.serve(ctx, r) }, nil
}

// serve answers until ctx ends or a socket breaks.
func (s *Service) serve(ctx context.Context, r *run) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	defer func() {
		cancel(nil)
		closeAll(r.sockets)
		wg.Wait()
		s.current.Store(nil)
		s.log.Info("snmp: ended")
	}()
	for _, socket := range r.sockets {
		w := s.newWorker(r)
		wg.Go(func() {
			if err := s.receive(ctx, socket, w); err != nil {
				cancel(err)
			}
		})
	}
	for _, d := range s.destinations {
		wg.Go(func() { s.deliver(ctx, r, d) })
	}
	wg.Go(func() { s.keepEngine(ctx, r) })
	s.announce()
	for _, m := range s.registry.mounts {
		if watcher, ok := m.Handler.(Watcher); ok {
			wg.Go(func() {
				_ = s.guard(m, func() error { // logged; the others go on
					watcher.Watch(ctx, func(n Notification) { s.watched(m, n) })
					return nil
				})
			})
		}
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// handlerFault counts a handler that breaks its rules, and logs it once.
func (s *Service) handlerFault(m *mount, what string) {
	s.counters.inc(handlerFaults)
	if s.faulty[m.index].CompareAndSwap(false, true) {
		s.log.Error("snmp: a handler breaks the rules", "subtree", m.Prefix.String(), "fault", what)
	}
}

// listen opens all sockets or none.
func (s *Service) listen(ctx context.Context) ([]*socket, error) {
	listen := s.opts.ListenPacket
	if listen == nil {
		listen = new(net.ListenConfig).ListenPacket
	}
	var sockets []*socket
	for _, addr := range s.cfg.Listen {
		conn, err := listen(ctx, family4or6(addr), addr)
		if err == nil {
			var opened *socket
			if opened, err = newSocket(conn); err == nil {
				sockets = append(sockets, opened)
				continue
			}
			err = errors.Join(err, conn.Close())
		}
		closeAll(sockets)
		return nil, err // names the address
	}
	return sockets, nil
}
