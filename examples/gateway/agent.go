//go:build !no_snmp

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/enginefile"
	"github.com/fieldgate/fieldgate/snmp/fieldgatemib"
	"github.com/fieldgate/fieldgate/snmp/hostmib"
	"github.com/fieldgate/fieldgate/snmp/notify"
)

const withSNMP = true

// snmpUnit is the agent.
func (g *gateway) snmpUnit(doc document.Document, b backends) unit {
	return unit{
		name:    "snmp",
		enabled: doc.SNMP.Enabled,
		config:  []any{doc.Device, doc.SNMP},
		build:   func(ctx context.Context) (service, error) { return g.newAgent(ctx, doc.SNMP, b.system) },
		detail:  agentDetail,
	}
}

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
