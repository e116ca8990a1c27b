package main

import (
	"cmp"
	"context"
	"log/slog"
	"net"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
	"github.com/fieldgate/fieldgate/api/devicelog"
	"github.com/fieldgate/fieldgate/api/procsystem"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/dtls"
	"github.com/fieldgate/fieldgate/telemetry/lineprotocol"
	"github.com/fieldgate/fieldgate/telemetry/procsource"
	"github.com/fieldgate/fieldgate/telemetry/senml"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// syncVersion tells clients of /api/syncVersion which sync service they talk
// to; the reference device says "lite1".
const syncVersion = "1"

// gateway is what the units are built from and what outlives them.
type gateway struct {
	state     *stateDir
	log       *slog.Logger
	ownLog    *devicelog.Ring // the newest messages of log
	simulated bool
	backends  func(document) backends
	units     *supervisor
	apiMount  apiMount
}

// backends is where the services meet the device.
type backends struct {
	source telemetry.Source
	system api.System
	syslog api.Syslog
}

// realBackends speak to this host.
func (g *gateway) realBackends(doc document) backends {
	return backends{
		source: procsource.New(procsource.Options{Firmware: doc.Device.Firmware}),
		system: procsystem.New(procsystem.Options{
			Model: doc.Device.Model, Serial: doc.Device.Serial, FirmwareVersion: doc.Device.Firmware,
		}),
		syslog: g.syslog(doc.Syslog),
	}
}

func (g *gateway) syslog(c syslogConfig) api.Syslog {
	switch c.Source {
	case syslogFile:
		return devicelog.File{Path: c.File}
	case syslogJournal:
		return devicelog.Journal{}
	case syslogLogread:
		return devicelog.Logread{}
	default:
		return g.ownLog
	}
}

// simulatedBackends play a whole device, with values that change.
func simulatedBackends() func(document) backends {
	fakes := backends{
		source: telemetrytest.NewSource(),
		system: apitest.NewSystem(),
		syslog: apitest.NewSyslog(),
	}
	return func(document) backends { return fakes }
}

// plan lists the units of a configuration in start order.
func (g *gateway) plan(doc document) []unit {
	b := g.backends(doc)
	return []unit{
		{
			name:   "telemetry",
			config: []any{doc.Device, doc.Telemetry},
			build: func(ctx context.Context) (service, error) {
				return telemetry.New(doc.Telemetry, telemetry.Options{
					Source:   b.source,
					Serial:   serial(ctx, doc, b.system),
					NextBoot: g.nextBoot,
					Clock:    procsource.Clock(earliest()),
					Encoders: map[telemetry.Encoding]telemetry.Encoder{
						telemetry.EncodingInflux: lineprotocol.Encoder{},
						telemetry.EncodingSenML:  senml.Encoder{},
					},
					Dialers: map[telemetry.Transport]telemetry.DialFunc{telemetry.TransportDTLS: dtls.Dial},
					Logger:  g.log.With("service", "telemetry"),
				})
			},
			detail: telemetryDetail,
		},
		{
			name:   "api",
			config: []any{doc.Device, doc.Syslog, doc.API},
			build: func(context.Context) (service, error) {
				return g.apiMount.service(doc.API, api.Options{
					Providers: api.Providers{System: b.system, Syslog: b.syslog},
					Versions:  api.Versions{Sync: syncVersion},
					Logger:    g.log.With("service", "api"),
				})
			},
		},
		{
			name:   "web",
			config: []any{doc.Device, doc.Web},
			build: func(context.Context) (service, error) {
				return newWeb(doc.Web.Listen, new(net.ListenConfig).Listen, api.Route(&g.apiMount, g.pages(doc.Web, b.system)), g.log), nil
			},
		},
	}
}

// serial names the device: as configured, else as its hardware says, else as
// its host name.
func serial(ctx context.Context, doc document, system api.System) string {
	if doc.Device.Serial != "" {
		return doc.Device.Serial
	}
	info, _ := system.SystemInfo(ctx) // what cannot be read is empty
	return cmp.Or(info.Serial, info.Hostname)
}

// nextBoot numbers the starts of the telemetry agent. A full disk is no
// reason to report nothing.
func (g *gateway) nextBoot(context.Context) (uint32, error) {
	boot, err := g.state.nextBoot()
	if err != nil {
		g.log.Warn("the boot counter is not stored, servers may take the next start for this one", "error", err)
	}
	return boot, nil
}
