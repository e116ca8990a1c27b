package strongswan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/twohosts"
	"github.com/fieldgate/fieldgate/ipsec"
)

// An operator loads tunnels of his own by swanctl, which unloads all that is
// not in its files, ours included.
func TestIntegrationLoadAll(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	s.peer(t, peerConf(peerConn{}))
	g := s.start(t, many(3, func(c *ipsec.Connection) { c.StartAction = ipsec.StartTrap }))
	g.initiate(t, "demo0")
	_, before := s.child(t, "site")
	require.NoError(t, s.A.Load(t.Context(), peerConf(peerConn{name: "foreign", remoteID: "foreigner", secret: "a foreign secret"})))
	require.Zero(t, s.loaded(t), "swanctl unloads what it does not know")
	eventually(t, func() bool { return s.loaded(t) == 3 }, func() string { return "ours is loaded again" })
	list, err := s.A.Swanctl(t.Context(), "--list-conns")
	require.NoError(t, err)
	assert.Contains(t, list, "foreign: IKEv2", "theirs is left alone")
	assert.Contains(t, g.log.String(), "somebody else")
	_, after := s.child(t, "site")
	assert.Equal(t, before.Values["spi-in"], after.Values["spi-in"], "it was never down")
	require.NoError(t, g.Restart(t.Context(), "demo0"), "with its key, which was gone too")
	s.ping(t)
}

// Clear is strict: the connection was on demand, and is not any more.
func TestIntegrationClearOnDemand(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	for _, version := range []ipsec.KeyExchange{ipsec.IKEv2, ipsec.IKEv1} {
		t.Run(string(version), func(t *testing.T) {
			s.peer(t, peerConf(peerConn{version: string(version[len(version)-1:])}))
			g := s.start(t, demo(func(c *ipsec.Connection) {
				c.KeyExchange, c.StartAction, c.DPDAction, c.DPDDelay = version, ipsec.StartTrap, ipsec.DPDClear, 1e9
				if version == ipsec.IKEv1 {
					c.DPDTimeout = 4e9
				}
			}))
			armed := func() bool {
				list, err := s.A.Swanctl(t.Context(), "--list-pols")
				require.NoError(t, err)
				return list != ""
			}
			require.True(t, armed())
			g.initiate(t, "demo0")
			require.NoError(t, s.Blackhole())
			closed := g.until(t, "demo0", ipsec.StateClosed)
			assert.Contains(t, closed.History[len(closed.History)-1].Reason, "does not answer")
			assert.True(t, closed.Configured)
			assert.False(t, armed(), "nothing further happens")
			require.NoError(t, s.Restore())
			g.initiate(t, "demo0")
			s.ping(t)
			assert.True(t, armed(), "started by hand it is on demand again")
		})
	}
}

// A gateway is restarted with other certificates: those that it had before are
// not trusted any more, nor is its old key in the daemon.
func TestIntegrationCertificatesOfAnEarlierProgram(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	ca := newAuthority(t, "Example CA", "ecdsa")
	s.peerWith(t, ca, ca.issue(t, peerName, "ecdsa", year), peerConn{})
	set := ca.issue(t, ourName, "ecdsa", year).set(ca)
	first := s.start(t, withSet(set), func(o *ipsec.Options) { o.KeepOnStop = true }) // as if it was killed
	first.initiate(t, "demo0")
	require.NoError(t, first.Stop(t.Context()))

	second := s.start(t, withSet(set), func(o *ipsec.Options) { o.KeepOnStop = true })
	second.until(t, "demo0", ipsec.StateUp)
	require.NoError(t, second.Restart(t.Context(), "demo0"))
	s.ping(t)
	require.NoError(t, second.Stop(t.Context()))

	s.start(t, demo())
	list, err := s.A.Swanctl(t.Context(), "--list-certs")
	require.NoError(t, err)
	assert.NotContains(t, list, "Example CA")
	keys := load(t, s.A.Socket(), "get-keys", nil)
	assert.Empty(t, keys.List("keys"))
}
