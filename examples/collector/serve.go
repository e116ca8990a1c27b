package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// reportEvery is the least time between two reports of refused datagrams:
// whoever sends junk must not be able to fill the log.
const reportEvery = time.Second

// fault is the cause of an end that nobody has asked for.
type fault struct{ error }

// serve waits for the end, reads the keys again on hangup, and reports what
// is refused and dropped. Its error is why the program ended unasked.
func (c *collector) serve(ctx context.Context, hangup <-chan os.Signal) error {
	ticker := time.NewTicker(reportEvery)
	defer ticker.Stop()
	var served <-chan struct{}
	if c.web != nil {
		served = c.web.Done()
	}
	before := receiver.Stats{}
	for {
		select {
		case <-ctx.Done():
			if f := (fault{}); errors.As(context.Cause(ctx), &f) {
				return f.error
			}
			return nil // asked to
		case <-c.receiver.Done():
			return c.receiver.Err()
		case <-served:
			return c.web.Err()
		case <-hangup:
			c.reloadKeys()
		case <-ticker.C:
			now := c.receiver.Stats()
			if bad := troubles(now, before); len(bad) > 0 {
				c.log.Warn("collector: datagrams are refused or dropped", bad...)
			}
			before = now
		}
	}
}

func (c *collector) reloadKeys() {
	if c.keys == nil {
		c.log.Info("collector: there are no keys to read again")
		return
	}
	if err := c.keys.Reload(); err != nil {
		c.log.Error("collector: the keys stay what they were", "error", err)
		return
	}
	c.log.Info("collector: keys are read", "keys", c.keys.String())
}

// troubles lists the counters of what was refused or dropped that have grown,
// with their values now.
func troubles(now, before receiver.Stats) (attrs []any) {
	for _, c := range []struct {
		name        string
		now, before uint64
	}{
		{"malformed", now.Malformed, before.Malformed},
		{"version", now.Version, before.Version},
		{"truncated", now.Truncated, before.Truncated},
		{"bare", now.Bare, before.Bare},
		{"unknown", now.Unknown, before.Unknown},
		{"bad_mac", now.BadMAC, before.BadMAC},
		{"key_errors", now.KeyErrors, before.KeyErrors},
		{"limited", now.Limited, before.Limited},
		{"replayed", now.Replayed, before.Replayed},
		{"max_devices", now.MaxDevices, before.MaxDevices},
		{"queue_full", now.QueueFull, before.QueueFull},
		{"not_stored", now.NotStored, before.NotStored},
		{"kernel_drops", now.KernelDrops, before.KernelDrops},
	} {
		if c.now != c.before {
			attrs = append(attrs, c.name, c.now)
		}
	}
	return attrs
}
