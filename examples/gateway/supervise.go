package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/thejerf/suture/v4"

	"github.com/fieldgate/fieldgate/telemetry"
)

// service is what every fieldgate service offers; the gateway needs no more.
type service interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	Done() <-chan struct{}
	Err() error
}

// unit is one service of the device and how to make it. Services are
// one-shot, so every start builds a new one.
type unit struct {
	name   string
	config any // what build builds from; a reload touches the unit only if this differs
	build  func() (service, error)
	detail func(service) string // what the page says of the running service; may be nil
}

// unitTimeout bounds the start and the stop of one unit.
const unitTimeout = 4 * time.Second

// supervisor starts the units in order, restarts the ones that die, with
// back-off, and stops them in reverse order.
type supervisor struct {
	log  *slog.Logger
	tree *suture.Supervisor
	end  context.CancelFunc // ends the tree
	gone <-chan error       // receives once the tree has ended

	mu       sync.Mutex // one start, reload or stop at a time
	children []*child   // in start order
	statesMu sync.Mutex // guards the slice for readers that must not wait
}

func newSupervisor(log *slog.Logger) *supervisor {
	s := &supervisor{log: log}
	s.tree = suture.New("gateway", suture.Spec{EventHook: s.note, Timeout: unitTimeout})
	ctx, end := context.WithCancel(context.Background())
	s.end = end
	s.gone = s.tree.ServeBackground(ctx)
	return s
}

// start starts the units in their order. If one fails, those before it are
// stopped again and nothing runs.
func (s *supervisor) start(ctx context.Context, units []unit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range units {
		c := &child{unit: u}
		if err := s.adopt(ctx, c); err != nil {
			return errors.Join(fmt.Errorf("%s does not start: %w", u.name, err), s.stopAll(ctx))
		}
		s.set(append(s.children, c))
	}
	return nil
}

// reload brings the running units to what units says and touches only those
// whose configuration differs. A unit that does not start with its new
// configuration goes on with its old one, and the error says so.
func (s *supervisor) reload(ctx context.Context, units []unit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for i, u := range units {
		old := s.children[i] // the set and the order of units never change
		if reflect.DeepEqual(old.unit.config, u.config) {
			continue
		}
		s.log.Info("configuration changed, restarting", "service", u.name)
		if err := s.drop(ctx, old); err != nil {
			errs = append(errs, fmt.Errorf("%s does not stop: %w", u.name, err))
			continue
		}
		c := &child{unit: u}
		if err := s.adopt(ctx, c); err != nil {
			errs = append(errs, fmt.Errorf("%s does not start with its new configuration and keeps the old one: %w", u.name, err))
			c = &child{unit: old.unit}
			if err := s.adopt(ctx, c); err != nil {
				errs = append(errs, fmt.Errorf("%s does not start with its old configuration either, trying on: %w", u.name, err))
				c.fail(err)
				s.supervise(c)
			}
		}
		children := slices.Clone(s.children)
		children[i] = c
		s.set(children)
	}
	return errors.Join(errs...)
}

// stop ends all units, the last started first, and the tree.
func (s *supervisor) stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.stopAll(ctx)
	s.end()
	<-s.gone
	return err
}

// states tells how each unit is, in start order.
func (s *supervisor) states() []unitState {
	s.statesMu.Lock()
	children := s.children
	s.statesMu.Unlock()
	states := make([]unitState, len(children))
	for i, c := range children {
		states[i] = c.stateNow()
	}
	return states
}

func (s *supervisor) set(children []*child) {
	s.statesMu.Lock()
	defer s.statesMu.Unlock()
	s.children = children
}

// adopt starts the child's service and has it supervised from then on. A
// disabled one is kept for the list, and never supervised.
func (s *supervisor) adopt(ctx context.Context, c *child) error {
	ctx, cancel := context.WithTimeout(ctx, unitTimeout)
	defer cancel()
	err := c.start(ctx)
	if errors.Is(err, telemetry.ErrDisabled) { // the same value in every service
		return nil
	}
	if err != nil {
		return err
	}
	s.supervise(c)
	s.log.Info("started", "service", c.unit.name)
	return nil
}

// supervise hands the child to the tree, which calls its Serve.
func (s *supervisor) supervise(c *child) {
	c.token, c.supervised = s.tree.Add(c), true
}

// drop stops a child's service for good.
func (s *supervisor) drop(ctx context.Context, c *child) error {
	if !c.supervised {
		return nil
	}
	c.supervised = false // also when it hangs: the tree lets go of it now
	by := time.Now().Add(unitTimeout)
	if end, ok := ctx.Deadline(); ok && end.Before(by) {
		by = end
	}
	c.setStopBy(by)
	// Serve returns at that time at the latest: the tree waits a little longer.
	if err := s.tree.RemoveAndWait(c.token, unitTimeout+time.Second); err != nil {
		return err
	}
	if err := c.stopResult(); err != nil {
		return err
	}
	s.log.Info("stopped", "service", c.unit.name)
	return nil
}

func (s *supervisor) stopAll(ctx context.Context) error {
	var errs []error
	for _, c := range slices.Backward(s.children) {
		if err := s.drop(ctx, c); err != nil {
			errs = append(errs, fmt.Errorf("%s does not stop: %w", c.unit.name, err))
		}
	}
	s.set(nil)
	return errors.Join(errs...)
}

// note logs what the tree has to say.
func (s *supervisor) note(e suture.Event) {
	switch e := e.(type) {
	case suture.EventServiceTerminate:
		s.log.Error("service died", "service", e.ServiceName, "error", e.Err, "restarting", e.Restarting)
	case suture.EventServicePanic:
		s.log.Error("service panicked", "service", e.ServiceName, "panic", e.PanicMsg, "stack", e.Stacktrace)
	case suture.EventBackoff:
		s.log.Warn("services die too often, waiting before the next restart")
	case suture.EventResume:
		s.log.Info("restarting services again")
	case suture.EventStopTimeout:
		s.log.Error("service did not stop in time", "service", e.ServiceName)
	}
}

// unitState is what the page shows of a unit.
type unitState struct {
	Name   string
	State  string    // running, disabled, restarting
	Since  time.Time // of State
	Detail string    // what the running service says of itself
	Error  string    // why it last died or did not start; "" when it never did
}

// child is a unit in the tree: it serves one service after the other.
type child struct {
	unit       unit
	token      suture.ServiceToken
	supervised bool

	mu      sync.Mutex
	current service // started, not yet seen ended
	state   unitState
	stopBy  time.Time // until when a stop may take
	stopErr error     // what the stop came to
}

// String names the child in the tree's events.
func (c *child) String() string { return c.unit.name }

// Serve implements suture.Service. It serves the started service; after that
// one has died, the tree calls it again, and it starts a new one.
func (c *child) Serve(ctx context.Context) error {
	c.mu.Lock()
	svc := c.current
	c.mu.Unlock()
	if svc == nil {
		startCtx, cancel := context.WithTimeout(ctx, unitTimeout)
		err := c.start(startCtx)
		cancel()
		if err != nil {
			c.fail(err)
			return err
		}
		return c.Serve(ctx)
	}
	select {
	case <-svc.Done():
		c.fail(svc.Err())
		return svc.Err()
	case <-ctx.Done():
		return c.stop(svc)
	}
}

func (c *child) setStopBy(by time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopBy = by
}

// stop stops the service. Only drop and the end of the tree lead here.
func (c *child) stop(svc service) error {
	c.mu.Lock()
	ctx, cancel := context.WithDeadline(context.Background(), c.stopBy)
	c.mu.Unlock()
	defer cancel()
	err := svc.Stop(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopErr = err
	return err
}

func (c *child) stopResult() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopErr
}

// start builds and starts a service.
func (c *child) start(ctx context.Context) error {
	svc, err := c.unit.build()
	if err != nil {
		return err
	}
	err = svc.Start(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case errors.Is(err, telemetry.ErrDisabled):
		c.state = unitState{Name: c.unit.name, State: "disabled", Since: time.Now()}
	case err == nil:
		c.current = svc
		c.state = unitState{Name: c.unit.name, State: "running", Since: time.Now(), Error: c.state.Error}
	}
	return err
}

// fail notes why no service runs at the moment.
func (c *child) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = nil
	c.state = unitState{Name: c.unit.name, State: "restarting", Since: time.Now(), Error: err.Error()}
}

func (c *child) stateNow() unitState {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.state
	if c.current != nil && c.unit.detail != nil {
		st.Detail = c.unit.detail(c.current)
	}
	return st
}
