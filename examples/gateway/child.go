package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/thejerf/suture/v4"

	"github.com/fieldgate/fieldgate/telemetry"
)

// errDisabled is what Start of a disabled service returns: every service
// package has the same value under its own name.
var errDisabled = telemetry.ErrDisabled

// unitState is what the page shows of a unit.
type unitState struct {
	Name   string
	State  string    // running, disabled, restarting, stopping
	Since  time.Time // of State
	Detail string    // what the running service says of itself
	Error  string    // why it last died, did not start or does not stop; "" when it never did
}

// child is a unit in the tree: it serves one service after the other.
type child struct {
	unit       unit
	token      suture.ServiceToken
	supervised bool
	after      service // an older service of the unit that has not ended yet; nil = none

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
	svc, err := c.unit.build(ctx)
	if err != nil {
		return err
	}
	err = svc.Start(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case errors.Is(err, errDisabled):
		c.state = unitState{Name: c.unit.name, State: "disabled", Since: time.Now()}
	case err == nil:
		c.current = svc
		c.state = unitState{Name: c.unit.name, State: "running", Since: time.Now(), Error: c.state.Error}
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
	c.state = unitState{Name: c.unit.name, State: "restarting", Since: time.Now(), Error: err.Error()}
}

// waitFor makes the child start only when the service of old has ended,
// which did not stop in time.
func (c *child) waitFor(old *child, err error) {
	c.after = old.running()
	c.state = unitState{Name: c.unit.name, State: "stopping", Since: time.Now(), Error: err.Error()}
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

func (c *child) stateNow() unitState {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.state
	if c.current != nil && c.unit.detail != nil {
		st.Detail = c.unit.detail(c.current)
	}
	return st
}
