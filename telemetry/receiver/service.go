package receiver

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// MaxPacket is the longest datagram that is looked at, in bytes. The agent
// sends up to [telemetry.MaxDatagram].
const MaxPacket = 2048

// Service is the receiver. Make it with [New]; its methods are safe for
// concurrent use. It lives once: for another Config make another Service.
type Service struct {
	shell    *lifecycle.Shell
	cfg      Config
	opts     Options
	failures limiter
	count    counters

	mu   sync.Mutex
	life *life // nil before the first Start that succeeds
}

// life is what a start has acquired. It can still be looked at when the
// service has ended.
type life struct {
	sockets []*socket
	table   *table
	state   *stateFile // nil = none
	keeper  *keeper
}

// New returns the receiver of a Config, not started. It does no I/O. The
// error is that of [Config.Validate], or names what is missing in the
// Options.
func New(c Config, o Options) (*Service, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Enabled {
		if err := o.validate(c); err != nil {
			return nil, fmt.Errorf("receiver: %w", err)
		}
	}
	if o.ListenPacket == nil {
		o.ListenPacket = new(net.ListenConfig).ListenPacket
		if c.Sockets > 1 {
			o.ListenPacket = listenShared
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{cfg: c.withDefaults(), opts: o}
	s.shell = lifecycle.New("receiver", s.open)
	return s, nil
}

// Start opens the sockets and begins to receive. It fails with
// [ErrDisabled], [ErrStarted], [ErrStopped], or when an address cannot be
// listened on or the state file not be read. A state file that cannot be
// written, as the disk is full, is no reason: see Status. ctx bounds the start-up only.
func (s *Service) Start(ctx context.Context) error { return s.shell.Start(ctx) }

// Stop closes the sockets, hands what has been received to the sink, and
// waits for the end. What the sink has not taken after three seconds is
// counted as not stored. It may be called at any time and any number of
// times; the error wraps ctx's when the end does not come in time.
func (s *Service) Stop(ctx context.Context) error { return s.shell.Stop(ctx) }

// Done returns a channel that is closed when the receiver has ended.
func (s *Service) Done() <-chan struct{} { return s.shell.Done() }

// Err is nil: nothing but Stop ends a running receiver.
func (s *Service) Err() error { return s.shell.Err() }

// String names the service.
func (s *Service) String() string { return "receiver" }

// open implements [lifecycle.Open].
func (s *Service) open(ctx context.Context) (lifecycle.Run, error) {
	if !s.cfg.Enabled {
		return nil, ErrDisabled
	}
	l := &life{table: newTable(s.cfg.MaxDevices)}
	if s.opts.Keys != nil {
		l.table.mostBare = (s.cfg.MaxDevices + 1) / 2
	}
	sockets, err := openSockets(ctx, s.cfg, s.opts.ListenPacket)
	if err != nil {
		return nil, err
	}
	l.sockets = sockets
	if s.cfg.StateFile != "" {
		l.state, err = openState(s.cfg.StateFile, l.table, s.opts.Logger, &s.count.stateErrors)
		if err != nil {
			closeSockets(sockets)
			return nil, err
		}
	}
	s.checkBuffers(sockets)
	l.keeper = &keeper{
		queue: newQueue(s.cfg.Queue, s.cfg.Batch), table: l.table, state: l.state, sink: s.opts.Sink,
		acks: s.cfg.Acks, delay: s.cfg.BatchDelay.Std(), sync: s.cfg.StateSync.Std(),
		now: s.opts.Now, log: s.opts.Logger, count: &s.count,
	}
	s.mu.Lock()
	s.life = l
	s.mu.Unlock()
	return func(ctx context.Context) error {
		s.run(ctx, l)
		return nil
	}, nil
}

// checkBuffers warns of receive buffers that are smaller than was asked for.
func (s *Service) checkBuffers(sockets []*socket) {
	for _, sock := range sockets {
		if sock.buffer != 0 && sock.buffer < s.cfg.ReadBuffer {
			s.opts.Logger.Warn("receiver: the kernel grants a smaller receive buffer, bursts may be lost; raise net.core.rmem_max",
				"address", sock.addr.String(), "bytes", sock.buffer, "wanted", s.cfg.ReadBuffer)
		}
	}
}

// run receives until ctx ends, and then empties the queue.
func (s *Service) run(ctx context.Context, l *life) {
	sinkCtx, cancel := context.WithCancel(context.Background())
	defer cancel()
	context.AfterFunc(ctx, func() {
		sleep(sinkCtx, stopGrace)
		cancel()
	})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.receive(ctx, l)
	}()
	l.keeper.run(ctx, sinkCtx, ended)
	closeSockets(l.sockets) // not earlier: the last acks go out by them
	l.state.close()
}

// receive reads all sockets until ctx ends.
func (s *Service) receive(ctx context.Context, l *life) {
	var wg sync.WaitGroup
	for _, sock := range l.sockets {
		wg.Go(func() {
			r := reader{s: s, life: l, socket: sock, examiner: examiner{
				keys: s.opts.Keys, allowBare: s.cfg.AllowBare, known: l.table.known, sealed: l.table.sealed, failures: &s.failures,
			}}
			r.run(ctx)
		})
	}
	wg.Go(func() { watchDrops(ctx, l.sockets) })
	<-ctx.Done()
	for _, sock := range l.sockets {
		sock.interrupt()
	}
	wg.Wait()
}

func (s *Service) current() *life {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.life
}
