package main

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"

	"github.com/fieldgate/fieldgate/ser2net"
)

// server is the running service and what is wanted of it.
type server struct {
	service *ser2net.Service
	doors   doors
	log     *slog.Logger
	running ser2net.Config  // applied last
	wanted  *ser2net.Config // not yet applied in full; nil for none
}

// reload reads the configuration again. One that is wrong changes nothing.
func (d *server) reload(from *source) {
	cfg, err := from.load(d.log)
	if err != nil {
		d.log.Error("the configuration was not changed", "error", err)
		return
	}
	d.log.Info("the configuration was read again")
	d.wanted = &cfg
	d.settle()
}

// settle applies what is wanted, as far as no client stands in the way.
func (d *server) settle() {
	if d.wanted == nil {
		return
	}
	busy := map[string]bool{}
	for _, p := range d.service.Status().Ports {
		busy[p.Name] = len(p.Clients) > 0
	}
	cfg, waiting, held := merge(d.running, *d.wanted, busy)
	if len(waiting) > 0 {
		d.log.Info("a change waits until its users have left", "connections", strings.Join(waiting, ", "))
	} else {
		d.wanted = nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := errors.Join(d.doors.shut(held), d.service.Apply(ctx, cfg)); err != nil {
		d.log.Error("a part of the configuration could not be applied", "error", err)
	}
	d.running = cfg
}

// merge returns the Config that leaves busy ports as they are, as C does, and
// is wanted in all else: a port that is busy keeps its Config until its users
// have left, but for one that is switched off. waiting are the ports that are
// not yet as wanted, held the addresses of those that are as before.
func merge(running, wanted ser2net.Config, busy map[string]bool) (merged ser2net.Config, waiting []string, held map[string]bool) {
	now := map[string]ser2net.PortConfig{}
	for _, p := range running.Ports {
		now[p.Name] = p
	}
	merged = wanted
	merged.Ports = nil
	held = map[string]bool{}
	hold := func(p ser2net.PortConfig) {
		merged.Ports = append(merged.Ports, p)
		held[address(p)] = true
		waiting = append(waiting, p.Name)
	}
	seen := map[string]bool{}
	var free []ser2net.PortConfig
	for _, p := range wanted.Ports {
		seen[p.Name] = true
		old, known := now[p.Name]
		if known && busy[p.Name] && p.Enabled && !reflect.DeepEqual(old, p) {
			hold(old)
		} else {
			free = append(free, p)
		}
	}
	for _, p := range running.Ports {
		if !seen[p.Name] && busy[p.Name] {
			hold(p)
		}
	}
	for _, p := range free {
		if p.Enabled && p.Listen != "" && held[address(p)] {
			p.Enabled = false // its address is still in use
			waiting = append(waiting, p.Name)
		}
		merged.Ports = append(merged.Ports, p)
	}
	return merged, waiting, held
}

func address(p ser2net.PortConfig) string {
	if p.Listen == "" {
		return ""
	}
	network := p.Network
	if network == "" {
		network = ser2net.NetworkTCP
	}
	return string(network) + " " + p.Listen
}
