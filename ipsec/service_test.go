package ipsec_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/lifecycle/lifecycletest"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest"
)

func TestContract(t *testing.T) {
	lifecycletest.TestService(t, func(t *testing.T) lifecycletest.Subject {
		d := ipsectest.NewDaemon()
		service, err := ipsec.New(config(site(1), kept(site(2))), ipsec.Options{Backend: d.Backend("a")})
		require.NoError(t, err)
		disabled, err := ipsec.New(ipsec.DefaultConfig(), ipsec.Options{Backend: d.Backend("b")})
		require.NoError(t, err)
		return lifecycletest.Subject{Service: service, Disabled: disabled, Resources: d.Sessions}
	})
}

func TestNewRefuses(t *testing.T) {
	_, err := ipsec.New(ipsec.Config{}, ipsec.Options{})
	require.EqualError(t, err, "ipsec: Options.Backend is required")
	bad := site(1)
	bad.Gateway = ""
	_, err = ipsec.New(config(bad), ipsec.Options{Backend: ipsectest.NewDaemon().Backend("a")})
	var faults ipsec.ConfigError
	require.ErrorAs(t, err, &faults)
	assert.Equal(t, "connections[0].gateway", faults[0].Path)
}

func TestArmedUpStopped(t *testing.T) {
	bubble(t, config(site(1), site(2)), func(r *rig) {
		r.state("site1", ipsec.StateUnknown)
		r.start()
		r.state("site1", ipsec.StateArmed)
		assert.True(r, r.conn("site1").Configured)
		assert.Equal(r, ipsec.DaemonReady, r.s.Status().Daemon.State)
		assert.Equal(r, ipsectest.Version, r.s.Status().Daemon.Version)

		require.NoError(r, r.s.Initiate(r.Context(), "site1"))
		r.state("site1", ipsec.StateUp) // without waiting
		require.Len(r, r.conn("site1").SAs, 1)
		require.NoError(r, r.s.Initiate(r.Context(), "site1"))
		assert.Equal(r, 1, r.count("initiate"), "what is up is left alone")

		require.NoError(r, r.s.Terminate(r.Context(), "site1"))
		r.state("site1", ipsec.StateStopped)
		assert.True(r, r.conn("site1").Configured)
		require.NoError(r, r.s.Terminate(r.Context(), "site1"))
		assert.False(r, r.daemon.Pass("site1", 100), "traffic brought up what was stopped by hand")
		assert.False(r, r.daemon.PeerInitiates("site1"), "the peer brought up what was stopped by hand")
		r.state("site2", ipsec.StateArmed)

		r.daemon.Kill() // a stop holds
		r.after(time.Second)
		r.daemon.Start()
		r.after(time.Second)
		r.state("site1", ipsec.StateStopped)
		_, err := r.s.Apply(r.Context(), config(site(1), site(2), site(3)))
		require.NoError(r, err)
		r.state("site1", ipsec.StateStopped)
		r.after(time.Minute)
		assert.NotContains(r, r.daemon.Loaded(), "fieldgate-site1")

		require.NoError(r, r.s.Initiate(r.Context(), "site1"))
		r.state("site1", ipsec.StateUp)

		synctest.Wait()
		assert.Contains(r, r.changed(), "site1 up")
		assert.Equal(r, []ipsec.ConnectionState{
			ipsec.StateUnknown, ipsec.StateArmed, ipsec.StateUp, ipsec.StateStopped, ipsec.StateUnknown,
			ipsec.StateStopped, ipsec.StateUp,
		}, states(r.conn("site1")))
	})
}

func TestStopLeavesNothing(t *testing.T) {
	bubble(t, config(site(1), site(2)), func(r *rig) {
		r.daemon.LoadForeign("other")
		r.start()
		require.NoError(r, r.s.Initiate(r.Context(), "site1"))
		require.NoError(r, r.s.Stop(r.Context()))
		assert.Empty(r, r.daemon.Loaded())
		assert.True(r, r.daemon.HasForeign("other"))
		r.state("site1", ipsec.StateStopped)
		require.ErrorIs(r, r.s.Initiate(r.Context(), "site1"), ipsec.ErrNotRunning)
		require.ErrorIs(r, r.s.Terminate(r.Context(), "site1"), ipsec.ErrNotRunning)
		require.ErrorIs(r, r.s.Rekey(r.Context(), "site1"), ipsec.ErrNotRunning)
		require.ErrorIs(r, r.s.Ready(r.Context()), ipsec.ErrNotRunning)
		_, err := r.s.Apply(r.Context(), config())
		require.ErrorIs(r, err, ipsec.ErrStopped)
	})
}

func TestHandOver(t *testing.T) {
	for name, end := range map[string]func(*ipsec.Service, context.Context) error{
		"KeepOnStop": (*ipsec.Service).Stop,
		"Release":    (*ipsec.Service).Release,
	} {
		t.Run(name, func(t *testing.T) { handOver(t, name == "KeepOnStop", end) })
	}
}

func handOver(t *testing.T, keepOnStop bool, end func(*ipsec.Service, context.Context) error) {
	synctest.Test(t, func(t *testing.T) {
		d := ipsectest.NewDaemon()
		o := ipsec.Options{Backend: d.Backend("fieldgate"), KeepOnStop: keepOnStop}
		first, err := ipsec.New(config(site(1)), o)
		require.NoError(t, err)
		require.NoError(t, first.Start(t.Context()))
		synctest.Wait()
		require.NoError(t, first.Initiate(t.Context(), "site1"))
		before, _ := first.Connection("site1")
		require.NoError(t, end(first, t.Context()))
		assert.Equal(t, []string{"fieldgate-site1"}, d.Loaded())
		stopped, _ := first.Connection("site1")
		assert.Equal(t, ipsec.StateUnknown, stopped.State)

		second, err := ipsec.New(config(site(1)), o)
		require.NoError(t, err)
		require.NoError(t, second.Start(t.Context()))
		synctest.Wait()
		after, _ := second.Connection("site1")
		assert.Equal(t, ipsec.StateUp, after.State)
		assert.Equal(t, before.SAs[0].ID, after.SAs[0].ID)
		require.NoError(t, second.Stop(t.Context()))
	})
}

func TestStopDuringInitiate(t *testing.T) {
	for name, stop := range map[string]func(r *rig) error{
		"Stop":      func(r *rig) error { return r.s.Stop(r.Context()) },
		"Terminate": func(r *rig) error { return r.s.Terminate(r.Context(), "site1") },
		"Apply without it": func(r *rig) error {
			_, err := r.s.Apply(r.Context(), config(site(2)))
			return err
		},
		"Apply with a change": func(r *rig) error {
			c := site(1)
			c.KeyLifetime = ipsec.Duration(time.Hour)
			_, err := r.s.Apply(r.Context(), config(c))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, config(site(1)), func(r *rig) {
				r.start()
				r.daemon.SetPeer("site1", ipsectest.PeerSilent)
				result := make(chan error, 1)
				go func() { result <- r.s.Initiate(r.Context(), "site1") }()
				r.after(time.Second)
				began := time.Now()
				require.NoError(r, stop(r))
				assert.Less(r, time.Since(began), time.Second)
				var f *ipsec.Failure
				require.ErrorAs(r, <-result, &f)
				assert.Equal(r, ipsec.CauseStopped, f.Cause)
				assert.NotContains(r, r.daemon.String(), "CONNECTING {")
			})
		})
	}
}

func TestCallersMayLeave(t *testing.T) {
	bubble(t, config(site(1)), func(r *rig) {
		r.start()
		r.daemon.Delay(10 * time.Second)
		require.ErrorIs(r, r.s.Initiate(within(r, time.Second), "site1"), context.DeadlineExceeded)
		r.after(10 * time.Second)
		r.state("site1", ipsec.StateUp) // the try went on

		r.daemon.Stall(true)
		_, err := r.s.Apply(within(r, time.Second), config(site(1), site(2)))
		require.ErrorIs(r, err, context.DeadlineExceeded)
		r.daemon.Stall(false)
		r.after(time.Second)
		r.state("site2", ipsec.StateArmed)
	})
}

func TestUnknownNames(t *testing.T) {
	off := site(2)
	off.Enabled = false
	anyone := site(3)
	anyone.Gateway, anyone.RemoteSubnets, anyone.LocalSubnets = "any", nil, nil
	bubble(t, config(site(1), off, anyone), func(r *rig) {
		r.start()
		r.state("site2", ipsec.StateDisabled)
		for _, name := range []string{"nobody", "site2"} {
			require.ErrorIs(r, r.s.Initiate(r.Context(), name), ipsec.ErrUnknownConnection)
			require.ErrorIs(r, r.s.Terminate(r.Context(), name), ipsec.ErrUnknownConnection)
			require.ErrorIs(r, r.s.Restart(r.Context(), name), ipsec.ErrUnknownConnection)
			require.ErrorIs(r, r.s.Rekey(r.Context(), name), ipsec.ErrUnknownConnection)
		}
		require.EqualError(r, r.s.Initiate(r.Context(), "nobody"), `ipsec: initiate "nobody": no such connection`)

		require.ErrorIs(r, r.s.Initiate(r.Context(), "site3"), ipsec.ErrRespondsOnly)
		r.state("site3", ipsec.StateArmed)
		require.NoError(r, r.s.Terminate(r.Context(), "site3"))
		assert.False(r, r.daemon.PeerInitiates("site3"))
		require.ErrorIs(r, r.s.Initiate(r.Context(), "site3"), ipsec.ErrRespondsOnly)
		require.True(r, r.daemon.PeerInitiates("site3"))
		r.after(time.Second)
		r.state("site3", ipsec.StateUp)
		r.daemon.Kill()
		r.daemon.Start()
		r.after(time.Second)
		r.state("site3", ipsec.StateArmed) // the peer will come
		assert.Zero(r, r.count("initiate"))
	})
}

func TestRestartAndRekey(t *testing.T) {
	bubble(t, config(site(1)), func(r *rig) {
		r.start()
		require.Error(r, r.s.Rekey(r.Context(), "site1"), "it is not up")
		require.NoError(r, r.s.Restart(r.Context(), "site1"))
		before := r.conn("site1").SAs[0]
		require.NoError(r, r.s.Rekey(r.Context(), "site1"))
		after := r.conn("site1").SAs[0]
		assert.Equal(r, before.ID, after.ID)
		assert.Len(r, after.Children, 2, "the old one lingers")
		r.state("site1", ipsec.StateUp)
		require.NoError(r, r.s.Restart(r.Context(), "site1"))
		assert.NotEqual(r, before.ID, r.conn("site1").SAs[0].ID)
		r.state("site1", ipsec.StateUp)
	})
}

func TestOnlyLivingChildrenCount(t *testing.T) {
	bubble(t, config(site(1)), func(r *rig) {
		r.start()
		require.NoError(r, r.s.Initiate(r.Context(), "site1"))
		r.daemon.CloseChild("site1")
		r.after(100 * time.Millisecond)
		sas := r.conn("site1").SAs
		require.Len(r, sas, 1)
		require.Len(r, sas[0].Children, 1)
		assert.Equal(r, "DELETED", sas[0].Children[0].State)
		r.state("site1", ipsec.StateArmed)
	})
}

func TestEventsAreSeenAtOnceAndCountersByPolls(t *testing.T) {
	bubble(t, config(site(1)), func(r *rig) {
		r.start()
		require.True(r, r.daemon.PeerInitiates("site1"))
		r.after(50 * time.Millisecond)
		r.state("site1", ipsec.StateUp)
		require.True(r, r.daemon.Pass("site1", 1500))
		r.after(5 * time.Second)
		child := r.conn("site1").SAs[0].Children[0]
		assert.EqualValues(r, 1500, child.BytesIn)
		assert.EqualValues(r, 1, child.PacketsOut)
		r.daemon.PeerCloses("site1")
		r.after(50 * time.Millisecond)
		r.state("site1", ipsec.StateArmed)
	})
}

func TestManyEvents(t *testing.T) {
	bubble(t, config(site(1)), func(r *rig) {
		r.start()
		before := r.count("sas")
		for range 1000 {
			require.True(r, r.daemon.PeerInitiates("site1"))
			r.daemon.PeerCloses("site1")
			r.after(time.Millisecond)
		}
		r.after(time.Second)
		r.state("site1", ipsec.StateArmed)
		assert.Less(r, r.count("sas")-before, 100, "polls are not made for each event")
		assert.LessOrEqual(r, len(r.conn("site1").History), 32)
	})
}

func TestWantedIsTriedAgainWithPauses(t *testing.T) {
	bubble(t, config(kept(site(1)), site(2)), func(r *rig) {
		r.daemon.SetPeer("site1", ipsectest.PeerSilent)
		r.start()
		r.state("site1", ipsec.StateConnecting)
		r.after(ipsectest.Silence)
		r.state("site1", ipsec.StateFailed)
		c := r.conn("site1")
		require.NotNil(r, c.LastError)
		assert.Equal(r, ipsec.CauseNoResponse, c.LastError.Cause)
		assert.WithinDuration(r, time.Now(), c.LastError.At, time.Second)
		assert.True(r, c.RetryAt.After(time.Now()))
		assert.LessOrEqual(r, time.Until(c.RetryAt), 2*time.Second)
		r.after(time.Hour)
		n := r.count("initiate site1")
		assert.Greater(r, n, 50)
		assert.Less(r, n, 130, "the pauses grow to a minute")
		assert.Equal(r, 1, countLines(r.logged(), "connection failed"), "one line for a cause")
		assert.LessOrEqual(r, len(r.conn("site1").History), 4)

		r.daemon.SetPeer("site1", ipsectest.PeerNameless)
		r.after(2 * time.Minute)
		assert.Equal(r, 2, countLines(r.logged(), "connection failed"), "another cause, another line")
		r.daemon.SetPeer("site1", ipsectest.PeerAnswers)
		r.after(2 * time.Minute)
		r.state("site1", ipsec.StateUp)
		assert.Nil(r, r.conn("site1").LastError)

		r.daemon.PeerCloses("site1")
		r.after(3 * time.Second)
		r.state("site1", ipsec.StateUp) // kept up
		assert.Zero(r, r.count("initiate site2"))
	})
}

func TestFailuresByCause(t *testing.T) {
	for name, c := range map[string]struct {
		cause ipsec.Cause
		peer  func(*ipsec.Definition)
	}{
		"wrong key": {ipsec.CauseAuthentication, func(d *ipsec.Definition) { d.PreSharedKey = ipsec.NewSecret(secret + "x") }},
		"phase 1":   {ipsec.CausePhase1, func(d *ipsec.Definition) { d.Phase1 = []ipsec.Phase1Proposal{{Encryption: ipsec.Encryption3DES}} }},
		"phase 2":   {ipsec.CausePhase2, func(d *ipsec.Definition) { d.Phase2 = []ipsec.Phase2Proposal{{Encryption: ipsec.Encryption3DES}} }},
		"subnets":   {ipsec.CauseSelectors, func(d *ipsec.Definition) { d.RemoteSubnets = ipsec.Subnets{"198.51.100.0/24"} }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, config(site(1)), func(r *rig) {
				res, err := config(site(1)).Resolve(time.Now())
				require.NoError(r, err)
				want := res.Definitions[0]
				c.peer(&want)
				r.daemon.Expect(want)
				r.start()
				var f *ipsec.Failure
				require.ErrorAs(r, r.s.Initiate(r.Context(), "site1"), &f)
				assert.Equal(r, c.cause, f.Cause)
				r.state("site1", ipsec.StateFailed)
				assert.NotContains(r, fmt.Sprintf("%v %+v %+v", f, *f, r.s.Status()), secret)
				require.NoError(r, r.s.Terminate(r.Context(), "site1"))
				r.after(time.Hour)
				assert.Equal(r, 1, r.count("initiate"), "not tried again after a stop")
			})
		})
	}
}

func TestManyWantedAtOnce(t *testing.T) {
	var list []ipsec.Connection
	for n := range 50 {
		list = append(list, kept(site(n)))
	}
	bubble(t, config(list...), func(r *rig) {
		r.start()
		r.after(time.Second)
		for _, c := range r.s.Status().Connections {
			require.Equal(r, ipsec.StateUp, c.State, c.Name)
		}
		// Those that were up come first when the daemon is back: 40 dead peers
		// do not hold them up.
		for n := range 40 {
			r.daemon.SetPeer(fmt.Sprintf("site%d", n), ipsectest.PeerSilent)
			r.daemon.PeerCloses(fmt.Sprintf("site%d", n))
		}
		r.after(time.Minute)
		r.daemon.Kill()
		r.daemon.Start()
		r.after(time.Second)
		for n := 40; n < 50; n++ {
			r.state(fmt.Sprintf("site%d", n), ipsec.StateUp)
		}
	})
}

func TestOtherErrorsOfABackend(t *testing.T) {
	bubble(t, config(site(1)), func(r *rig) {
		r.start()
		r.daemon.FailNext(ipsectest.OpInitiate, errors.New("strange"))
		var f *ipsec.Failure
		require.ErrorAs(r, r.s.Initiate(r.Context(), "site1"), &f)
		assert.Equal(r, ipsec.CauseOther, f.Cause)
		r.daemon.Delay(2 * time.Minute)
		require.ErrorAs(r, r.s.Initiate(r.Context(), "site1"), &f)
		assert.Equal(r, ipsec.CauseTimeout, f.Cause)
		r.daemon.Delay(0)
		r.daemon.FailNext(ipsectest.OpSAs, errors.New("strange")) // the session is given up, and the next is good
		r.after(10 * time.Second)
		assert.Equal(r, ipsec.DaemonReady, r.s.Status().Daemon.State)
		r.daemon.FailNext(ipsectest.OpConnect, errors.New("strange"))
		r.daemon.FailNext(ipsectest.OpApply, errors.New("strange"))
		r.daemon.Kill()
		r.daemon.Start()
		r.after(2 * time.Second)
		assert.Equal(r, ipsec.DaemonReady, r.s.Status().Daemon.State)
	})
}
