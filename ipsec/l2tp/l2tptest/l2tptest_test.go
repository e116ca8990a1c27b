package l2tptest_test

import (
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/ipsec/l2tp/l2tptest"
	"github.com/fieldgate/fieldgate/ipsec/l2tp/l2tptest/suite"
)

func TestConformance(t *testing.T) {
	suite.TestBackend(t, func(t *testing.T, test func(t *testing.T)) { synctest.Test(t, test) },
		func(*testing.T) suite.Rig {
			h := l2tptest.NewHost()
			at := netip.MustParseAddr("192.0.2.2")
			local := netip.MustParseAddr("10.1.0.1")
			h.Serve(at, l2tptest.Server{
				Users: map[string]string{"dev": "sesame"}, Local: local, First: local.Next(), DNS: []netip.Addr{local},
			})
			good := l2tp.Call{
				Name: "a", Peer: at, Username: "dev", Password: l2tp.NewSecret("sesame"), PPP: l2tp.DefaultPPP(), PeerDNS: true,
			}
			wrong := good
			wrong.Password = l2tp.NewSecret("guess")
			return suite.Rig{
				Backend: h, Good: good, Wrong: wrong, Crash: h.Crash,
				Listener: l2tp.ServerSetup{Local: local, First: local.Next(), Last: local.Next().Next(), PPP: l2tp.DefaultPPP()},
			}
		})
}
