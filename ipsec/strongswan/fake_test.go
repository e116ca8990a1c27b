package strongswan_test

import (
	"path/filepath"
	"testing"
	"time"

	"os"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest/fakecharon"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest/suite"
)

// fake returns a fake charon until the end of the test.
func fake(t testing.TB) *fakecharon.Daemon {
	t.Helper()
	// t.TempDir can be longer than the 107 bytes that a socket may have.
	dir, err := os.MkdirTemp("", "fc")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	d, err := fakecharon.Start(filepath.Join(dir, "vici"), fakecharon.Options{Silence: 500 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

func TestConformance(t *testing.T) {
	suite.TestBackend(t, func(t *testing.T) suite.Rig {
		d := fake(t)
		peers := map[string]fakecharon.Peer{}
		for _, def := range two(t) {
			peers["fieldgate-"+def.Name] = fakecharon.Peer{
				Key: def.PreSharedKey.Reveal(), Proposals: []string{def.Phase1[0].String()},
				ESPProposals: []string{def.Phase2[0].String()}, Subnets: def.RemoteSubnets,
			}
		}
		set := func(silent bool) {
			for name, p := range peers {
				p.Silent = silent
				d.SetPeer(name, p)
			}
		}
		set(false)
		return suite.Rig{
			Backend: backend(t, d.Socket()), Second: backend(t, d.Socket()),
			Connections: two(t), Judges: true, Rekeys: true,
			Silence: func() { set(true) }, Answer: func() { set(false) },
			Close: func(name string) { require.NoError(t, d.Drop("fieldgate-"+name)) },
			Die:   func(name string) { require.NoError(t, d.Die("fieldgate-"+name)) },
			Unload: func(name string) {
				load(t, d.Socket(), "unload-conn", new(vici.Message).Set("name", "fieldgate-"+name))
				load(t, d.Socket(), "unload-shared", new(vici.Message).Set("id", "fieldgate-"+name))
			},
			Kill:    d.Kill,
			Restart: func() { require.NoError(t, d.Restart()) },
			Foreign: func() func() bool {
				load(t, d.Socket(), "load-conn", new(vici.Message).SetSection("site7", new(vici.Message)))
				return func() bool { return len(d.Connections()) > 0 && d.Connections()[0] == "site7" }
			},
		}
	})
}
