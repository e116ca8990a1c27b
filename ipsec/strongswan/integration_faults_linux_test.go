package strongswan_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/twohosts"
	"github.com/fieldgate/fieldgate/ipsec"
)

// What is wrong is said, by its cause, and leaves nothing half open.
func TestIntegrationFailures(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	type conn = ipsec.Connection
	phase1 := func(c ipsec.Config) ipsec.Config {
		return with(c, []ipsec.Phase1Proposal{{Encryption: ipsec.EncryptionAES128, Hash: ipsec.HashSHA512, DH: ipsec.Group14}}, nil)
	}
	phase2 := func(c ipsec.Config) ipsec.Config {
		return with(c, nil, []ipsec.Phase2Proposal{{Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA512}})
	}
	wrongKey := func(c *conn) { c.PreSharedKey = ipsec.NewSecret("another big secret") }
	far := func(c *conn) { c.RemoteSubnets = ipsec.Subnets{"10.77.0.0/16"} }
	for _, c := range []struct {
		name   string
		config ipsec.Config
		peer   peerConn
		cause  ipsec.Cause
	}{
		{"wrong_key_ikev2", demo(wrongKey), peerConn{}, ipsec.CauseAuthentication},
		{"wrong_key_main", demo(ikev1, wrongKey), peerConn{version: "1"}, ipsec.CauseAuthentication},
		{"wrong_id_ikev2", demo(func(c *conn) { c.RemoteID = "someone.else" }), peerConn{}, ipsec.CauseAuthentication},
		{"wrong_local_id", demo(func(c *conn) { c.LocalID = "stranger" }), peerConn{}, ipsec.CauseAuthentication},
		{"wrong_id_main", demo(ikev1, func(c *conn) { c.RemoteID = "someone.else" }), peerConn{version: "1"}, ipsec.CauseAuthentication},
		{"phase1_ikev2", phase1(demo()), peerConn{}, ipsec.CausePhase1},
		{"phase1_ikev1", phase1(demo(ikev1)), peerConn{version: "1"}, ipsec.CausePhase1},
		{"phase2_ikev2", phase2(demo()), peerConn{}, ipsec.CausePhase2},
		{"phase2_ikev1", phase2(demo(ikev1)), peerConn{version: "1"}, ipsec.CausePhase2},
		{"subnets_ikev2", demo(far), peerConn{}, ipsec.CauseSelectors},
		{"subnets_ikev1", demo(ikev1, far), peerConn{version: "1"}, ipsec.CauseSelectors},
		{"name", demo(func(c *conn) { c.Gateway = "nowhere.vpn.net" }), peerConn{}, ipsec.CauseName},
		{"no_route", demo(func(c *conn) { c.Gateway = "198.51.100.1" }), peerConn{}, ipsec.CauseUnreachable},
		{"nobody_there", demo(func(c *conn) { c.Gateway = "192.0.2.77" }), peerConn{}, ipsec.CauseNoResponse},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.peer(t, peerConf(c.peer))
			g := s.start(t, c.config)
			begun := time.Now()
			failure := g.fails(t, "demo0")
			assert.Equal(t, c.cause, failure.Cause, "%+v", failure)
			assert.NotEmpty(t, failure.Log)
			assert.Less(t, time.Since(begun), 20*time.Second)
			assert.Zero(t, s.installed(t, "site"))
			assert.NotEqual(t, ipsec.StateUp, g.connection(t, "demo0").State)
			require.NoError(t, g.Terminate(t.Context(), "demo0")) // or it is tried again
			sas, err := s.A.SAs(t.Context())
			require.NoError(t, err)
			assert.Empty(t, sas, "nothing is left half open")
		})
	}
}

// With IKEv2 the first keys of the data channel come with the keying channel:
// that the ends disagree on the group of phase 2 shows when they renew them.
func TestIntegrationMismatchAtRekey(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	s.peer(t, peerConf(peerConn{esp: "aes128-sha1-modp1024"}))
	g := s.start(t, with(demo(), nil, []ipsec.Phase2Proposal{{Encryption: ipsec.EncryptionAES128, Hash: ipsec.HashSHA1, DH: ipsec.Group14}}))
	g.initiate(t, "demo0")
	s.ping(t)
	err := g.Rekey(t.Context(), "demo0")
	require.Error(t, err, "the peer refuses")
	var failure *ipsec.Failure
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, ipsec.CausePhase2, failure.Cause, "%+v", failure)
	s.ping(t) // the old keys are good until their end
}

// A peer that was silent at first, and one that comes back.
func TestIntegrationWanted(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	wanted := func(c *ipsec.Connection) { c.StartAction = ipsec.StartNow }

	t.Run("silent_at_first", func(t *testing.T) {
		s.peer(t, peerConf(peerConn{}))
		require.NoError(t, s.Blackhole())
		g := s.start(t, demo(wanted))
		failed := g.until(t, "demo0", ipsec.StateFailed)
		require.NotNil(t, failed.LastError)
		assert.Equal(t, ipsec.CauseNoResponse, failed.LastError.Cause)
		assert.False(t, failed.RetryAt.IsZero())
		require.NoError(t, s.Restore())
		g.until(t, "demo0", ipsec.StateUp)
		s.ping(t)
		assert.Nil(t, g.connection(t, "demo0").LastError)
	})
	t.Run("peer_closes", func(t *testing.T) {
		s.peer(t, peerConf(peerConn{}))
		g := s.start(t, demo(wanted))
		g.until(t, "demo0", ipsec.StateUp)
		ike, _ := s.child(t, "site")
		_, err := s.B.Swanctl(t.Context(), "--terminate", "--ike", "site")
		require.NoError(t, err)
		eventually(t, func() bool {
			sas, err := s.B.SAs(t.Context())
			require.NoError(t, err)
			return len(sas) == 1 && sas[0].Values["initiator-spi"] != ike.Values["initiator-spi"] && s.installed(t, "site") == 1
		}, func() string { return "it is to come up again" })
		s.ping(t)
		history := g.until(t, "demo0", ipsec.StateUp).History
		assert.Greater(t, len(history), 2, "%+v", history)
	})
	t.Run("peer_closes_child", func(t *testing.T) {
		s.peer(t, peerConf(peerConn{}))
		g := s.start(t, demo(wanted))
		g.until(t, "demo0", ipsec.StateUp)
		_, child := s.child(t, "site")
		_, err := s.B.Swanctl(t.Context(), "--terminate", "--child", "site")
		require.NoError(t, err)
		eventually(t, func() bool {
			children, err := s.B.Installed(t.Context(), "site")
			require.NoError(t, err)
			return len(children) == 1 && children[0].Values["spi-in"] != child.Values["spi-in"]
		}, func() string { return "it is to come up again" })
		g.until(t, "demo0", ipsec.StateUp)
		s.ping(t)
	})
	t.Run("peer_restarts", func(t *testing.T) {
		s.peer(t, peerConf(peerConn{}))
		g := s.start(t, demo(wanted, func(c *ipsec.Connection) { c.DPDAction, c.DPDDelay = ipsec.DPDRestart, 1e9 }))
		g.until(t, "demo0", ipsec.StateUp)
		require.NoError(t, s.B.Kill())
		require.NoError(t, s.B.Start())
		require.NoError(t, s.B.Load(t.Context(), peerConf(peerConn{})))
		eventually(t, func() bool { return s.installed(t, "site") == 1 }, func() string { return "the tunnel to a new daemon" })
		g.until(t, "demo0", ipsec.StateUp)
		s.ping(t)
	})
	// Nobody asked for it to come back.
	t.Run("closed_and_not_wanted", func(t *testing.T) {
		s.peer(t, peerConf(peerConn{}))
		g := s.start(t, demo(func(c *ipsec.Connection) { c.StartAction = ipsec.StartTrap }))
		g.initiate(t, "demo0")
		require.NoError(t, g.Terminate(t.Context(), "demo0"))
		g.until(t, "demo0", ipsec.StateStopped)
		eventually(t, func() bool { return s.installed(t, "site") == 0 }, func() string { return "the peer is told" })
		pols, err := s.A.Swanctl(t.Context(), "--list-pols")
		require.NoError(t, err)
		assert.NotContains(t, pols, "fieldgate-demo0", "traffic does not bring it up")
		_, err = g.Apply(t.Context(), demo(func(c *ipsec.Connection) { c.StartAction = ipsec.StartTrap }))
		require.NoError(t, err)
		assert.Equal(t, ipsec.StateStopped, g.connection(t, "demo0").State, "a stop by hand holds")
	})
}
