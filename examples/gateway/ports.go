//go:build !no_ser2net

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/tlsport"
)

const withSer2net = true

// ser2netUnit serves the serial ports.
func (g *gateway) ser2netUnit(doc document.Document, b backends) unit {
	return unit{
		name:        "ser2net",
		enabled:     doc.Ser2net.Enabled,
		config:      doc.Ser2net,
		build:       func(context.Context) (service, error) { return b.ports(g.ports.take(doc.Ser2net)) },
		reconfigure: func(ctx context.Context, s service) error { return g.ports.reconfigure(ctx, s, doc.Ser2net) },
		detail:      portsDetail,
		items:       g.ports.items,
		do:          g.ports.do,
	}
}

// newPorts makes the service of serial ports.
func (g *gateway) newPorts(c ser2net.Config, opener ser2net.Opener) (service, error) {
	return ser2net.New(c, ser2net.Options{Opener: opener, TLS: tlsport.Load, Logger: g.log.With("service", "ser2net")})
}

// listenAgain is how often the address of a port is tried that something else
// has, so that one such port does not keep the others from serving.
const listenAgain = ser2net.Duration(10 * time.Second)

// ports are the serial ports of the gateway, with those that were stopped by
// hand: they stay so until they are started, or the gateway is, whatever
// configuration is applied meanwhile.
type ports struct {
	mu      sync.Mutex // one change at a time
	config  ser2net.Config
	stopped map[string]bool
}

// take notes the configuration that the service has, and returns what it gets
// of it.
func (p *ports) take(c ser2net.Config) ser2net.Config {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.config = c
	return p.effective()
}

// effective is called with mu held.
func (p *ports) effective() ser2net.Config {
	c := p.config
	c.Ports = slices.Clone(c.Ports)
	for i := range c.Ports {
		port := &c.Ports[i]
		port.Enabled = port.Enabled && !p.stopped[port.Name]
		port.ListenRetry = cmp.Or(port.ListenRetry, listenAgain)
	}
	return c
}

// reconfigure changes the ports of a running service; those that are as before
// are not touched.
func (p *ports) reconfigure(ctx context.Context, running service, c ser2net.Config) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.config
	p.config = c
	err := running.(*ser2net.Service).Apply(ctx, p.effective())
	if err != nil {
		// All or nothing: the ports that did start are stopped again.
		p.config = before
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unitTimeout) // its end may be what is wrong
		defer cancel()
		_ = running.(*ser2net.Service).Apply(ctx, p.effective()) // they ran before; the error is the one of the change
	}
	return err
}

// do starts, stops or restarts one port.
func (p *ports) do(ctx context.Context, running service, name string, verb control.Verb) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.config.Ports, func(c ser2net.PortConfig) bool { return c.Name == name })
	if i < 0 {
		return fmt.Errorf("serial port %s: %w", name, control.ErrNoItem)
	}
	if !p.config.Ports[i].Enabled {
		return fmt.Errorf("serial port %s is not enabled in the configuration", name)
	}
	if p.stopped == nil {
		p.stopped = make(map[string]bool)
	}
	was, s := p.stopped[name], running.(*ser2net.Service)
	if verb != control.Start {
		p.stopped[name] = true
		if err := s.Apply(ctx, p.effective()); err != nil {
			p.stopped[name] = was
			return err
		}
	}
	if verb != control.Stop {
		delete(p.stopped, name)
		return s.Apply(ctx, p.effective())
	}
	return nil
}

// items lists the ports.
func (p *ports) items(running service) []control.Item {
	status := running.(*ser2net.Service).Status()
	p.mu.Lock()
	defer p.mu.Unlock()
	items := make([]control.Item, 0, len(status.Ports))
	for i, port := range status.Ports {
		item := control.Item{Service: "ser2net", Name: port.Name, State: string(port.State)}
		item.Enabled = i < len(p.config.Ports) && p.config.Ports[i].Enabled
		item.Configured = item.Enabled
		switch {
		case p.stopped[port.Name]:
			item.State, item.Verbs = "stopped", []control.Verb{control.Start}
		case item.Enabled:
			item.Verbs = []control.Verb{control.Stop, control.Restart}
		}
		item.Good = port.State == ser2net.StateOpen || port.State == ser2net.StateWaiting || port.State == ser2net.StateOpening
		item.Detail = fmt.Sprintf("%s, %d clients", port.Device, len(port.Clients))
		if port.Listening != "" {
			item.Detail += ", on " + port.Listening
		}
		if !item.Good && port.LastError != "" {
			item.Detail += ": " + port.LastError
		}
		items = append(items, item)
	}
	return items
}

// portsDetail counts the serial ports.
func portsDetail(s service) string {
	running, ok := s.(*ser2net.Service)
	if !ok {
		return ""
	}
	var open, clients int
	var failed error
	for _, p := range running.Status().Ports {
		if p.State == ser2net.StateOpen {
			open++
		}
		if p.State == ser2net.StateFailed || p.State == ser2net.StateLost {
			failed = errors.Join(failed, fmt.Errorf("%s: %s", p.Name, p.LastError))
		}
		clients += len(p.Clients)
	}
	text := fmt.Sprintf("%d devices open, %d clients", open, clients)
	if failed != nil {
		text += "; " + strings.ReplaceAll(failed.Error(), "\n", "; ")
	}
	return text
}
