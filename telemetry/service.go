package telemetry

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

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
		source: &sampler{source: o.Source, limit: min(c.period(), maxCollect)},
	}
	for _, d := range c.Destinations {
		s.dests = append(s.dests, newSender(d, c, o))
	}
	s.shell = lifecycle.New("telemetry", s.open)
	return s, nil
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
	period := s.cfg.period()
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
		Period:  uint64(s.cfg.period() / time.Second),
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
