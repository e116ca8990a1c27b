package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// MaxSerial is the most bytes of a serial number.
const MaxSerial = 64

// Options is what the program gives to the agent.
type Options struct {
	// Source gives the facts. Required while enabled.
	Source Source
	// Serial names the device in every message and sets the moment within
	// the period at which it reports. Text of 1 to 64 bytes, required while
	// enabled.
	Serial string
	// NextBoot returns a number that is higher at each call, over the whole
	// life of the device; it is called once by each Start, and its error is
	// Start's. Together with seq it makes a message unique. Nil: messages
	// carry no boot, and a receiver cannot tell a restart from disorder.
	NextBoot func(ctx context.Context) (uint32, error)
	// Clock returns the time of day and whether it can be trusted; messages
	// carry no time until it can. Nil: the system clock, trusted once it is
	// past 1 January 2026.
	Clock func() (time.Time, bool)
	// Dial opens a connection whose every Write is one datagram, for the
	// transport udp; network is "udp" and addr "host:port". It must end with
	// its ctx. Nil: net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// LookUp returns the addresses of a host name, best first. Nil: the
	// resolver of package net, or with a Dial of the program none, Dial then
	// gets the names as they are.
	LookUp func(ctx context.Context, host string) ([]netip.Addr, error)
	// Encoders are those of the encodings other than cbor that the device
	// offers. Nil: none.
	Encoders map[Encoding]Encoder
	// Dialers are those of the transports other than udp that the device
	// offers. Nil: none.
	Dialers map[Transport]DialFunc
	// Logger gets changes of state. Nil: nothing is logged.
	Logger *slog.Logger
}

// DialFunc opens a connection to a destination whose Host is an address, or
// a name where LookUp is nil. Every Write on it is one datagram, every Read
// too; Close ends both. It must end with its ctx.
type DialFunc = func(ctx context.Context, d Destination) (net.Conn, error)

// earliestTime is before every moment at which this code runs: a clock that
// shows less has not been set.
var earliestTime = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// Service is the agent. Make it with [New]; its methods are safe for
// concurrent use. It lives once: for another Config make another Service.
type Service struct {
	shell  *lifecycle.Shell
	cfg    Config
	opts   Options
	source *sampler
	dests  []*sender

	mu     sync.Mutex
	status Status // without Destinations
}

// New returns the agent of a Config, not started. It does no I/O. The error
// is that of [Config.Validate], also where the Config wants what the Options
// do not bring, or names what is missing in the Options.
func New(c Config, o Options) (*Service, error) {
	faults := c.faults()
	if c.Enabled {
		o.brings(c, &faults)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	if c.Enabled {
		if err := o.validate(); err != nil {
			return nil, fmt.Errorf("telemetry: %w", err)
		}
	}
	o.complete()
	s := &Service{
		cfg:    c,
		opts:   o,
		source: &sampler{source: o.Source, limit: min(c.Period.Std(), maxCollect)},
	}
	for _, d := range c.Destinations {
		s.dests = append(s.dests, newSender(d, c, o))
	}
	s.shell = lifecycle.New("telemetry", s.open)
	return s, nil
}

// complete gives every field that may be nil its default.
func (o *Options) complete() {
	if o.Clock == nil {
		o.Clock = systemClock
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
		if o.LookUp == nil {
			o.LookUp = lookUp
		}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

func lookUp(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// brings adds a fault for whatever c wants that o does not bring.
func (o *Options) brings(c Config, faults *ConfigError) {
	for i, d := range c.Destinations {
		if e := d.encoding(); e != EncodingCBOR && o.Encoders[e] == nil {
			faults.Addf(place(i)+".encoding", "this device brings no encoder for %s", e)
		}
		if t := d.transport(); t != TransportUDP && o.Dialers[t] == nil {
			faults.Addf(place(i)+".transport", "this device brings no dialer for %s", t)
		}
	}
}

func (o *Options) validate() error {
	var errs []error
	if o.Source == nil {
		errs = append(errs, errors.New("Options.Source is required"))
	}
	switch {
	case o.Serial == "":
		errs = append(errs, errors.New("Options.Serial is required"))
	case len(o.Serial) > MaxSerial:
		errs = append(errs, fmt.Errorf("Options.Serial has %d bytes, allowed are %d", len(o.Serial), MaxSerial))
	case !utf8.ValidString(o.Serial):
		errs = append(errs, errors.New("Options.Serial is not UTF-8"))
	}
	return errors.Join(errs...)
}

func systemClock() (time.Time, bool) {
	now := time.Now()
	return now, now.After(earliestTime)
}

// Start begins to report; the first message follows within one period. It
// fails with [ErrDisabled], [ErrStarted], [ErrStopped] or the error of
// Options.NextBoot or [ReadKeyFile]. A server that cannot be reached is no failure: the agent
// tries again until it is stopped. ctx bounds the start-up only.
func (s *Service) Start(ctx context.Context) error { return s.shell.Start(ctx) }

// Stop ends the agent and waits for the end. It may be called at any time
// and any number of times; the error wraps ctx's when the end does not come
// in time.
func (s *Service) Stop(ctx context.Context) error { return s.shell.Stop(ctx) }

// Done returns a channel that is closed when the agent has ended.
func (s *Service) Done() <-chan struct{} { return s.shell.Done() }

// Err is nil: nothing but Stop ends a running agent.
func (s *Service) Err() error { return s.shell.Err() }

// String names the service.
func (s *Service) String() string { return "telemetry" }

// open implements [lifecycle.Open].
func (s *Service) open(ctx context.Context) (lifecycle.Run, error) {
	if !s.cfg.Enabled {
		return nil, ErrDisabled
	}
	var key Key
	if s.cfg.KeyFile != "" {
		var err error
		if key, err = ReadKeyFile(s.cfg.KeyFile); err != nil {
			return nil, err
		}
	}
	var boot Maybe[uint32]
	if s.opts.NextBoot != nil {
		n, err := s.opts.NextBoot(ctx)
		if err != nil {
			return nil, fmt.Errorf("boot number: %w", err)
		}
		boot = Known(n)
	}
	return func(ctx context.Context) error {
		s.run(ctx, boot, key)
		return nil
	}, nil
}

// run reports until ctx ends.
func (s *Service) run(ctx context.Context, boot Maybe[uint32], key Key) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, d := range s.dests {
		d.use(key)
		wg.Go(func() { d.run(ctx) })
	}
	period := s.cfg.Period.Std()
	due := time.Now().Add(phase(s.opts.Serial, period))
	for seq := uint64(0); ; seq++ {
		s.update(func(st *Status) { st.Next = due })
		if !sleep(ctx, time.Until(due)) {
			return
		}
		m, ok := s.collect(ctx, boot, seq)
		if !ok {
			return
		}
		for _, d := range s.dests {
			d.put(m)
		}
		var missed uint64
		due, missed = following(due, time.Now(), period)
		seq += missed
		s.update(func(st *Status) { st.Reports++; st.Skipped += missed })
	}
}

// collect makes the message of a period. It reports false when ctx has ended.
func (s *Service) collect(ctx context.Context, boot Maybe[uint32], seq uint64) (*Message, bool) {
	began := time.Now()
	facts, err := s.source.sample(ctx)
	if ctx.Err() != nil {
		return nil, false
	}
	s.sourceResult(err)
	m := &Message{
		Version: Version,
		Serial:  s.opts.Serial,
		Boot:    boot,
		Seq:     seq,
		Sample:  facts,
		Period:  uint64(s.cfg.Period.Std() / time.Second),
		Stats: Stats{
			Dropped:   Known(s.Status().Skipped),
			CollectMS: Known(uint64(time.Since(began).Milliseconds())),
		},
	}
	if now, known := s.opts.Clock(); known && now.Unix() >= 0 {
		m.Time = Known(uint64(now.Unix()))
	}
	return m, true
}

// sourceResult counts the failures of the source and logs when it begins to
// fail and when it is well again.
func (s *Service) sourceResult(err error) {
	var before string
	s.update(func(st *Status) {
		before = st.SourceError
		st.SourceError = ""
		if err != nil {
			st.SourceFailures++
			st.SourceError = err.Error()
		}
	})
	switch {
	case err != nil && before == "":
		s.opts.Logger.Warn("telemetry: facts are missing", "error", err)
	case err == nil && before != "":
		s.opts.Logger.Info("telemetry: the facts are complete again")
	}
}

// sleep waits for d. It reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
