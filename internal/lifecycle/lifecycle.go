// Package lifecycle is the start/stop shell that every fieldgate service
// holds: written once, so that all services begin, end and fail alike.
//
// A service gives the shell one function, open, which acquires what the
// service needs and returns the function that runs it:
//
//	          Start               open ok                Stop, or run returns
//	idle ───────────────▶ opening ───────────▶ running ─────────────────────▶ ended
//	 ▲                       │
//	 └──── open failed ──────┘          (Stop before or during Start also leads to ended)
//
// The shell claims before it opens, so two Starts never acquire twice; it
// cancels open when Stop comes early; and it judges whether a service was
// asked to end by its own state, never by the error that run returns.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// The sentinels of the service contract. Each service package re-declares
// them as variables of its own, with the same values.
var (
	// ErrStarted: Start was called on a service that is starting or running,
	// or that has ended by itself.
	ErrStarted = errors.New("already started")
	// ErrStopped: Start was called after, or interrupted by, Stop.
	ErrStopped = errors.New("stopped, a new service is needed to start again")
	// ErrDisabled: Start was called on a service whose Config is disabled.
	ErrDisabled = errors.New("disabled by its configuration")
)

// errEnded is the reason of a service whose run returned nil unasked.
var errEnded = errors.New("ended without being asked to")

// Open acquires what a service needs. On failure it gives everything back
// and returns the reason. Its ctx ends with Start's ctx and with Stop.
type Open func(ctx context.Context) (Run, error)

// Run serves until its ctx ends or the service cannot go on. It owns what
// Open acquired and gives it back before it returns, also when its ctx has
// ended before the call. A result that comes after the end of ctx is ignored.
type Run func(ctx context.Context) error

// Shell carries one service through its single life. Make it with [New].
// Its methods are safe for concurrent use.
type Shell struct {
	name string
	open Open
	done chan struct{} // closed at the end, with mu held

	mu      sync.Mutex
	claimed bool               // a Start is under way or has succeeded
	stopped bool               // Stop was called
	cancel  context.CancelFunc // ends open, later run; nil while idle
	err     error              // why the service ended by itself
}

// New returns the shell of the service called name, which begins each error.
// It calls nothing.
func New(name string, open Open) *Shell {
	return &Shell{name: name, open: open, done: make(chan struct{})}
}

// Start opens the service and returns once it runs or has failed. After a
// failure nothing is held, and Start may be called again. ctx bounds the
// start-up only.
func (s *Shell) Start(ctx context.Context) error {
	ctx, err := s.claim(ctx)
	if err != nil {
		return fmt.Errorf("%s: start: %w", s.name, err)
	}
	run, err := s.open(ctx)
	if err != nil {
		return fmt.Errorf("%s: start: %w", s.name, s.unclaim(err))
	}
	if s.launch(run) {
		return nil
	}
	<-s.done // Stop came during open: what it acquired is given back first
	return fmt.Errorf("%s: start: %w", s.name, ErrStopped)
}

// Stop ends the service and waits for the end. It may be called at any time
// and any number of times. It returns nil once nothing runs any more, or an
// error wrapping ctx's when that does not come in time; the end then still
// comes, and Done tells when.
func (s *Shell) Stop(ctx context.Context) error {
	s.mu.Lock()
	if !s.stopped {
		s.stopped = true
		if s.claimed {
			s.cancel()
		} else {
			close(s.done)
		}
	}
	s.mu.Unlock()

	select {
	case <-s.done:
		return nil
	default:
	}
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: stop: still ending: %w", s.name, ctx.Err())
	}
}

// Done returns a channel that is closed when the service has ended for good.
func (s *Shell) Done() <-chan struct{} { return s.done }

// Err tells why the service ended by itself. It is nil before that, and
// after an end that Stop asked for.
func (s *Shell) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// claim takes the one right to start and returns the context of open.
func (s *Shell) claim(ctx context.Context) (context.Context, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopped:
		return nil, ErrStopped
	case s.claimed:
		return nil, ErrStarted
	}
	s.claimed = true
	ctx, s.cancel = context.WithCancel(ctx)
	return ctx, nil
}

// unclaim gives the right to start back after open failed, unless Stop has
// come meanwhile: then the life is over. It returns what Start reports.
func (s *Shell) unclaim(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel()
	if s.stopped {
		close(s.done)
		return ErrStopped
	}
	s.claimed, s.cancel = false, nil
	return err
}

// launch runs the opened service in its own goroutine. It reports false when
// Stop came during open; run is then called with a context that has ended.
func (s *Shell) launch(run Run) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel() // open's
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	if s.stopped {
		cancel()
	}
	go func() {
		defer cancel()
		s.end(run(ctx))
	}()
	return !s.stopped
}

func (s *Shell) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		if err == nil {
			err = errEnded
		}
		s.err = fmt.Errorf("%s: %w", s.name, err)
	}
	close(s.done)
}
