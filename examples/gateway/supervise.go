package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/thejerf/suture/v4"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
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
	name    string
	enabled bool // whether the configuration wants it to run
	config  any  // what build builds from; a reload touches the unit only if this differs
	build   func(ctx context.Context) (service, error)
	// essential units must start with the gateway; others are tried again
	// while everything else works.
	essential bool
	// reconfigure brings the running service to this unit's configuration in
	// place, and leaves it as it was if it fails, but for a [partly]; nil: it
	// is restarted.
	reconfigure func(ctx context.Context, running service) error
	// release ends the running service but leaves what it runs, such as
	// tunnels, to the next gateway; nil: there is nothing to leave.
	release func(ctx context.Context, running service) error
	// carrier units carry the request that asks for a reload, and are restarted
	// a moment after it, so that its answer arrives.
	carrier bool
	// patience is how long a stop may take; 0: unitTimeout.
	patience time.Duration

	detail func(service) string // what the page says of the running service; may be nil
	// items lists what the running service is made of, and do starts, stops
	// or restarts one of them; nil: nothing can be.
	items func(service) []control.Item
	do    func(ctx context.Context, running service, item string, verb control.Verb) error
}

// unitTimeout bounds the start of one unit, and the stop unless it has another
// patience.
const unitTimeout = 4 * time.Second

// errEnded is for who asks while the gateway ends.
var errEnded = errors.New("the gateway ends")

// partly is the error of a service that has taken its new configuration but
// for some of its items, which tell about it themselves.
type partly struct{ error }

// supervisor starts the units in order, restarts the ones that die, with
// back-off, and stops them in reverse order.
type supervisor struct {
	log  *slog.Logger
	tree *suture.Supervisor
	end  context.CancelFunc // ends the tree
	gone <-chan error       // receives once the tree has ended

	mu     sync.Mutex // one start, reload or stop at a time
	next   *unit      // what the carrier is restarted with; guarded by mu, nil: it is not
	ending chan struct{}
	later  sync.WaitGroup // restarts of the carrier

	statesMu sync.Mutex // guards children for readers that must not wait for mu
	children []*child   // in start order
}

func newSupervisor(log *slog.Logger) *supervisor {
	s := &supervisor{log: log, ending: make(chan struct{})}
	s.tree = suture.New("gateway", suture.Spec{EventHook: s.note, Timeout: unitTimeout})
	ctx, end := context.WithCancel(context.Background())
	s.end = end
	s.gone = s.tree.ServeBackground(ctx)
	return s
}

// start starts the units in their order. One that fails is tried again, with
// back-off; if it is essential, those before it are ended again, and tunnels
// are left to the next try: they may be the only way to the device.
func (s *supervisor) start(ctx context.Context, units []unit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range units {
		c := &child{unit: u}
		switch err := s.adopt(ctx, c); {
		case err == nil:
		case u.essential || ctx.Err() != nil:
			for _, c := range s.children {
				c.setRelease(ctx.Err() == nil)
			}
			return errors.Join(fmt.Errorf("%s does not start: %w", u.name, err), s.stopAll(context.WithoutCancel(ctx)))
		default:
			s.log.Error("service does not start, trying on", "service", u.name, "error", err)
			c.fail(err)
			s.supervise(c)
		}
		s.set(append(s.children, c))
	}
	return nil
}

// refresh has a running service take its configuration again, since a file
// has changed that it names. One that does not run reads it when it starts.
func (s *supervisor) refresh(ctx context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ends() {
		return errEnded
	}
	for _, c := range s.children {
		if u, running := c.unitNow(), c.running(); u.name == name && running != nil && u.reconfigure != nil {
			ctx, cancel := context.WithTimeout(ctx, unitTimeout)
			defer cancel()
			return u.reconfigure(ctx, running)
		}
	}
	return nil
}

// turn returns once no start, reload or stop is under way.
func (s *supervisor) turn() {
	s.mu.Lock()
	defer s.mu.Unlock()
}

// ends reports whether stop was called. Once it is seen with mu held, the
// units are those of stop.
func (s *supervisor) ends() bool {
	select {
	case <-s.ending:
		return true
	default:
		return false
	}
}

// stop ends all units, the last started first, and the tree; it is called
// once. With release those that can leave to the next gateway what they run.
// It does not hold mu while units stop: a request that the carrier waits for
// may wait for mu.
func (s *supervisor) stop(ctx context.Context, release bool) error {
	close(s.ending)
	s.turn() // no reload begins after this, and none has the carrier restarted
	s.later.Wait()
	for _, c := range s.all() {
		c.setRelease(release)
	}
	err := s.stopAll(ctx)
	s.end()
	<-s.gone
	return err
}

// states tells how each unit is, in start order.
func (s *supervisor) states() []control.ServiceState {
	children := s.all()
	states := make([]control.ServiceState, len(children))
	for i, c := range children {
		states[i] = c.stateNow()
	}
	return states
}

// items lists what a service is made of; none while it does not run.
func (s *supervisor) items(name string) []control.Item {
	for _, c := range s.all() {
		u, running := c.unitNow(), c.running()
		if u.name == name && u.items != nil && running != nil {
			return u.items(running)
		}
	}
	return nil
}

// do starts, stops or restarts a part of a service.
func (s *supervisor) do(ctx context.Context, name, item string, verb control.Verb) error {
	for _, c := range s.all() {
		u, running := c.unitNow(), c.running()
		if u.name == name && u.do != nil && running != nil {
			return u.do(ctx, running, item, verb)
		}
	}
	return fmt.Errorf("%s %s: %w", name, item, control.ErrNoItem)
}

// service returns the service that runs in the unit of a name; nil: none.
func (s *supervisor) service(name string) service {
	_, running := s.find(name)
	return running
}

// find returns a unit and the service that runs in it; nil: none.
func (s *supervisor) find(name string) (unit, service) {
	for _, c := range s.all() {
		if u := c.unitNow(); u.name == name {
			return u, c.running()
		}
	}
	return unit{}, nil
}

func (s *supervisor) all() []*child {
	s.statesMu.Lock()
	defer s.statesMu.Unlock()
	return s.children
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
	patience := cmp.Or(c.unitNow().patience, unitTimeout)
	by := time.Now().Add(patience)
	if end, ok := ctx.Deadline(); ok && end.Before(by) {
		by = end
	}
	c.setStopBy(by)
	// Serve returns at that time at the latest: the tree waits a little longer.
	if err := s.tree.RemoveAndWait(c.token, patience+time.Second); err != nil {
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
	for _, c := range slices.Backward(s.all()) {
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
	}
	// Not suture.EventStopTimeout: it knows no patience, and drop tells.
}
