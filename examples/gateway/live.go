package main

import (
	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/pages"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/telemetry"
)

// live is what the pages see of the services that run.
type live struct {
	*gateway
	system api.System
}

var _ pages.Live = live{}

// runningIn returns the service that runs in a unit; the zero value: none.
func runningIn[S service](g *gateway, unit string) S {
	s, _ := g.units.service(unit).(S) // none is none
	return s
}

// Telemetry implements [pages.Live].
func (l live) Telemetry() *telemetry.Service {
	return runningIn[*telemetry.Service](l.gateway, "telemetry")
}

// IPsec implements [pages.Live].
func (l live) IPsec() *ipsec.Service { return runningIn[*ipsec.Service](l.gateway, "ipsec") }

// L2TP implements [pages.Live].
func (l live) L2TP() *l2tp.Service { return runningIn[*l2tp.Service](l.gateway, "l2tp") }

// OpenVPN implements [pages.Live].
func (l live) OpenVPN() *openvpn.Service { return runningIn[*openvpn.Service](l.gateway, "openvpn") }

// Ser2net implements [pages.Live].
func (l live) Ser2net() *ser2net.Service { return runningIn[*ser2net.Service](l.gateway, "ser2net") }

// SNMP implements [pages.Live].
func (l live) SNMP() *snmp.Service { return runningIn[*snmp.Service](l.gateway, "snmp") }

// APIStatus implements [pages.Live].
func (l live) APIStatus() (api.Status, bool) {
	served, ok := l.units.service("api").(interface{ Status() api.Status })
	if !ok {
		return api.Status{}, false
	}
	return served.Status(), true
}

// System implements [pages.Live].
func (l live) System() api.System { return l.system }

// Modem implements [pages.Live].
func (l live) Modem() api.Modem { return &l.modems }

// Points implements [pages.Live].
func (l live) Points() api.Points { return l.points }

// Upgrade implements [pages.Live].
func (l live) Upgrade() api.Upgrade { return l.upgrades.taker() }
