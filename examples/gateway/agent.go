package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/enginefile"
	"github.com/fieldgate/fieldgate/snmp/fieldgatemib"
	"github.com/fieldgate/fieldgate/snmp/hostmib"
	"github.com/fieldgate/fieldgate/snmp/notify"
)

// newAgent makes the SNMP agent: this host under the identifiers that managers
// poll, and the gateway's own services under FIELDGATE-MIB.
func (g *gateway) newAgent(ctx context.Context, c snmp.Config, system api.System) (service, error) {
	folder, err := g.state.folder("snmp")
	if err != nil {
		return nil, err
	}
	return snmp.New(c, snmp.Options{
		Logger:      g.log.With("service", "snmp"),
		Handlers:    g.mounts(ctx, system),
		Description: hostmib.New(hostmib.Options{}).Description(),
		Hostname:    hostName,
		Store:       enginefile.New(filepath.Join(folder, "engine")),
		Sender:      notify.New(notify.Options{}),
	})
}

// mounts are the subtrees that the agent serves.
func (g *gateway) mounts(ctx context.Context, system api.System) []snmp.Mount {
	device, _ := system.SystemInfo(ctx) // what cannot be read is empty
	own, err := fieldgatemib.New(fieldgatemib.Options{
		Device: func() fieldgatemib.Device {
			return fieldgatemib.Device{
				HostName: device.Hostname, Model: device.Model, SerialNumber: device.Serial,
				Firmware: device.FirmwareVersion, Kernel: device.Kernel,
			}
		},
		Services:    g.mibServices,
		Tunnels:     g.mibTunnels,
		Instances:   g.mibInstances,
		SerialPorts: g.mibPorts,
	})
	if err != nil {
		panic(err) // constants are never wrong
	}
	return append(hostmib.New(hostmib.Options{}).Mounts(), snmp.Mount{Prefix: own.Root(), Handler: own, Description: "FIELDGATE-MIB"})
}

// hostName is what cannot be known: empty.
func hostName() string {
	name, _ := os.Hostname()
	return name
}

// mibServices shows the services to managers.
func (g *gateway) mibServices() []fieldgatemib.Service {
	var all []fieldgatemib.Service
	for _, s := range g.units.states() {
		row := fieldgatemib.Service{Name: s.Name, LastError: s.Error, State: fieldgatemib.ServiceFailed}
		switch s.State {
		case "running":
			row.State = fieldgatemib.ServiceRunning
		case "disabled":
			row.State = fieldgatemib.ServiceDisabled
		case "stopping":
			row.State = fieldgatemib.ServiceStopped
		}
		all = append(all, row)
	}
	return all
}

// mibPorts shows the serial ports.
func (g *gateway) mibPorts() []fieldgatemib.SerialPort {
	running, ok := g.units.service("ser2net").(*ser2net.Service)
	if !ok {
		return nil
	}
	states := map[ser2net.PortState]fieldgatemib.PortState{
		ser2net.StateOff: fieldgatemib.PortOff, ser2net.StateFailed: fieldgatemib.PortFailed,
		ser2net.StateWaiting: fieldgatemib.PortWaiting, ser2net.StateOpening: fieldgatemib.PortOpening,
		ser2net.StateOpen: fieldgatemib.PortOpen, ser2net.StateLost: fieldgatemib.PortLost,
	}
	var all []fieldgatemib.SerialPort
	for _, p := range running.Status().Ports {
		all = append(all, fieldgatemib.SerialPort{
			Name: p.Name, Device: p.Device, State: states[p.State], Clients: len(p.Clients),
			ToDevice: p.ToDevice, ToNetwork: p.ToNetwork, Losses: p.Losses, LastError: p.LastError,
		})
	}
	return all
}

// agentDetail says where the agent listens and how much it was asked.
func agentDetail(s service) string {
	agent, ok := s.(*snmp.Service)
	if !ok {
		return ""
	}
	status := agent.Status()
	text := fmt.Sprintf("on %s, %d messages received", strings.Join(status.Listening, ", "), status.Counters.Received)
	if status.V3Error != "" {
		text += ", SNMPv3 is off: " + status.V3Error
	}
	return text
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
