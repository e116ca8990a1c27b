package ipsec_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
)

// clearing returns a connection that is closed for good when its peer is dead.
func clearing(c ipsec.Connection) ipsec.Connection {
	c.DPDAction = ipsec.DPDClear
	return c
}

// Clear means that nothing further happens: demand does not bring it up.
func TestDeadPeerIsCleared(t *testing.T) {
	c := config(clearing(site(1)), clearing(site(2)))
	bubble(t, c, func(r *rig) {
		r.start()
		require.True(r, r.daemon.Pass("site1", 100), "on demand")
		require.True(r, r.daemon.Pass("site2", 100), "on demand")
		r.after(time.Second)
		r.state("site1", ipsec.StateUp)
		r.daemon.PeerDies("site1")
		r.after(time.Second)
		r.state("site1", ipsec.StateClosed)
		r.state("site2", ipsec.StateUp)
		history := r.conn("site1").History
		assert.Contains(r, history[len(history)-1].Reason, "does not answer")
		require.False(r, r.daemon.Pass("site1", 100), "nothing further happens")
		r.after(time.Hour)
		r.state("site1", ipsec.StateClosed)
		assert.True(r, r.conn("site1").Configured)

		_, err := r.s.Apply(r.Context(), c)
		require.NoError(r, err)
		r.daemon.Kill()
		r.daemon.Start()
		require.NoError(r, r.s.Ready(within(r, time.Minute)))
		r.after(time.Minute)
		r.state("site1", ipsec.StateClosed)
		require.False(r, r.daemon.Pass("site1", 100), "neither an Apply nor a new daemon arms it")

		require.NoError(r, r.s.Initiate(r.Context(), "site1"))
		r.state("site1", ipsec.StateUp)
		r.daemon.PeerCloses("site1")
		r.after(time.Second)
		r.state("site1", ipsec.StateArmed)
		require.True(r, r.daemon.Pass("site1", 100), "started by hand it is armed again")
	})
}

// The peer may come back by itself; when it goes in good order then, the
// connection is on demand as before.
func TestClearedPeerComesBack(t *testing.T) {
	bubble(t, config(clearing(site(1))), func(r *rig) {
		r.start()
		require.NoError(r, r.s.Initiate(r.Context(), "site1"))
		r.daemon.PeerDies("site1")
		r.after(time.Second)
		r.state("site1", ipsec.StateClosed)
		require.True(r, r.daemon.PeerInitiates("site1"))
		r.after(time.Second)
		r.state("site1", ipsec.StateUp)
		require.NoError(r, r.s.Initiate(r.Context(), "site1"))
		assert.Equal(r, 1, r.count("initiate"), "it is up, and left alone")
		r.daemon.PeerDies("site1")
		r.after(time.Second)
		r.state("site1", ipsec.StateClosed)
		require.True(r, r.daemon.PeerInitiates("site1"))
		r.after(time.Second)
		r.daemon.PeerCloses("site1")
		r.after(time.Second)
		r.state("site1", ipsec.StateArmed)
		require.True(r, r.daemon.Pass("site1", 100))
	})
}

// Hold and none are on demand again, and say why they went down.
func TestDeadPeerIsHeld(t *testing.T) {
	c := site(1)
	c.DPDAction = ipsec.DPDHold
	bubble(t, config(c), func(r *rig) {
		r.start()
		require.NoError(r, r.s.Initiate(r.Context(), "site1"))
		r.daemon.PeerDies("site1")
		r.after(time.Second)
		r.state("site1", ipsec.StateArmed)
		history := r.conn("site1").History
		assert.Contains(r, history[len(history)-1].Reason, "does not answer")
		require.True(r, r.daemon.Pass("site1", 100))
	})
}

// What somebody else takes out of the daemon comes back, and what is up stays
// up meanwhile.
func TestUnloadedBySomebodyElse(t *testing.T) {
	bubble(t, config(site(1), site(2)), func(r *rig) {
		r.start()
		require.NoError(r, r.s.Initiate(r.Context(), "site1"))
		before := r.conn("site1").SAs
		r.daemon.Unload("site1")
		r.daemon.Unload("site2")
		r.after(time.Second)
		assert.Equal(r, []string{"fieldgate-site1", "fieldgate-site2"}, r.daemon.Loaded())
		r.state("site1", ipsec.StateUp)
		assert.Equal(r, before[0].InitiatorSPI, r.conn("site1").SAs[0].InitiatorSPI)
		assert.Zero(r, r.conn("site2").LastError)
		assert.Contains(r, r.logged(), "somebody else")
		require.True(r, r.daemon.Pass("site2", 100))
	})
}

// deaf is a daemon that does not notice when an Initiate is no longer wanted.
type deaf struct{ ipsec.Backend }

type deafSession struct{ ipsec.Session }

func (d deaf) Connect(ctx context.Context) (ipsec.Session, error) {
	s, err := d.Backend.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return deafSession{s}, nil
}

func (s deafSession) Initiate(context.Context, string) error {
	<-s.Done()
	return ipsec.ErrUnavailable
}

// Stop is over after ten seconds, whatever hangs.
func TestStopDuringInitiateOfADaemonThatHangs(t *testing.T) {
	bubble(t, config(kept(site(1))), func(r *rig) {
		o := r.options()
		o.Backend = deaf{o.Backend}
		s, err := ipsec.New(config(kept(site(1))), o)
		require.NoError(r, err)
		r.s = s
		r.start()
		r.state("site1", ipsec.StateConnecting)
		r.daemon.Stall(true)
		began := time.Now()
		require.NoError(r, r.s.Stop(r.Context()))
		assert.LessOrEqual(r, time.Since(began), 10*time.Second)
	})
}

// A hang of the daemon that only a list notices ends tries too.
func TestLinkLostDuringInitiateOfADaemonThatHangs(t *testing.T) {
	bubble(t, config(kept(site(1))), func(r *rig) {
		o := r.options()
		o.Backend = deaf{o.Backend}
		s, err := ipsec.New(config(kept(site(1))), o)
		require.NoError(r, err)
		r.s = s
		r.start()
		r.daemon.FailNext("sas", context.DeadlineExceeded)
		r.after(6 * time.Second)
		require.NoError(r, r.s.Ready(within(r, 2*time.Second)), "there is a new session")
		assert.Equal(r, uint64(1), r.s.Status().Daemon.Restarts)
	})
}

// Who starts what was stopped may leave too.
func TestCallersOfARevivalMayLeave(t *testing.T) {
	bubble(t, config(site(1)), func(r *rig) {
		r.start()
		require.NoError(r, r.s.Terminate(r.Context(), "site1"))
		r.daemon.Stall(true)
		began := time.Now()
		require.ErrorIs(r, r.s.Initiate(within(r, time.Second), "site1"), context.DeadlineExceeded)
		assert.Equal(r, time.Second, time.Since(began))
		r.daemon.Stall(false)
		r.after(time.Second)
		r.state("site1", ipsec.StateUp)
	})
}
