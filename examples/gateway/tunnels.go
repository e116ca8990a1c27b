package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/ipsec/strongswan"
	"github.com/fieldgate/fieldgate/snmp/fieldgatemib"
)

// newTunnels makes the service that keeps the connections. One that is not
// wanted ends what a gateway before this one has left in the daemon.
func (g *gateway) newTunnels(c ipsec.Config, b backends) (service, error) {
	o := ipsec.Options{Backend: b.ike, Logger: g.log.With("service", "ipsec")}
	if c.Enabled {
		g.mark("ipsec")
		return ipsec.New(c, o)
	}
	if g.device == nil && !thisHost(g.programs).exists(orDefault(g.programs.charon, strongswan.DefaultSocket)) {
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

// mibTunnels shows the connections to managers.
func (g *gateway) mibTunnels() []fieldgatemib.Tunnel {
	running, ok := g.units.service("ipsec").(*ipsec.Service)
	if !ok {
		return nil
	}
	var rows []fieldgatemib.Tunnel
	for _, c := range running.Status().Connections {
		row := fieldgatemib.Tunnel{Name: c.Name, State: fieldgatemib.TunnelDown}
		switch c.State {
		case ipsec.StateUp:
			row.State, row.UpTime = fieldgatemib.TunnelUp, time.Since(c.Since)
		case ipsec.StateConnecting:
			row.State = fieldgatemib.TunnelConnecting
		}
		if c.LastError != nil {
			row.LastError = c.LastError.Detail
		}
		for _, sa := range c.SAs {
			row.Remote = sa.RemoteHost.Addr().String()
			for _, child := range sa.Children {
				row.InOctets += child.BytesIn
				row.OutOctets += child.BytesOut
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// l2tpDetail counts the links.
func l2tpDetail(s service) string {
	running, ok := s.(*l2tp.Service)
	if !ok {
		return ""
	}
	status, up := running.Status(), 0
	for _, c := range status.Clients {
		if c.State == l2tp.StateUp {
			up++
		}
	}
	return fmt.Sprintf("%d of %d clients up", up, len(status.Clients))
}

// reconfigureL2TP changes the links of a running service; those that are as
// before are not touched.
func reconfigureL2TP(ctx context.Context, running service, c l2tp.Config) error {
	err := running.(*l2tp.Service).Apply(ctx, c)
	if invalid := (ipsec.ConfigError)(nil); err == nil || errors.As(err, &invalid) || errors.Is(err, l2tp.ErrStopped) {
		return err
	}
	return partly{err} // it is tried again
}

// doL2TP starts, stops or restarts one client.
func doL2TP(ctx context.Context, running service, name string, verb control.Verb) error {
	s := running.(*l2tp.Service)
	if verb != control.Start {
		if err := s.StopClient(ctx, name); err != nil {
			return err
		}
	}
	if verb != control.Stop {
		return s.StartClient(name)
	}
	return nil
}

// l2tpItems lists the clients.
func l2tpItems(running service) []control.Item {
	var items []control.Item
	for _, c := range running.(*l2tp.Service).Status().Clients {
		item := control.Item{
			Service: "l2tp", Name: c.Name, Enabled: c.Enabled, Configured: c.Enabled, State: string(c.State), Since: c.Since,
			Good: c.State == l2tp.StateUp,
		}
		switch {
		case !c.Enabled:
		case c.State == l2tp.StateStopped:
			item.Verbs = []control.Verb{control.Start}
		default:
			item.Verbs = []control.Verb{control.Stop, control.Restart}
		}
		if c.LastError != nil {
			item.Detail = c.LastError.Error()
		}
		items = append(items, item)
	}
	return items
}

// channel is the IPsec service that runs at the moment, for L2TP, which goes
// on when that one is restarted.
type channel struct {
	units *supervisor
	own   atomic.Pointer[ipsec.Config] // of the IPsec service, without the channels of L2TP
}

// links returns the configuration of L2TP whose channels IPsec has to keep for
// now: the one that runs, even where next takes its place in place. It closes
// its links inside of their channels, and then calls follow.
func (c *channel) links(next l2tp.Config) l2tp.Config {
	u, running := c.units.find("l2tp")
	now, ok := u.config.(l2tp.Config)
	if !ok || !next.Enabled || running == nil || now.Extend(*c.own.Load()).Validate() != nil {
		return next
	}
	return now
}

// reconfigure changes the connections of the running service, and leaves the
// channels that L2TP is about to give up to follow.
func (c *channel) reconfigure(ctx context.Context, running service, own ipsec.Config, links l2tp.Config) error {
	before := c.own.Swap(&own)
	err := c.apply(ctx, running, c.links(links))
	if _, is := errors.AsType[partly](err); err != nil && !is {
		c.own.Store(before)
	}
	return err
}

// follow gives the IPsec service the channels of a configuration of L2TP.
func (c *channel) follow(ctx context.Context, links l2tp.Config) error {
	running := c.units.service("ipsec")
	if running == nil {
		return nil // its next start is with them
	}
	return c.apply(ctx, running, links)
}

func (c *channel) apply(ctx context.Context, running service, links l2tp.Config) error {
	return reconfigureTunnels(ctx, running, links.Extend(*c.own.Load()))
}

var errNoIPsec = errors.New("IPsec does not run")

func (c *channel) ipsec() *ipsec.Service {
	s, _ := c.units.service("ipsec").(*ipsec.Service) // none is none
	return s
}

// Initiate implements [l2tp.ChannelService].
func (c *channel) Initiate(ctx context.Context, name string) error {
	if s := c.ipsec(); s != nil {
		return s.Initiate(ctx, name)
	}
	return errNoIPsec
}

// Terminate implements [l2tp.ChannelService].
func (c *channel) Terminate(ctx context.Context, name string) error {
	if s := c.ipsec(); s != nil {
		return s.Terminate(ctx, name)
	}
	return nil
}

// Status implements [l2tp.ChannelService].
func (c *channel) Status() ipsec.Status {
	if s := c.ipsec(); s != nil {
		return s.Status()
	}
	return ipsec.Status{At: time.Now()}
}
