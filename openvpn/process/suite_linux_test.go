package process_test

import (
	"testing"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest/suite"
	"github.com/fieldgate/fieldgate/openvpn/process"
)

// The suite on real openvpn.
func TestIntegrationSuite(t *testing.T) {
	suite.TestRunner(t, func(t *testing.T) suite.Rig {
		n := connect(t)
		named := func(l openvpn.Launch, name string) openvpn.Launch {
			l.Name = name
			return l
		}
		serve := false
		client := func(t *testing.T, name string, more ...string) openvpn.Launch {
			if !serve {
				n.plainServer(t, "duplicate-cn")
				serve = true
			}
			return named(n.client(more...), name)
		}
		return suite.Rig{
			Runner:   reader{n.runner, t},
			Connects: func(t *testing.T, name string) openvpn.Launch { return client(t, name) },
			Fails:    func(t *testing.T, name string) openvpn.Launch { return client(t, name, "nonsense 7") },
			Asks: func(t *testing.T, name string) (openvpn.Launch, openvpn.Secret) {
				l := client(t, name, "auth-retry interact") // else a wrong one ends openvpn
				l.Files["key.key"] = encrypted(t, l.Files["key.key"], "key word")
				return l, openvpn.NewSecret("key word")
			},
			Server: func(_ *testing.T, name string) openvpn.Launch {
				l := named(n.server(), name)
				l.AskClients, l.NoPassword = true, true
				return l
			},
			Call:      func(t *testing.T, name string) { n.plainClient(t, name) },
			Successor: func(t *testing.T) openvpn.Runner { return reader{n.newRunner(t, process.Options{}), t} },
		}
	})
}
