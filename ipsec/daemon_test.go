package ipsec_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
)

func TestDaemonAbsentAtStart(t *testing.T) {
	bubble(t, config(site(1)), func(r *rig) {
		r.daemon.Kill()
		r.start()
		require.ErrorIs(r, r.s.Ready(within(r, time.Second)), context.DeadlineExceeded)
		r.state("site1", ipsec.StateUnknown)
		daemon := r.s.Status().Daemon
		assert.Equal(r, ipsec.DaemonWaiting, daemon.State)
		assert.Contains(r, daemon.Error, ipsec.ErrUnavailable.Error())
		require.ErrorIs(r, r.s.Initiate(r.Context(), "site1"), ipsec.ErrUnavailable)
		_, err := r.s.Apply(r.Context(), config(site(1), site(2)))
		require.ErrorIs(r, err, ipsec.ErrUnavailable)

		r.after(time.Hour)
		assert.Equal(r, 1, countLines(r.logged(), "no IKE daemon"), "said once, not at each try")
		r.daemon.Start()
		require.NoError(r, r.s.Ready(within(r, time.Second)))
		r.after(time.Second)
		r.state("site1", ipsec.StateUp) // Initiate was called
		r.state("site2", ipsec.StateArmed)
		assert.Equal(r, ipsec.DaemonReady, r.s.Status().Daemon.State)
		assert.Zero(r, r.s.Status().Daemon.Restarts)
	})
}

func TestDaemonNotPermittedOrOwned(t *testing.T) {
	bubble(t, config(site(1)), func(r *rig) {
		r.daemon.Deny(true)
		r.start()
		assert.Contains(r, r.s.Status().Daemon.Error, ipsec.ErrNotPermitted.Error())
		r.daemon.Deny(false)
		other, err := r.daemon.Backend("fieldgate").Connect(r.Context())
		require.NoError(r, err)
		r.after(15 * time.Second)
		assert.Contains(r, r.s.Status().Daemon.Error, ipsec.ErrOwned.Error())
		r.state("site1", ipsec.StateUnknown)
		require.NoError(r, other.Close())
		r.after(15 * time.Second)
		r.state("site1", ipsec.StateArmed)
	})
}

func TestDaemonHangs(t *testing.T) {
	bubble(t, config(kept(site(1))), func(r *rig) {
		r.start()
		r.state("site1", ipsec.StateUp)
		r.daemon.Stall(true)
		r.after(11 * time.Second) // a poll every five seconds, which is given five
		r.state("site1", ipsec.StateUnknown)
		assert.Equal(r, ipsec.DaemonGone, r.s.Status().Daemon.State)
		assert.Empty(r, r.conn("site1").SAs)
		r.daemon.Stall(false)
		r.after(time.Second)
		r.state("site1", ipsec.StateUp)
		assert.Equal(r, 1, r.count("initiate"), "the SAs were there all the time")
	})
}

func TestDaemonHangsAtStop(t *testing.T) {
	bubble(t, config(site(1)), func(r *rig) {
		r.start()
		r.daemon.Stall(true)
		began := time.Now()
		require.NoError(r, r.s.Stop(r.Context()))
		assert.LessOrEqual(r, time.Since(began), 11*time.Second)
		r.state("site1", ipsec.StateUnknown)
	})
}

func TestDaemonKilled(t *testing.T) {
	var list []ipsec.Connection
	for n := range 100 {
		list = append(list, site(n))
	}
	list[7] = kept(list[7])
	bubble(t, config(list...), func(r *rig) {
		r.start()
		require.NoError(r, r.s.Initiate(r.Context(), "site3"))
		require.True(r, r.daemon.Pass("site4", 100), "on demand")
		r.after(time.Second)
		for _, name := range []string{"site3", "site4", "site7"} {
			r.state(name, ipsec.StateUp)
		}
		r.daemon.Kill()
		synctest.Wait()
		for _, c := range r.s.Status().Connections { // at once
			assert.Equal(r, ipsec.StateUnknown, c.State, c.Name)
			assert.Empty(r, c.SAs)
			assert.False(r, c.Configured)
		}
		assert.Equal(r, ipsec.DaemonGone, r.s.Status().Daemon.State)
		for _, away := range []time.Duration{0, 3 * time.Second, 10 * time.Minute} {
			r.after(away)
			r.daemon.Start()
			r.after(time.Second) // all of it
			assert.Len(r, r.daemon.Loaded(), 100)
			for _, name := range []string{"site3", "site4", "site7"} {
				r.state(name, ipsec.StateUp)
			}
			r.state("site5", ipsec.StateArmed)
			def, _ := r.daemon.Definition("fieldgate-site5")
			assert.Equal(r, secret+"5", def.PreSharedKey.Reveal(), "the secrets are back")
			r.daemon.Kill()
			synctest.Wait()
		}
		assert.EqualValues(r, 3, r.s.Status().Daemon.Restarts)
	})
}

func TestDaemonKilledDuringApply(t *testing.T) {
	bubble(t, config(site(1)), func(r *rig) {
		r.start()
		r.daemon.DieInApply(1)
		_, err := r.s.Apply(r.Context(), config(site(1), site(2), site(3)))
		require.ErrorIs(r, err, ipsec.ErrUnavailable)
		synctest.Wait()
		r.state("site1", ipsec.StateUnknown)
		r.state("site3", ipsec.StateUnknown)
		r.daemon.Start()
		r.after(time.Second)
		assert.Equal(r, []string{"fieldgate-site1", "fieldgate-site2", "fieldgate-site3"}, r.daemon.Loaded())
		r.state("site3", ipsec.StateArmed)

		r.daemon.DieInApply(1) // and in the one after it
		r.daemon.Kill()
		r.daemon.Start()
		r.after(time.Second)
		r.daemon.Start()
		r.after(time.Second)
		assert.Len(r, r.daemon.Loaded(), 3)
	})
}

func TestKilledDuringInitiate(t *testing.T) {
	bubble(t, config(site(1)), func(r *rig) {
		r.start()
		r.daemon.Delay(10 * time.Second)
		result := make(chan error, 1)
		go func() { result <- r.s.Initiate(r.Context(), "site1") }()
		synctest.Wait()
		r.state("site1", ipsec.StateConnecting)
		r.daemon.Kill()
		synctest.Wait()
		var f *ipsec.Failure
		err := <-result
		require.ErrorAs(r, err, &f)
		assert.Equal(r, ipsec.CauseDaemon, f.Cause)
		require.ErrorIs(r, err, ipsec.ErrUnavailable)
		r.state("site1", ipsec.StateUnknown)
		r.daemon.Delay(0)
		r.daemon.Start()
		r.after(time.Second)
		r.state("site1", ipsec.StateUp)
	})
}

// The status follows each of several events in a row without waiting for a
// clock, so that a test needs no sleep between what it does and what it sees.
func TestStatusFollowsEachEventAtOnce(t *testing.T) {
	bubble(t, config(site(1)), func(r *rig) {
		r.start()
		for range 3 {
			require.True(r, r.daemon.PeerInitiates("site1"))
			synctest.Wait()
			r.state("site1", ipsec.StateUp)
			r.daemon.PeerCloses("site1")
			synctest.Wait()
			r.state("site1", ipsec.StateArmed)
		}
	})
}
