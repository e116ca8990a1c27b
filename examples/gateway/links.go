//go:build !no_ipsec

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/ipsec/l2tp/xl2tpd"
)

const xl2tpdProgram = xl2tpd.DefaultProgram

// l2tpUnit keeps the links of L2TP.
func (g *gateway) l2tpUnit(doc document.Document, b backends) unit {
	return unit{
		name:    "l2tp",
		enabled: doc.L2TP.Enabled,
		config:  doc.L2TP,
		build: func(context.Context) (service, error) {
			if !doc.L2TP.Enabled {
				return disabled("l2tp"), nil // its programs need not be there
			}
			backend, err := b.ppp()
			if err != nil {
				return nil, err
			}
			return l2tp.New(doc.L2TP, l2tp.Options{Backend: backend, Channel: &g.channel, ApplyChannels: g.channel.follow, Logger: g.log.With("service", "l2tp")})
		},
		reconfigure: func(ctx context.Context, s service) error { return reconfigureL2TP(ctx, s, doc.L2TP) },
		patience:    tunnelPatience,
		detail:      l2tpDetail,
		items:       l2tpItems,
		do:          doL2TP,
	}
}

// realPPP runs xl2tpd on this host.
func (g *gateway) realPPP() (l2tp.Backend, error) {
	return xl2tpd.New(xl2tpd.Options{Folder: filepath.Join(g.runDir, "l2tp"), Program: g.programs.xl2tpd, Logger: g.log.With("service", "l2tp")})
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
