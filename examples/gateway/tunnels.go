//go:build !no_ipsec

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/strongswan"
)

const (
	withIPsec    = true
	charonSocket = strongswan.DefaultSocket
)

// ipsecUnit keeps the connections, with the channels of L2TP.
func (g *gateway) ipsecUnit(doc document.Document, b backends) unit {
	tunnels := doc.L2TP.Extend(doc.IPsec)
	return unit{
		name:    "ipsec",
		enabled: tunnels.Enabled,
		config:  tunnels,
		build: func(context.Context) (service, error) {
			g.channel.own.Store(&doc.IPsec)
			return g.newTunnels(tunnels, b)
		},
		reconfigure: func(ctx context.Context, s service) error {
			return g.channel.reconfigure(ctx, s, doc.IPsec, doc.L2TP)
		},
		release:  letGo,
		patience: tunnelPatience,
		detail:   tunnelsDetail,
		items:    tunnelItems,
		do:       doTunnel,
	}
}

// realIKE speaks to the daemon of this host.
func (g *gateway) realIKE() ipsec.Backend {
	charon, err := strongswan.New(strongswan.Options{Socket: g.programs.charon, Logger: g.log.With("service", "ipsec")})
	if err != nil {
		panic(err) // constants are never wrong
	}
	return charon
}

// newTunnels makes the service that keeps the connections. One that is not
// wanted ends what a gateway before this one has left in the daemon.
func (g *gateway) newTunnels(c ipsec.Config, b backends) (service, error) {
	o := ipsec.Options{Backend: b.ike, Logger: g.log.With("service", "ipsec")}
	if c.Enabled {
		g.mark("ipsec")
		return ipsec.New(c, o)
	}
	if g.device == nil && !thisHost(g.programs).exists(orDefault(g.programs.charon, charonSocket)) {
		return disabled("ipsec"), nil // no daemon, no tunnels: the start is not to wait for it
	}
	return g.disabledAfter("ipsec", func(ctx context.Context) error {
		none, err := ipsec.New(ipsec.Config{Enabled: true}, o)
		if err != nil {
			return err
		}
		err = none.Start(ctx)
		if err == nil {
			err = none.Ready(ctx)
		}
		return errors.Join(err, none.Stop(ctx))
	}), nil
}

// reconfigureTunnels changes the connections of a running service; those that
// are as before are not touched. A daemon that is gone gets them when it is
// back, which is no fault of the configuration.
func reconfigureTunnels(ctx context.Context, running service, c ipsec.Config) error {
	outcome, err := running.(*ipsec.Service).Apply(ctx, c)
	if err != nil && !errors.Is(err, ipsec.ErrUnavailable) {
		return err
	}
	var refused []error
	for _, name := range slices.Sorted(maps.Keys(outcome.Refused)) {
		refused = append(refused, fmt.Errorf("connection %s is refused: %w", name, outcome.Refused[name]))
	}
	if len(refused) > 0 {
		return partly{errors.Join(refused...)} // all others are as they are to be
	}
	return nil
}

// doTunnel starts, stops or restarts one connection.
func doTunnel(ctx context.Context, running service, name string, verb control.Verb) error {
	s := running.(*ipsec.Service)
	switch verb {
	case control.Start:
		return s.Initiate(ctx, name)
	case control.Stop:
		return s.Terminate(ctx, name)
	default:
		return s.Restart(ctx, name)
	}
}

// tunnelItems lists the connections.
func tunnelItems(running service) []control.Item {
	var items []control.Item
	for _, c := range running.(*ipsec.Service).Status().Connections {
		item := control.Item{
			Service: "ipsec", Name: c.Name, Enabled: c.Enabled, Configured: c.Configured, State: string(c.State), Since: c.Since,
			Good: c.State == ipsec.StateUp || c.State == ipsec.StateArmed,
		}
		switch {
		case !c.Enabled:
		case c.State == ipsec.StateUp, c.State == ipsec.StateConnecting:
			item.Verbs = []control.Verb{control.Stop, control.Restart}
		case c.State == ipsec.StateStopped:
			item.Verbs = []control.Verb{control.Start}
		default:
			item.Verbs = []control.Verb{control.Start, control.Stop}
		}
		if c.LastError != nil && c.State != ipsec.StateUp {
			item.Detail = fmt.Sprintf("%s: %s", c.LastError.Cause, c.LastError.Detail)
		}
		items = append(items, item)
	}
	return items
}

// tunnelsDetail counts the connections, or says why nothing is known of them.
func tunnelsDetail(s service) string {
	running, ok := s.(*ipsec.Service)
	if !ok {
		return ""
	}
	status := running.Status()
	if status.Daemon.State != ipsec.DaemonReady {
		return fmt.Sprintf("IKE daemon %s: %s", status.Daemon.State, status.Daemon.Error)
	}
	up := 0
	for _, c := range status.Connections {
		if c.State == ipsec.StateUp {
			up++
		}
	}
	return fmt.Sprintf("%s, %d of %d connections up", status.Daemon.Version, up, len(status.Connections))
}
