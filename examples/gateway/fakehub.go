//go:build !no_points && !no_simulate

package main

import (
	"log/slog"

	"github.com/fieldgate/fieldgate/api/hubconfig"
	"github.com/fieldgate/fieldgate/api/redispoints"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/hub"
)

// fakeHub is a [hub.Fake] as a service.
type fakeHub struct {
	service
	*hub.Fake
}

// simulated returns the unit of devices that are played.
func (p *points) simulated(log *slog.Logger) (service, error) {
	return p.service(document.Points{Source: document.PointsHub}, newFakeHub, redispoints.Options{}, log)
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
