//go:build !no_openvpn

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/filestore"
	openvpnprocess "github.com/fieldgate/fieldgate/openvpn/process"
)

const withOpenVPN = true

// openvpnUnit runs the instances.
func (g *gateway) openvpnUnit(doc document.Document, b backends) unit {
	return unit{
		name:        "openvpn",
		enabled:     doc.OpenVPN.Enabled,
		config:      doc.OpenVPN,
		build:       func(context.Context) (service, error) { return g.newInstances(doc.OpenVPN, b) },
		reconfigure: func(ctx context.Context, s service) error { return reconfigureInstances(ctx, s, doc.OpenVPN) },
		release:     letGo,
		patience:    tunnelPatience,
		detail:      instancesDetail,
		items:       instanceItems,
		do:          doInstance,
	}
}

// realRunner runs openvpn on this host.
func (g *gateway) realRunner() (openvpn.Runner, error) {
	return openvpnprocess.New(openvpnprocess.Options{Folder: filepath.Join(g.runDir, "openvpn"), Program: g.programs.openvpn, Logger: g.log.With("service", "openvpn")})
}

// realFiles keeps the files of instances.
func (g *gateway) realFiles() (openvpn.Store, error) {
	return filestore.Open(filepath.Join(g.own, "openvpn"))
}

// newInstances makes the service that runs the instances. One that is not
// wanted ends what a gateway before this one has left running.
func (g *gateway) newInstances(c openvpn.Config, b backends) (service, error) {
	runner, err := b.openvpn()
	if err != nil {
		return nil, err
	}
	files, err := b.files()
	if err != nil {
		return nil, err
	}
	o := openvpn.Options{Runner: runner, Store: files, Logger: g.log.With("service", "openvpn")}
	if c.Enabled {
		g.mark("openvpn")
		return openvpn.New(c, o)
	}
	return g.disabledAfter("openvpn", func(ctx context.Context) error {
		none, err := openvpn.New(openvpn.Config{Enabled: true}, o)
		if err != nil {
			return err
		}
		return errors.Join(none.Start(ctx), none.Stop(ctx))
	}), nil
}

// reconfigureInstances changes the instances of a running service; those that
// are as before are not touched.
func reconfigureInstances(ctx context.Context, running service, c openvpn.Config) error {
	err := running.(*openvpn.Service).Apply(ctx, c)
	if invalid := (openvpn.ConfigError)(nil); err == nil || errors.As(err, &invalid) || errors.Is(err, openvpn.ErrStopped) {
		return err
	}
	return partly{err} // of single instances, which say so themselves
}

// doInstance starts, stops or restarts one instance.
func doInstance(ctx context.Context, running service, name string, verb control.Verb) error {
	s := running.(*openvpn.Service)
	switch verb {
	case control.Start:
		return s.StartInstance(name)
	case control.Stop:
		return s.StopInstance(ctx, name)
	default:
		return s.RestartInstance(name)
	}
}

// instanceItems lists the instances.
func instanceItems(running service) []control.Item {
	var items []control.Item
	for _, i := range running.(*openvpn.Service).Status().Instances {
		item := control.Item{
			Service: "openvpn", Name: i.Name, Enabled: i.Enabled, Configured: i.Pending == "", State: string(i.State), Since: i.Since,
			Good: i.State == openvpn.StateConnected, Detail: i.Detail, Verbs: []control.Verb{control.Stop, control.Restart},
		}
		if i.State == openvpn.StateStopped {
			item.Verbs = []control.Verb{control.Start}
		}
		items = append(items, item)
	}
	return items
}

// instancesDetail counts the instances, or says that there is no program to
// run them.
func instancesDetail(s service) string {
	running, ok := s.(*openvpn.Service)
	if !ok {
		return ""
	}
	status := running.Status()
	if status.Version == "" {
		return status.Error
	}
	connected := 0
	for _, i := range status.Instances {
		if i.State == openvpn.StateConnected {
			connected++
		}
	}
	return fmt.Sprintf("openvpn %s, %d of %d instances connected", status.Version, connected, len(status.Instances))
}
