package main

import (
	"context"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
	"github.com/fieldgate/fieldgate/api/hubconfig"
	"github.com/fieldgate/fieldgate/api/redispoints"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/hub"
	"github.com/fieldgate/fieldgate/examples/gateway/simulate"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/tlsport"
)

// simulatedBackends play a whole device, with values that change. It has its
// modem and its devices whatever the configuration says of those.
func (g *gateway) simulatedBackends() func(document.Document) backends {
	d := g.device
	fakes := backends{
		openvpn: func() (openvpn.Runner, error) { return d.OpenVPN.Successor(), nil },
		files:   func() (openvpn.Store, error) { return d.Files, nil },
		source:  d.Source,
		system:  d.System(),
		syslog:  d.Syslog,
		modem: func() service {
			c := document.Modem{Source: document.ModemAT, Device: "simulated"}
			return g.modems.service(c, func() closingModem { return fakeModem{d.Modem} })
		},
		points: func() (service, error) {
			return g.points.service(document.Points{Source: document.PointsHub}, newFakeHub, redispoints.Options{}, g.log)
		},
		upgrades: func(context.Context) service {
			return g.upgrades.serviceOf(func() (api.Upgrade, error) { return d.Upgrade, nil })
		},
		ike: d.IKE.Backend("fieldgate"),
		ppp: func() (l2tp.Backend, error) { return d.PPP, nil },
		ports: func(c ser2net.Config) (service, error) {
			return ser2net.New(c, ser2net.Options{Opener: d.Serial, TLS: tlsport.Load, Logger: g.log.With("service", "ser2net")})
		},
	}
	return func(document.Document) backends { return fakes }
}

// faults are those that can be switched on a simulated device.
func (g *gateway) faults() *simulate.Faults {
	if g.device == nil {
		return nil
	}
	return g.device.Faults()
}

// fakeModem has nothing to close.
type fakeModem struct{ *apitest.Modem }

func (fakeModem) Close() error { return nil }

// fakeHub is a [hub.Fake] as a service.
type fakeHub struct {
	service
	*hub.Fake
}

// newFakeHub returns a hub with the devices of c, or those of the simulation
// where c has none.
func newFakeHub(c hubconfig.Config) (runningHub, error) {
	if len(c.Devices) == 0 {
		c = simulatedDevices()
	}
	fake, err := hub.NewFake(c)
	if err != nil {
		return nil, err
	}
	return fakeHub{provider("points", func() (func() error, error) { return func() error { return nil }, nil }), fake}, nil
}

// simulatedDevices are an inverter and an electricity meter.
func simulatedDevices() hubconfig.Config {
	register := func(start, count int) hubconfig.Job { return hubconfig.Job{Function: 3, Start: start, Count: count} }
	return hubconfig.Config{
		Devices: []hubconfig.Device{
			{Alias: "INV1", Name: "Inverter", Protocol: hubconfig.ModbusTCP, Host: "192.0.2.10"},
			{Alias: "MET1", Name: "Meter", Protocol: hubconfig.ModbusRTU, Path: "/dev/ttyS0"},
		},
		Signals: []hubconfig.Signal{
			{DeviceAlias: "INV1", Alias: "P", Name: "Active power", Job: register(100, 2), Type: "float"},
			{DeviceAlias: "INV1", Alias: "T", Name: "Temperature", Job: register(102, 1), Type: "signed16", Multiply: 0.1},
			{DeviceAlias: "INV1", Alias: "RUN", Name: "Running", Job: hubconfig.Job{Function: 1, Start: 0, Count: 1}},
			{DeviceAlias: "MET1", Alias: "U", Name: "Voltage", Job: register(0, 1), Type: "unsigned16", Multiply: 0.1, Add: 220},
		},
	}
}
