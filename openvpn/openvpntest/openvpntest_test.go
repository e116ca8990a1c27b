package openvpntest_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest/suite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStore(t *testing.T) {
	suite.TestStore(t, func(*testing.T) openvpn.Store { return openvpntest.NewStore() })
}

func TestRunner(t *testing.T) {
	suite.TestRunner(t, func(*testing.T) suite.Rig {
		r := openvpntest.NewRunner()
		password := openvpn.NewSecret("right")
		launch := func(name, config string) openvpn.Launch {
			return openvpn.Launch{Name: name, Config: []byte(config), Files: map[string][]byte{"ca.crt": []byte("ca")}}
		}
		connects := func(_ *testing.T, name string) openvpn.Launch {
			r.Script(name, openvpntest.Script{})
			return launch(name, "client\n")
		}
		return suite.Rig{
			Runner: r, Connects: connects,
			Fails: func(_ *testing.T, name string) openvpn.Launch {
				r.Script(name, openvpntest.Bind())
				return launch(name, "client\n")
			},
			Asks: func(_ *testing.T, name string) (openvpn.Launch, openvpn.Secret) {
				r.Script(name, openvpntest.Script{
					Ask:    []openvpn.NeedCredentials{{What: "Private Key"}},
					Accept: func(c openvpn.Credentials) bool { return c.Password == password },
				})
				return launch(name, "client\nauth-retry interact\n"), password
			},
			Server: func(_ *testing.T, name string) openvpn.Launch {
				l := launch(name, "server 10.8.0.0 255.255.255.0\n")
				l.AskClients = true
				return l
			},
			Call:      func(_ *testing.T, commonName string) { r.Process("hub").Join(commonName, "", "") },
			Successor: func(*testing.T) openvpn.Runner { return r.Successor() },
		}
	})
}

// Faults line up, and those that wait can be taken back.
func TestFailNext(t *testing.T) {
	r := openvpntest.NewRunner()
	boom, bang := errors.New("boom"), errors.New("bang")
	r.FailNext("version", boom)
	r.FailNext("version", nil)
	_, err := r.Version(t.Context())
	require.NoError(t, err)
	r.FailNext("version", boom)
	r.FailNext("version", bang)
	_, err = r.Version(t.Context())
	require.ErrorIs(t, err, boom)
	_, err = r.Version(t.Context())
	require.ErrorIs(t, err, bang)
}
