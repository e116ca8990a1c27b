package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// A gateway that is killed, or hands over, leaves tunnels running. The next one
// takes over those that its configuration wants. Which services may have left
// some is told by marks in the folder of what runs, so that a gateway that
// wants none of a service need not ask for them at each start.

// mark notes that a service runs what may outlive the gateway. Without the
// mark the worst is a tunnel that goes on after its service was switched off
// while no gateway ran.
func (g *gateway) mark(service string) {
	err := os.MkdirAll(g.runDir, 0o700)
	if err == nil {
		err = os.WriteFile(g.markOf(service), nil, 0o600)
	}
	if err != nil {
		g.log.Warn("what runs cannot be noted", "service", service, "error", err)
	}
}

func (g *gateway) markOf(service string) string { return filepath.Join(g.runDir, service+".ran") }

// disabledAfter is a service that its configuration does not want, which ends
// what is left of it first.
func (g *gateway) disabledAfter(name string, endLeft func(ctx context.Context) error) service {
	return lifecycle.New(name, func(ctx context.Context) (lifecycle.Run, error) {
		if _, err := os.Stat(g.markOf(name)); err != nil {
			return nil, lifecycle.ErrDisabled
		}
		ctx, cancel := context.WithTimeout(ctx, unitTimeout)
		defer cancel()
		if g.standIn != 0 {
			// The configuration could not be read: nobody has asked for
			// these tunnels to end, and they may be the only way in.
			return nil, errDisabled
		}
		if err := endLeft(ctx); err != nil {
			g.log.Error("what an earlier gateway left may still run", "service", name, "error", err)
		} else {
			_ = os.Remove(g.markOf(name)) // one that stays costs a look at the next start
		}
		return nil, lifecycle.ErrDisabled
	})
}
