//go:build !no_simulate

package main

import (
	"context"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
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
		points: func() (service, error) { return g.points.simulated(g.log) },
		upgrades: func(context.Context) service {
			return g.upgrades.serviceOf(func() (api.Upgrade, error) { return d.Upgrade, nil })
		},
		ike:   d.IKE.Backend("fieldgate"),
		ppp:   func() (l2tp.Backend, error) { return d.PPP, nil },
		ports: func(c ser2net.Config) (service, error) { return g.newPorts(c, d.Serial) },
	}
	return func(document.Document) backends { return fakes }
}

// fakeModem has nothing to close.
type fakeModem struct{ *apitest.Modem }

func (fakeModem) Close() error { return nil }
