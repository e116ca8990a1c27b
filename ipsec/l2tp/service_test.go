package l2tp_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/lifecycle/lifecycletest"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/ipsec/l2tp/l2tptest"
)

// journal keeps a log that is read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// rig is a service on fakes.
type rig struct {
	*l2tp.Service
	host     *l2tptest.Host
	channels *l2tptest.Channels
	log      *journal

	mu     sync.Mutex
	states []l2tp.State // of the first client
}

var (
	peer    = netip.MustParseAddr("192.0.2.2")
	local   = netip.MustParseAddr("10.1.0.10")
	remote  = netip.MustParseAddr("10.1.0.1")
	visitor = netip.MustParseAddr("192.0.2.77")
)

const channel = "l2tp_to_head_office"

func newRig(t *testing.T, c l2tp.Config) *rig {
	t.Helper()
	r := &rig{
		host: l2tptest.NewHost(), log: new(journal),
		channels: l2tptest.NewChannels(map[string]netip.Addr{channel: peer}),
	}
	r.host.Serve(peer, l2tptest.Server{
		Users: map[string]string{"dev1": "sesame"}, Local: remote, First: local,
		DNS: []netip.Addr{netip.MustParseAddr("10.1.0.53")},
	})
	var err error
	r.Service, err = l2tp.New(c, l2tp.Options{
		Backend: r.host, Channel: r.channels, Logger: slog.New(slog.NewTextHandler(r.log, nil)),
		OnChange: func(st l2tp.ClientStatus) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.states = append(r.states, st.State)
			_ = r.Status() // is allowed here
		},
	})
	require.NoError(t, err)
	return r
}

func (r *rig) client() l2tp.ClientStatus { return r.Status().Clients[0] }

// seen returns the states since the last call.
func (r *rig) seen() []l2tp.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	states := r.states
	r.states = nil
	return states
}

// run runs a test in a bubble, with a service that is started and stopped.
func run(t *testing.T, c l2tp.Config, test func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, c)
		require.NoError(t, r.Start(t.Context()))
		test(t, r)
		require.NoError(t, r.Stop(t.Context()))
		assert.Zero(t, r.host.Running())
		assert.Empty(t, r.channels.Up())
		for _, secret := range []string{"sesame", "thebigsecret", "otherkey"} {
			assert.NotContains(t, r.log.String(), secret)
		}
	})
}

func TestContract(t *testing.T) {
	lifecycletest.TestService(t, func(t *testing.T) lifecycletest.Subject {
		r := newRig(t, good())
		off := good()
		off.Enabled = false
		return lifecycletest.Subject{
			Service: r.Service, Disabled: newRig(t, off).Service,
			Resources: func() int { return r.host.Running() + len(r.channels.Up()) },
			Refuse:    func(err error) { r.host.FailNext(err) },
			Hold:      r.host.StallNext,
		}
	})
}

func TestOptions(t *testing.T) {
	_, err := l2tp.New(good(), l2tp.Options{Channel: l2tptest.NewChannels(nil)})
	require.ErrorContains(t, err, "Options.Backend")
	_, err = l2tp.New(good(), l2tp.Options{Backend: l2tptest.NewHost()})
	require.ErrorContains(t, err, "Options.Channel")
	bad := good()
	bad.Clients[0].Gateway = ""
	_, err = l2tp.New(bad, l2tp.Options{})
	require.ErrorAs(t, err, new(l2tp.ConfigError))
}

// The three steps come in order, and end in reverse.
func TestClientUpAndDown(t *testing.T) {
	run(t, good(), func(t *testing.T, r *rig) {
		time.Sleep(time.Second)
		st := r.client()
		assert.Equal(t, []l2tp.State{l2tp.StateChannel, l2tp.StateTunnel, l2tp.StatePPP, l2tp.StateUp}, r.seen())
		assert.Equal(t, ipsec.StateUp, st.Channel)
		assert.Equal(t, peer, st.Peer)
		assert.Equal(t, l2tp.LinkFacts{Interface: "ppp0", Local: local, Remote: remote, DNS: []netip.Addr{netip.MustParseAddr("10.1.0.53")}}, st.LinkFacts)
		assert.Equal(t, uint64(1), st.Ups)
		assert.Equal(t, "running, guarded\nlink head_office to 192.0.2.2: up=true ppp0\n", r.host.String())

		require.NoError(t, r.StopClient(t.Context(), "head-office"))
		assert.Equal(t, []l2tp.State{l2tp.StateClosing, l2tp.StateStopped}, r.seen())
		assert.Equal(t, []string{"initiate " + channel, "terminate " + channel}, r.channels.Calls())
		assert.Equal(t, l2tp.LinkFacts{}, r.client().LinkFacts)
		assert.Equal(t, "running, guarded\n", r.host.String(), "the guard stays")
		time.Sleep(time.Hour)
		assert.Equal(t, l2tp.StateStopped, r.client().State, "a stop by hand holds")

		require.NoError(t, r.StartClient("head_office"))
		time.Sleep(time.Second)
		assert.Equal(t, l2tp.StateUp, r.client().State)
	})
}

func TestUnknownClient(t *testing.T) {
	c := good()
	c.Clients[0].Enabled = false
	run(t, c, func(t *testing.T, r *rig) {
		assert.Equal(t, l2tp.StateDisabled, r.client().State)
		for _, name := range []string{"none", "head-office"} {
			require.ErrorIs(t, r.StartClient(name), l2tp.ErrUnknownClient)
			require.ErrorIs(t, r.StopClient(t.Context(), name), l2tp.ErrUnknownClient)
		}
	})
}

func TestStartClientNeedsTheService(t *testing.T) {
	r := newRig(t, good())
	require.ErrorIs(t, r.StartClient("head-office"), l2tp.ErrNotRunning)
	require.NoError(t, r.StopClient(t.Context(), "head-office"))
	require.NoError(t, r.Stop(t.Context()))
}

// A failure is told with its cause, logged once, and tried again more and more
// seldom.
func TestFailures(t *testing.T) {
	t.Run("password", func(t *testing.T) {
		c := good()
		c.Clients[0].Password = l2tp.NewSecret("wrong")
		run(t, c, func(t *testing.T, r *rig) {
			time.Sleep(10 * time.Minute)
			for r.client().State != l2tp.StateFailed { // it may be in a try just now
				time.Sleep(100 * time.Millisecond)
			}
			st := r.client()
			require.NotNil(t, st.LastError)
			assert.Equal(t, l2tp.CauseAuthentication, st.LastError.Cause)
			assert.Equal(t, "head_office", st.LastError.Client)
			assert.Equal(t, l2tp.StateFailed, st.State)
			assert.False(t, st.RetryAt.IsZero())
			assert.LessOrEqual(t, time.Until(st.RetryAt), time.Minute)
			tries := len(r.channels.Calls()) / 2
			assert.Greater(t, tries, 10)
			assert.Less(t, tries, 30, "the pauses grow")
			assert.Equal(t, 1, strings.Count(r.log.String(), "client is down"))

			r.host.Serve(peer, l2tptest.Server{Users: map[string]string{"dev1": "wrong"}, Local: remote, First: local})
			require.NoError(t, r.StartClient("head-office"), "now, not at the next try")
			time.Sleep(time.Second)
			assert.Equal(t, l2tp.StateUp, r.client().State)
			assert.Nil(t, r.client().LastError)
		})
	})
	t.Run("channel", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, good())
			r.channels.Fail(channel, &ipsec.Failure{Connection: channel, Cause: ipsec.CauseAuthentication, Detail: "wrong key"})
			require.NoError(t, r.Start(t.Context()))
			time.Sleep(200 * time.Millisecond)
			st := r.client()
			require.NotNil(t, st.LastError)
			assert.Equal(t, l2tp.CauseChannel, st.LastError.Cause)
			assert.Equal(t, "authentication: wrong key", st.LastError.Detail)
			assert.Equal(t, "running, guarded\n", r.host.String(), "nothing is dialled without a channel")
			r.channels.Fail(channel, nil)
			time.Sleep(3 * time.Second)
			assert.Equal(t, l2tp.StateUp, r.client().State)
			require.NoError(t, r.Stop(t.Context()))
		})
	})
	t.Run("no such connection", func(t *testing.T) {
		c := good()
		c.Clients[0].Name = "other"
		run(t, c, func(t *testing.T, r *rig) {
			time.Sleep(time.Second)
			assert.Contains(t, r.client().LastError.Detail, "Extend")
		})
	})
	t.Run("silent", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, good())
			r.host.Serve(peer, l2tptest.Server{Silent: true})
			require.NoError(t, r.Start(t.Context()))
			time.Sleep(35*time.Second + 200*time.Millisecond)
			assert.Equal(t, l2tp.CauseNoResponse, r.client().LastError.Cause)
			assert.Empty(t, r.channels.Up(), "the next try begins with a new channel")
			require.NoError(t, r.Stop(t.Context()))
		})
	})
}

// A link that ends is brought up again.
func TestDrop(t *testing.T) {
	run(t, good(), func(t *testing.T, r *rig) {
		time.Sleep(time.Second)
		r.host.Drop("head_office", l2tp.CauseDead)
		synctest.Wait()
		st := r.client()
		assert.Equal(t, l2tp.StateFailed, st.State)
		assert.Equal(t, l2tp.CauseDead, st.LastError.Cause)
		assert.Equal(t, l2tp.LinkFacts{}, st.LinkFacts)
		time.Sleep(2 * time.Second)
		assert.Equal(t, l2tp.StateUp, r.client().State)
		assert.Equal(t, uint64(2), r.client().Ups)
	})
}

// A channel that goes down under a link is brought up again, and the link
// stays.
func TestChannelDown(t *testing.T) {
	run(t, good(), func(t *testing.T, r *rig) {
		time.Sleep(time.Second)
		for _, state := range []ipsec.ConnectionState{ipsec.StateArmed, ipsec.StateStopped, ipsec.StateClosed, ipsec.StateFailed} {
			r.channels.End(channel, state)
			assert.Equal(t, state, r.client().Channel)
			assert.Equal(t, l2tp.StateUp, r.client().State)
			time.Sleep(2 * time.Second)
			assert.Equal(t, ipsec.StateUp, r.client().Channel, "after %s", state)
			assert.Equal(t, uint64(1), r.client().Ups)
		}
	})
}

// Programs that end by themselves are started again, and told so.
func TestCrash(t *testing.T) {
	run(t, good(), func(t *testing.T, r *rig) {
		time.Sleep(time.Second)
		r.host.FailNext(errors.New("no luck"))
		r.host.Crash()
		synctest.Wait()
		st := r.Status()
		assert.False(t, st.Daemon.Running)
		assert.Contains(t, st.Daemon.Error, "killed")
		assert.False(t, st.Server.Running)
		time.Sleep(10 * time.Second)
		st = r.Status()
		assert.True(t, st.Daemon.Running)
		assert.Empty(t, st.Daemon.Error)
		assert.Equal(t, uint64(1), st.Daemon.Restarts)
		assert.Equal(t, 2, r.host.Starts())
		assert.Equal(t, l2tp.StateUp, st.Clients[0].State)
		assert.Contains(t, r.log.String(), "no luck")
	})
}

// Stop works while the programs are down.
func TestStopDuringRestart(t *testing.T) {
	run(t, good(), func(t *testing.T, r *rig) {
		time.Sleep(time.Second)
		for range 100 {
			r.host.FailNext(errors.New("no luck"))
		}
		r.host.Crash()
		time.Sleep(time.Minute)
		assert.Equal(t, l2tp.StateWaiting, r.client().State)
		require.NoError(t, r.StopClient(t.Context(), "head-office"))
		assert.Equal(t, l2tp.StateStopped, r.client().State)
		require.NoError(t, r.StartClient("head-office"))
	})
}

// A stop in every state ends at once and leaves nothing.
func TestStopAtAnyTime(t *testing.T) {
	for _, after := range []time.Duration{0, 20, 60, 120, 200, 260, 5000} {
		t.Run(after.String(), func(t *testing.T) {
			run(t, good(), func(_ *testing.T, _ *rig) { time.Sleep(after * time.Millisecond) })
		})
	}
}

func TestServerSessions(t *testing.T) {
	run(t, good(), func(t *testing.T, r *rig) {
		assert.False(t, r.host.Connect(visitor, "plant", "guess").IsValid())
		addr := r.host.Connect(visitor, "plant", "word")
		assert.Equal(t, netip.MustParseAddr("10.20.30.10"), addr)
		time.Sleep(3 * time.Second)
		st := r.Status().Server
		assert.True(t, st.Enabled && st.Running)
		require.Len(t, st.Sessions, 1)
		assert.Equal(t, visitor, st.Sessions[0].Peer)
		assert.Equal(t, addr, st.Sessions[0].Remote)
		r.host.Leave(visitor)
		time.Sleep(3 * time.Second)
		assert.Empty(t, r.Status().Server.Sessions)
		assert.Contains(t, r.log.String(), "a client connected")
		assert.Contains(t, r.log.String(), "a client left")
	})
}

// Methods may be called from anywhere at any time.
func TestConcurrentUse(t *testing.T) {
	run(t, good(), func(t *testing.T, r *rig) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 20 {
					_ = r.StartClient("head-office")
					time.Sleep(30 * time.Millisecond)
					_ = r.Status()
					_ = r.StopClient(context.Background(), "head-office")
				}
			})
		}
		wg.Wait()
		assert.Equal(t, l2tp.StateStopped, r.client().State)
	})
}
