package main

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"time"

	"github.com/thejerf/suture/v4"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/telemetry"
)

// errDisabled is what Start of a disabled service returns: every service
// package has the same value under its own name.
var errDisabled = telemetry.ErrDisabled

// child is a unit in the tree: it serves one service after the other.
type child struct {
	token      suture.ServiceToken
	supervised bool
	after      service // an older service of the unit that has not ended yet; nil = none

	mu      sync.Mutex
	unit    unit
	current service // started, not yet seen ended
	// starting: a service is being built and started for unit.
	starting bool
	state    control.ServiceState
	stopBy   time.Time // until when a stop may take
	release  bool      // a stop leaves to the next gateway what runs
	stopErr  error     // what the stop came to
}

// String names the child in the tree's events.
func (c *child) String() string { return c.unitNow().name }

func (c *child) unitNow() unit {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unit
}

// take makes u what the next start builds. It reports false, and takes
// nothing, if another service runs than the one that has u's configuration
// already, or may run in a moment: one that was built for the unit before.
func (c *child) take(u unit, has service) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != has || c.starting {
		return false
	}
	c.unit = u
	return true
}

// actionFor tells what becomes of the child when u takes its place.
func (c *child) actionFor(u unit) control.Action {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch old := c.unit; {
	case reflect.DeepEqual(old.config, u.config):
		return control.Unchanged
	case !u.enabled && !old.enabled:
		return control.Unchanged // what does not run is not touched
	case !u.enabled:
		return control.Stopped
	case !old.enabled:
		return control.Started
	case u.reconfigure != nil && c.current != nil:
		return control.Reconfigured
	}
	return control.Restarted
}

// Serve implements suture.Service. It serves the started service; after that
// one has died, the tree calls it again, and it starts a new one.
func (c *child) Serve(ctx context.Context) error {
	if c.after != nil {
		select {
		case <-c.after.Done():
		case <-ctx.Done():
			return nil
		}
	}
	svc := c.running()
	if svc == nil {
		startCtx, cancel := context.WithTimeout(ctx, unitTimeout)
		defer cancel()
		err := c.start(startCtx)
		if errors.Is(err, errDisabled) {
			return suture.ErrDoNotRestart
		}
		if err != nil {
			c.fail(err)
			return err
		}
		svc = c.running()
	}
	select {
	case <-svc.Done():
		c.fail(svc.Err())
		return svc.Err()
	case <-ctx.Done():
		return c.stop(svc)
	}
}

// start builds and starts a service.
func (c *child) start(ctx context.Context) error {
	c.mu.Lock()
	c.starting = true
	u := c.unit
	c.mu.Unlock()
	svc, err := u.build(ctx)
	if err == nil {
		err = svc.Start(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.starting = false
	switch {
	case errors.Is(err, errDisabled):
		c.state = control.ServiceState{Name: u.name, State: "disabled", Since: time.Now()}
		if left, is := errors.AsType[leftOutError](err); is {
			c.state.Detail, c.state.LeftOut = left.Error(), true
		}
	case err == nil:
		c.current = svc
		c.state = control.ServiceState{Name: u.name, State: "running", Since: time.Now(), Error: c.state.Error}
	}
	return err
}

func (c *child) running() service {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// fail notes why no service runs at the moment.
func (c *child) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = nil
	c.state = control.ServiceState{Name: c.unit.name, State: "restarting", Since: time.Now(), Error: err.Error()}
}

// waitFor makes the child start only when the service of old has ended,
// which did not stop in time.
func (c *child) waitFor(old *child, err error) {
	c.after = old.running()
	c.state = control.ServiceState{Name: c.unit.name, State: "stopping", Since: time.Now(), Error: err.Error()}
}

func (c *child) setRelease(release bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.release = release
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
	end := svc.Stop
	if release := c.unit.release; c.release && release != nil {
		end = func(ctx context.Context) error { return release(ctx, svc) }
	}
	c.mu.Unlock()
	defer cancel()
	err := end(ctx)
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

func (c *child) stateNow() control.ServiceState {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.state
	if c.current != nil && c.unit.detail != nil {
		st.Detail = c.unit.detail(c.current)
	}
	return st
}
