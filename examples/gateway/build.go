package main

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/devicelog"
	"github.com/fieldgate/fieldgate/api/procsystem"
	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/simulate"
	"github.com/fieldgate/fieldgate/internal/httpserve"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/tty"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/procsource"
)

// gateway is what the units are built from and what outlives them.
type gateway struct {
	state     *stateDir
	life      context.Context // ends when the gateway is to end
	log       *slog.Logger
	ownLog    *devicelog.Ring // the newest messages of log
	simulated bool
	device    *simulate.Device // that is simulated; nil: a real one
	own       string           // the folder of what is this device's, or the simulated one's
	runDir    string           // for sockets and files that need not last longer than the processes
	listen    string           // of -listen: instead of web.listen
	programs  programs
	activated *os.File         // the socket of the pages that systemd has opened; nil: none
	accounts  *account.Manager // nil: the users cannot be read

	// Where the configuration could not be read, what is told about it until
	// something is saved over the revision that stands in.
	unread   control.Missing
	standIn  control.Revision // 0: it was read
	control  *control.Gateway
	backends func(document.Document) backends
	units    *supervisor
	apiMount apiMount
	channel  channel
	ports    ports
	serial   tty.Opener // of all serial lines, so that nobody takes one from another

	// What the API asks; the units put their providers there.
	modems   modems
	points   *points
	upgrades upgrades
}

// backends is where the services meet the device.
type backends struct {
	source   telemetry.Source
	system   api.System
	syslog   api.Syslog
	modem    func() service
	points   func() (service, error)
	upgrades func(context.Context) service
	ports    func(ser2net.Config) (service, error)
	ike      ipsec.Backend
	openvpn  func() (openvpn.Runner, error)
	files    func() (openvpn.Store, error) // of instances
	ppp      func() (l2tp.Backend, error)
}

// realBackends speak to this host.
func (g *gateway) realBackends(doc document.Document) backends {
	system := procsystem.New(procsystem.Options{
		Model: doc.Device.Model, Serial: doc.Device.Serial, FirmwareVersion: doc.Device.Firmware,
	})
	log := func(name string) *slog.Logger { return g.log.With("service", name) }
	return backends{
		source: procsource.New(procsource.Options{Firmware: doc.Device.Firmware}),
		system: system,
		syslog: g.syslog(doc.Syslog),
		modem:  func() service { return g.modems.real(doc.Modem, log("modem")) },
		points: func() (service, error) { return g.points.real(doc.Points, &g.serial, log("points")) },
		upgrades: func(ctx context.Context) service {
			info, _ := system.SystemInfo(ctx) // what cannot be read is empty
			return g.upgrades.service(doc.Upgrade, versionOf(info.FirmwareVersion), log("upgrade"))
		},
		ike:     g.realIKE(),
		ppp:     g.realPPP,
		openvpn: g.realRunner,
		files:   g.realFiles,
		ports:   func(c ser2net.Config) (service, error) { return g.newPorts(c, &g.serial) },
	}
}

func (g *gateway) syslog(c document.Syslog) api.Syslog {
	switch c.Source {
	case document.SyslogFile:
		return devicelog.File{Path: c.File}
	case document.SyslogJournal:
		return devicelog.Journal{}
	case document.SyslogLogread:
		return devicelog.Logread{}
	default:
		return g.ownLog
	}
}

// plan lists the units of a configuration in start order.
func (g *gateway) plan(doc document.Document) []unit {
	b := g.backends(doc)
	doc.Web.Listen = cmp.Or(g.listen, doc.Web.Listen)
	return []unit{
		g.telemetryUnit(doc, b),
		modemUnit(doc, b),
		pointsUnit(doc, b),
		{
			name:    "upgrade",
			enabled: doc.Upgrade.Enabled,
			config:  []any{doc.Device, doc.Upgrade},
			build:   func(ctx context.Context) (service, error) { return b.upgrades(ctx), nil },
			detail:  upgradeDetail,
		},
		g.apiUnit(doc, b),
		g.ipsecUnit(doc, b),
		g.l2tpUnit(doc, b),
		g.openvpnUnit(doc, b),
		g.ser2netUnit(doc, b),
		g.snmpUnit(doc, b),
		{
			name:      "web",
			enabled:   true,
			essential: true,
			carrier:   true,
			patience:  webPatience,
			config:    []any{doc.Device, doc.Web, doc.MaxConnections()},
			build:     func(context.Context) (service, error) { return g.newWeb(doc, b) },
		},
	}
}

// webPatience is how long the end of the web server may take: requests under
// way have some time, and what one of them computes has to come to an end, such
// as the hash of a password on a slow processor.
const webPatience = httpserve.Grace + 2*unitTimeout

// tunnelPatience is how long the end of tunnels may take: they say good-bye to
// their other ends, and an openvpn that does not end is killed after 15 s.
const tunnelPatience = 17 * time.Second

// letGo ends a service that can leave its tunnels to the next gateway.
func letGo(ctx context.Context, running service) error {
	return running.(interface {
		Release(ctx context.Context) error
	}).Release(ctx)
}

// serial names the device: as configured, else as its hardware says, else as
// its host name.
func serial(ctx context.Context, doc document.Document, system api.System) string {
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
