package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
)

// plan tells what reload would do.
func (s *supervisor) plan(units []unit) []control.Step {
	children := s.all()
	steps := make([]control.Step, 0, len(units))
	for i, u := range units {
		if i < len(children) {
			steps = append(steps, control.Step{Service: u.name, Action: children[i].actionFor(u)})
		}
	}
	return steps
}

// reload brings the running units to what units says and touches only those
// whose configuration differs. Those that are restarted are all stopped, the
// last first, then those that can are changed in place, and then the stopped
// ones start again, so that one may take over the port of another. A unit that
// does not take its new configuration goes on with its old one, and its step
// and the error say so.
func (s *supervisor) reload(ctx context.Context, units []unit) ([]control.Step, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ends() || len(s.children) != len(units) {
		return nil, errEnded
	}
	r := reload{supervisor: s, children: slices.Clone(s.children), steps: s.plan(units)}
	for i, u := range slices.Backward(units) { // the set and the order of units never change
		if u.carrier && s.next != nil {
			s.next = &u // also what takes the change before back
		}
		switch r.steps[i].Action {
		case control.Restarted, control.Started, control.Stopped:
			if u.carrier {
				r.steps[i].Detail = "in a moment, so that this answer arrives"
				s.restartCarrier(u)
				continue
			}
			r.stop(ctx, i, u)
		}
	}
	for i, u := range units {
		if r.steps[i].Action == control.Reconfigured {
			r.reconfigure(ctx, i, u)
		}
	}
	slices.Sort(r.stopped)
	for _, i := range r.stopped {
		r.start(ctx, i)
	}
	s.set(r.children)
	return r.steps, errors.Join(r.errs...)
}

// carrierDelay is how long the carrier waits with its restart.
const carrierDelay = 500 * time.Millisecond

// restartCarrier restarts the carrier soon, with what a reload says until
// then. It is called with mu held.
func (s *supervisor) restartCarrier(u unit) {
	waits := s.next != nil
	s.next = &u
	if waits {
		return
	}
	s.later.Go(func() {
		select {
		case <-time.After(carrierDelay):
		case <-s.ending:
			return
		}
		s.replaceCarrier(u.name)
	})
}

// replaceCarrier restarts the carrier. It does not hold mu while that stops:
// a request that it carries may wait for mu, and the carrier for the request.
func (s *supervisor) replaceCarrier(name string) {
	s.mu.Lock()
	i := slices.IndexFunc(s.children, func(c *child) bool { return c.unit.name == name })
	if i < 0 || s.children[i].actionFor(*s.next) == control.Unchanged { // it stopped, or all is as it was
		s.next = nil
		s.mu.Unlock()
		return
	}
	old := s.children[i] // stays there: reload leaves the carrier alone while there is a next one
	s.mu.Unlock()
	s.log.Info("configuration changed", "service", name, "action", control.Restarted)
	stopped := s.drop(context.Background(), old)

	s.mu.Lock()
	defer s.mu.Unlock()
	r := reload{supervisor: s, children: slices.Clone(s.children), steps: make([]control.Step, len(s.children))}
	r.steps[i] = control.Step{Service: name, Action: control.Restarted}
	r.children[i] = &child{unit: *s.next}
	s.next = nil
	if stopped != nil {
		r.failed(i, "does not stop, and starts again when it has", stopped)
		r.children[i].waitFor(old, stopped)
	}
	r.start(context.Background(), i) // all of its time, however long mu was not to be had
	s.set(r.children)
	if err := errors.Join(r.errs...); err != nil {
		s.log.Error("the configuration is taken over in part only", "error", err)
	}
}

// reload is one on its way.
type reload struct {
	*supervisor
	children []*child // as they will be
	steps    []control.Step
	stopped  []int // that have to start again
	errs     []error
}

func (r *reload) failed(i int, what string, err error) {
	r.steps[i].Error = what + ": " + err.Error()
	r.errs = append(r.errs, fmt.Errorf("%s %s: %w", r.steps[i].Service, what, err))
}

func (r *reload) stop(ctx context.Context, i int, u unit) {
	r.log.Info("configuration changed", "service", u.name, "action", r.steps[i].Action)
	r.stopped = append(r.stopped, i)
	old := r.children[i]
	r.children[i] = &child{unit: u}
	if err := r.drop(ctx, old); err != nil {
		r.failed(i, "does not stop, and starts again when it has", err)
		r.children[i].waitFor(old, err)
	}
}

func (r *reload) reconfigure(ctx context.Context, i int, u unit) {
	short, cancel := context.WithTimeout(ctx, unitTimeout)
	defer cancel()
	c := r.children[i]
	running := c.running()
	if running != nil {
		err := u.reconfigure(short, running)
		if part, is := errors.AsType[partly](err); is {
			r.steps[i].Detail = "not all of it: " + part.Error()
			r.log.Warn("configuration taken in part", "service", u.name, "error", part.error)
		} else if err != nil {
			r.failed(i, "does not take its new configuration and keeps the old one", err)
			return
		}
	}
	if c.take(u, running) {
		r.log.Info("configuration changed in place", "service", u.name)
		return
	}
	// It died meanwhile, and what comes up in its place has the old one.
	r.steps[i].Action, r.steps[i].Detail = control.Restarted, ""
	r.stop(ctx, i, u)
}

func (r *reload) start(ctx context.Context, i int) {
	if r.children[i].after != nil {
		r.supervise(r.children[i])
		return
	}
	err := r.adopt(ctx, r.children[i])
	if err == nil {
		return
	}
	old := r.supervisor.children[i].unitNow()
	r.failed(i, "does not start with its new configuration and keeps the old one", err)
	r.children[i] = &child{unit: old}
	if err := r.adopt(ctx, r.children[i]); err != nil {
		r.failed(i, "does not start with its old configuration either, trying on", err)
		r.children[i].fail(err)
		r.supervise(r.children[i])
	}
}
