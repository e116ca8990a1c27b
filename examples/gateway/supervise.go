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
	build  func(ctx context.Context) (service, error)
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
	statesMu sync.Mutex // guards children for readers that must not wait for mu
	children []*child   // in start order
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
			return errors.Join(fmt.Errorf("%s does not start: %w", u.name, err), s.stopAll(context.WithoutCancel(ctx)))
		}
		s.set(append(s.children, c))
	}
	return nil
}

// reload brings the running units to what units says and touches only those
// whose configuration differs. All of these are stopped, the last first,
// before the first of them starts again, so that one may take over the port
// of another. A unit that does not start with its new configuration goes on
// with its old one, and the error says so.
func (s *supervisor) reload(ctx context.Context, units []unit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	children := slices.Clone(s.children)
	var changed []int // the set and the order of units never change
	for i, u := range slices.Backward(units) {
		old := children[i]
		if reflect.DeepEqual(old.unit.config, u.config) {
			continue
		}
		changed = append(changed, i)
		s.log.Info("configuration changed, restarting", "service", u.name)
		children[i] = &child{unit: u}
		if err := s.drop(ctx, old); err != nil {
			errs = append(errs, fmt.Errorf("%s does not stop, and starts again when it has: %w", u.name, err))
			children[i].waitFor(old, err)
		}
	}
	for _, i := range slices.Backward(changed) {
		old := s.children[i].unit
		if children[i].after != nil {
			s.supervise(children[i])
			continue
		}
		err := s.adopt(ctx, children[i])
		if err == nil {
			continue
		}
		errs = append(errs, fmt.Errorf("%s does not start with its new configuration and keeps the old one: %w", old.name, err))
		children[i] = &child{unit: old}
		if err := s.adopt(ctx, children[i]); err != nil {
			errs = append(errs, fmt.Errorf("%s does not start with its old configuration either, trying on: %w", old.name, err))
			children[i].fail(err)
			s.supervise(children[i])
		}
	}
	s.set(children)
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
	if errors.Is(err, errDisabled) {
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
