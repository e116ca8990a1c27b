//go:build !no_snmp

package main

import (
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/snmp/fieldgatemib"
)

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

// mibInstances shows the instances to managers.
func (g *gateway) mibInstances() []fieldgatemib.Instance {
	running, ok := g.units.service("openvpn").(*openvpn.Service)
	if !ok {
		return nil
	}
	var rows []fieldgatemib.Instance
	for _, i := range running.Status().Instances {
		row := fieldgatemib.Instance{
			Name: i.Name, Role: fieldgatemib.RoleClient, State: fieldgatemib.InstanceConnecting, Clients: len(i.Clients),
			InOctets: i.BytesIn, OutOctets: i.BytesOut, LastError: i.Detail,
		}
		if i.Role == openvpn.RoleServer {
			row.Role = fieldgatemib.RoleServer
		}
		switch i.State {
		case openvpn.StateConnected:
			row.State = fieldgatemib.InstanceConnected
		case openvpn.StateStopped, openvpn.StateStopping:
			row.State = fieldgatemib.InstanceStopped
		case openvpn.StateFailed, openvpn.StateUnknown:
			row.State = fieldgatemib.InstanceFailed
		}
		rows = append(rows, row)
	}
	return rows
}
