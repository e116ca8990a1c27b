package ipsec_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest"
)

// states are those of the history of a connection.
func states(c ipsec.ConnectionStatus) []ipsec.ConnectionState {
	var list []ipsec.ConnectionState
	for _, h := range c.History {
		list = append(list, h.State)
	}
	return list
}

// countLines counts the lines with a text.
func countLines(text, with string) int {
	n := 0
	for line := range strings.Lines(text) {
		if strings.Contains(line, with) {
			n++
		}
	}
	return n
}

func TestApplyTouchesOnlyWhatChanged(t *testing.T) {
	bubble(t, config(site(1), site(2), site(3)), func(r *rig) {
		r.start()
		for _, name := range []string{"site1", "site2", "site3"} {
			require.NoError(r, r.s.Initiate(r.Context(), name))
		}
		before := r.conn("site1").SAs[0]
		changed := site(2)
		changed.KeyLifetime = ipsec.Duration(time.Hour)
		out, err := r.s.Apply(r.Context(), config(site(1), changed, site(4)))
		require.NoError(r, err)
		assert.Equal(r, ipsec.Outcome{
			Added: []string{"site4"}, Changed: []string{"site2"}, Removed: []string{"site3"}, Unchanged: []string{"site1"},
			Refused: map[string]error{},
		}, out)
		r.after(time.Second)
		assert.Equal(r, before, r.conn("site1").SAs[0])
		r.state("site2", ipsec.StateUp) // it was up, and is again
		assert.Equal(r, "its settings were changed", r.conn("site2").History[3].Reason)
		r.state("site4", ipsec.StateArmed)
		_, there := r.s.Connection("site3")
		assert.False(r, there)
		assert.Equal(r, 4, r.count("initiate"))

		c := config(site(1), changed, site(4))
		c.Phase2Proposals[0].DH = ipsec.Group14 // what they refer to counts
		out, err = r.s.Apply(r.Context(), c)
		require.NoError(r, err)
		assert.Equal(r, []string{"site1", "site2", "site4"}, out.Changed)
		r.after(time.Second)
		r.state("site1", ipsec.StateUp)
		r.state("site4", ipsec.StateArmed)
	})
}

func TestApplySpellings(t *testing.T) {
	bubble(t, config(site(1)), func(r *rig) {
		r.start()
		same := site(1)
		same.RemoteSubnets = ipsec.Subnets{"10.20.1.77/255.255.255.0"}
		same.KeyLifetime, same.Type = ipsec.DefaultKeyLifetime, ipsec.TypeTunnel
		out, err := r.s.Apply(r.Context(), config(same))
		require.NoError(r, err)
		assert.Equal(r, []string{"site1"}, out.Unchanged)
	})
}

func TestApplyBadConfigChangesNothing(t *testing.T) {
	bubble(t, config(site(1)), func(r *rig) {
		bad := config(site(1), site(1))
		_, err := r.s.Apply(r.Context(), bad)
		var faults ipsec.ConfigError
		require.ErrorAs(r, err, &faults)
		r.start()
		_, err = r.s.Apply(r.Context(), bad)
		require.ErrorAs(r, err, &faults)
		r.state("site1", ipsec.StateArmed)
		assert.Len(r, r.s.Status().Connections, 1)
	})
}

func TestApplyBeforeStart(t *testing.T) {
	bubble(t, config(), func(r *rig) {
		_, err := r.s.Apply(r.Context(), config(site(1)))
		require.NoError(r, err)
		r.start()
		r.state("site1", ipsec.StateArmed)
	})
}

func TestApplyOffAndOn(t *testing.T) {
	bubble(t, config(kept(site(1))), func(r *rig) {
		r.start()
		r.state("site1", ipsec.StateUp)
		off := config(kept(site(1)))
		off.Enabled = false
		out, err := r.s.Apply(r.Context(), off)
		require.NoError(r, err)
		assert.Equal(r, []string{"site1"}, out.Removed)
		r.state("site1", ipsec.StateDisabled)
		assert.Empty(r, r.daemon.Loaded())
		_, err = r.s.Apply(r.Context(), config(kept(site(1))))
		require.NoError(r, err)
		synctest.Wait()
		r.state("site1", ipsec.StateUp)
	})
}

func TestApplyRefusedByTheDaemon(t *testing.T) {
	bubble(t, config(site(1), kept(site(2))), func(r *rig) {
		r.daemon.Refuse("site2", errors.New("invalid value for: proposals"))
		r.start()
		r.state("site1", ipsec.StateArmed)
		r.state("site2", ipsec.StateRefused)
		c := r.conn("site2")
		assert.False(r, c.Configured)
		assert.Contains(r, c.LastError.Detail, "invalid value")
		var f *ipsec.Failure
		require.ErrorAs(r, r.s.Initiate(r.Context(), "site2"), &f)
		out, err := r.s.Apply(r.Context(), config(site(1), kept(site(2))))
		require.NoError(r, err)
		require.Error(r, out.Refused["site2"])
		r.daemon.Refuse("site2", nil)
		_, err = r.s.Apply(r.Context(), config(site(1), kept(site(2))))
		require.NoError(r, err)
		synctest.Wait()
		r.state("site2", ipsec.StateUp)
	})
}

func TestApplyWhileTheDaemonIsAway(t *testing.T) {
	bubble(t, config(site(1), site(2), site(3)), func(r *rig) {
		r.start()
		for _, name := range []string{"site1", "site2", "site3"} {
			require.NoError(r, r.s.Initiate(r.Context(), name))
		}
		before := r.conn("site1").SAs[0].ID
		old := r.conn("site2").SAs[0].ID
		r.daemon.FailNext(ipsectest.OpSAs, errors.New("the socket broke")) // the daemon itself lives on
		r.daemon.Deny(true)
		r.after(6 * time.Second)
		r.state("site1", ipsec.StateUnknown)
		changed := site(2)
		changed.KeyLifetime = ipsec.Duration(time.Hour)
		_, err := r.s.Apply(r.Context(), config(site(1), changed))
		require.ErrorIs(r, err, ipsec.ErrUnavailable)
		r.daemon.Deny(false)
		r.after(15 * time.Second)
		r.state("site1", ipsec.StateUp)
		assert.Equal(r, before, r.conn("site1").SAs[0].ID)
		r.state("site2", ipsec.StateUp)
		assert.NotEqual(r, old, r.conn("site2").SAs[0].ID, "the old settings are still in use")
		assert.Equal(r, []string{"fieldgate-site1", "fieldgate-site2"}, r.daemon.Loaded())
	})
}

func TestDPDRestartIsSupervised(t *testing.T) {
	c := site(1)
	c.DPDAction = ipsec.DPDRestart
	bubble(t, config(c, site(2)), func(r *rig) {
		r.start()
		require.NoError(r, r.s.Initiate(r.Context(), "site1"))
		require.NoError(r, r.s.Initiate(r.Context(), "site2"))
		r.daemon.PeerCloses("site1")
		r.daemon.PeerCloses("site2")
		r.after(5 * time.Second)
		r.state("site1", ipsec.StateUp)
		r.state("site2", ipsec.StateArmed)
		assert.Equal(r, []ipsec.ConnectionState{
			ipsec.StateUnknown, ipsec.StateArmed, ipsec.StateUp, ipsec.StateConnecting, ipsec.StateUp,
		}, states(r.conn("site1")))
		assert.Equal(r, "closed by the peer, or by the daemon", r.conn("site1").History[3].Reason)
		require.NoError(r, r.s.Terminate(r.Context(), "site1"))
		r.after(time.Minute)
		r.state("site1", ipsec.StateStopped)
	})
}
