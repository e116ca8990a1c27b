package apitest

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// control is what all fakes have: a lock, faults and a count of calls.
type control struct {
	mu     sync.Mutex
	err    error
	stuck  bool
	called int
}

// Fail makes every call fail with err; nil ends that.
func (c *control) Fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

// Stall makes every call wait for the end of its context; false ends that
// for later calls.
func (c *control) Stall(stuck bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stuck = stuck
}

// Calls returns how often the provider was called.
func (c *control) Calls() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.called
}

// enter counts a call and does what the faults say. what begins the error of
// an ended context.
func (c *control) enter(ctx context.Context, what string) error {
	c.mu.Lock()
	c.called++
	err, stuck := c.err, c.stuck
	c.mu.Unlock()
	if stuck {
		<-ctx.Done()
	}
	if ctx.Err() != nil {
		return fmt.Errorf("apitest: %s: %w", what, ctx.Err())
	}
	return err
}

// faults shows the faults, one in a line; mu is held.
func (c *control) faults(b *strings.Builder) {
	if c.err != nil {
		fmt.Fprintf(b, "fails: %v\n", c.err)
	}
	if c.stuck {
		b.WriteString("stalls: yes\n")
	}
}
