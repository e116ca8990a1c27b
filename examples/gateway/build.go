package main

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/devicelog"
	"github.com/fieldgate/fieldgate/api/hubconfig"
	"github.com/fieldgate/fieldgate/api/procsystem"
	"github.com/fieldgate/fieldgate/api/redispoints"
	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/hub"
	"github.com/fieldgate/fieldgate/examples/gateway/simulate"
	"github.com/fieldgate/fieldgate/internal/httpserve"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/ipsec/l2tp/xl2tpd"
	"github.com/fieldgate/fieldgate/ipsec/strongswan"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/filestore"
	openvpnprocess "github.com/fieldgate/fieldgate/openvpn/process"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/tlsport"
	"github.com/fieldgate/fieldgate/ser2net/tty"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/dtls"
	"github.com/fieldgate/fieldgate/telemetry/lineprotocol"
	"github.com/fieldgate/fieldgate/telemetry/procsource"
	"github.com/fieldgate/fieldgate/telemetry/senml"
)

// syncVersion tells clients of /api/syncVersion which sync service they talk
// to; the reference device says "lite1".
const syncVersion = "1"

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
	charon, err := strongswan.New(strongswan.Options{Socket: g.programs.charon, Logger: log("ipsec")})
	if err != nil {
		panic(err) // constants are never wrong
	}
	return backends{
		source: procsource.New(procsource.Options{Firmware: doc.Device.Firmware}),
		system: system,
		syslog: g.syslog(doc.Syslog),
		modem: func() service {
			return g.modems.service(doc.Modem, func() closingModem { return openModem(doc.Modem, log("modem")) })
		},
		points: func() (service, error) {
			newHub := func(c hubconfig.Config) (runningHub, error) {
				return hub.New(c, hub.Options{Opener: &g.serial, Logger: log("points")})
			}
			return g.points.service(doc.Points, newHub, redispoints.Options{Logger: log("points")}, log("points"))
		},
		upgrades: func(ctx context.Context) service {
			info, _ := system.SystemInfo(ctx) // what cannot be read is empty
			return g.upgrades.service(doc.Upgrade, versionOf(info.FirmwareVersion), log("upgrade"))
		},
		ike: charon,
		ppp: func() (l2tp.Backend, error) {
			return xl2tpd.New(xl2tpd.Options{Folder: filepath.Join(g.runDir, "l2tp"), Program: g.programs.xl2tpd, Logger: log("l2tp")})
		},
		openvpn: func() (openvpn.Runner, error) {
			return openvpnprocess.New(openvpnprocess.Options{Folder: filepath.Join(g.runDir, "openvpn"), Program: g.programs.openvpn, Logger: log("openvpn")})
		},
		files: func() (openvpn.Store, error) { return filestore.Open(filepath.Join(g.own, "openvpn")) },
		ports: func(c ser2net.Config) (service, error) {
			return ser2net.New(c, ser2net.Options{Opener: &g.serial, TLS: tlsport.Load, Logger: log("ser2net")})
		},
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
	tunnels := doc.L2TP.Extend(doc.IPsec)
	return []unit{
		{
			name:    "telemetry",
			enabled: doc.Telemetry.Enabled,
			config:  []any{doc.Device, doc.Telemetry},
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
			name:    "modem",
			enabled: doc.Modem.Source != document.SourceNone,
			config:  doc.Modem,
			build:   func(context.Context) (service, error) { return b.modem(), nil },
			detail:  modemDetail,
		},
		{
			name:    "points",
			enabled: doc.Points.Source != document.SourceNone,
			config:  doc.Points,
			build:   func(context.Context) (service, error) { return b.points() },
			detail:  pointsDetail,
		},
		{
			name:    "upgrade",
			enabled: doc.Upgrade.Enabled,
			config:  []any{doc.Device, doc.Upgrade},
			build:   func(ctx context.Context) (service, error) { return b.upgrades(ctx), nil },
			detail:  upgradeDetail,
		},
		{
			name:    "api",
			enabled: doc.API.Enabled,
			config:  []any{doc.Device, doc.Syslog, doc.API},
			build: func(context.Context) (service, error) {
				return g.apiMount.service(doc.API, api.Options{
					Providers: api.Providers{
						System: b.system, Syslog: b.syslog,
						Modem: &g.modems, Points: g.points, Sync: g.points, Upgrade: &g.upgrades,
					},
					Versions:  api.Versions{Sync: syncVersion},
					TLSFolder: g.state.path,
					TLSNames:  certificateNames(doc.API.Listen),
					Logger:    g.log.With("service", "api"),
				})
			},
			detail: apiDetail,
		},
		{
			name:    "ipsec",
			enabled: tunnels.Enabled,
			config:  tunnels,
			build: func(context.Context) (service, error) {
				g.channel.own.Store(&doc.IPsec)
				return g.newTunnels(tunnels, b)
			},
			reconfigure: func(ctx context.Context, s service) error {
				return g.channel.reconfigure(ctx, s, doc.IPsec, doc.L2TP)
			},
			release:  letGo,
			patience: tunnelPatience,
			detail:   tunnelsDetail,
			items:    tunnelItems,
			do:       doTunnel,
		},
		{
			name:    "l2tp",
			enabled: doc.L2TP.Enabled,
			config:  doc.L2TP,
			build: func(context.Context) (service, error) {
				if !doc.L2TP.Enabled {
					return disabled("l2tp"), nil // its programs need not be there
				}
				backend, err := b.ppp()
				if err != nil {
					return nil, err
				}
				return l2tp.New(doc.L2TP, l2tp.Options{Backend: backend, Channel: &g.channel, ApplyChannels: g.channel.follow, Logger: g.log.With("service", "l2tp")})
			},
			reconfigure: func(ctx context.Context, s service) error { return reconfigureL2TP(ctx, s, doc.L2TP) },
			patience:    tunnelPatience,
			detail:      l2tpDetail,
			items:       l2tpItems,
			do:          doL2TP,
		},
		{
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
		},
		{
			name:        "ser2net",
			enabled:     doc.Ser2net.Enabled,
			config:      doc.Ser2net,
			build:       func(context.Context) (service, error) { return b.ports(g.ports.take(doc.Ser2net)) },
			reconfigure: func(ctx context.Context, s service) error { return g.ports.reconfigure(ctx, s, doc.Ser2net) },
			detail:      portsDetail,
			items:       g.ports.items,
			do:          g.ports.do,
		},
		{
			name:    "snmp",
			enabled: doc.SNMP.Enabled,
			config:  []any{doc.Device, doc.SNMP},
			build:   func(ctx context.Context) (service, error) { return g.newAgent(ctx, doc.SNMP, b.system) },
			detail:  agentDetail,
		},
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
