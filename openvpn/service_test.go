package openvpn_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/lifecycle/lifecycletest"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
)

func TestContract(t *testing.T) {
	lifecycletest.TestService(t, func(t *testing.T) lifecycletest.Subject {
		r := newRig(t, openvpn.Config{Enabled: true, Instances: []openvpn.Instance{clientInstance("a"), serverInstance("b")}})
		off, err := openvpn.New(openvpn.Config{}, openvpn.Options{Runner: r.runner, Store: r.store})
		require.NoError(t, err)
		return lifecycletest.Subject{
			Service: r.Service, Disabled: off, Resources: r.runner.Running,
			Refuse: func(err error) { r.runner.FailNext("adopt", err) },
			Hold:   func() { r.runner.StallNext("adopt") },
		}
	})
}

func TestNewWantsItsOptions(t *testing.T) {
	_, err := openvpn.New(openvpn.Config{}, openvpn.Options{Store: openvpntest.NewStore()})
	assert.ErrorContains(t, err, "Options.Runner")
	_, err = openvpn.New(openvpn.Config{}, openvpn.Options{Runner: openvpntest.NewRunner()})
	assert.ErrorContains(t, err, "Options.Store")
	_, err = openvpn.New(openvpn.Config{Instances: []openvpn.Instance{{}}}, openvpn.Options{})
	var faults openvpn.ConfigError
	assert.ErrorAs(t, err, &faults)
}

func TestClientConnects(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t, clientInstance("office"))
		st := r.status(t, "office")
		assert.Equal(t, openvpn.StateConnected, st.State)
		assert.True(t, st.Started)
		assert.Equal(t, r.runner.Process("office").PID(), st.PID)
		assert.Equal(t, "10.8.0.2", st.Tunnel.String())
		assert.Equal(t, "192.0.2.1:1194", st.Remote.String())
		assert.Equal(t, "UDP", st.Protocol)
		assert.Equal(t, "tun-office", st.Device)
		assert.EqualValues(t, 1194, st.Port)
		assert.Equal(t, "2.6.14", r.Status().Version)
		assert.Equal(t, []string{"starting", "connecting", "connected"}, r.seen.states("office"))
		assert.NotEmpty(t, st.History)
	})
}

// What the tunnel carries is counted, without a change being told.
func TestBytes(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t, clientInstance("office"), serverInstance("hub"))
		r.runner.Process("office").Emit(openvpn.ByteCount{In: 10, Out: 20})
		hub := r.runner.Process("hub")
		one, two := hub.Join("one", "", ""), hub.Join("two", "", "")
		hub.Traffic(one, 100, 1)
		hub.Traffic(two, 200, 2)
		hub.Leave(one)
		time.Sleep(time.Minute) // the list of clients tells that one has left
		st := r.status(t, "office")
		assert.EqualValues(t, 10, st.BytesIn)
		assert.EqualValues(t, 20, st.BytesOut)
		st = r.status(t, "hub")
		assert.EqualValues(t, 300, st.BytesIn, "of a client that left too")
		assert.EqualValues(t, 3, st.BytesOut)
		require.Len(t, st.Clients, 1)
		assert.Equal(t, "two", st.Clients[0].CommonName)
	})
}

func TestStopIsSticky(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t, clientInstance("office"))
		require.NoError(t, r.StopInstance(t.Context(), "OFFICE"), "case makes no difference")
		assert.Zero(t, r.runner.Running(), "Stop waits for the end")
		time.Sleep(time.Hour)
		r.apply(t, clientInstance("office"))
		other := clientInstance("office")
		other.Port = 4000
		r.apply(t, other)
		assert.Equal(t, openvpn.StateStopped, r.status(t, "office").State, "no Apply revives it")
		assert.True(t, r.status(t, "office").Enabled, "Enabled is another thing")
		assert.Zero(t, r.runner.Running())
		require.NoError(t, r.StartInstance("office"))
		settle()
		assert.Equal(t, openvpn.StateConnected, r.status(t, "office").State)
	})
}

func TestStartWorksWhenNotEnabled(t *testing.T) {
	in(t, func(t *testing.T) {
		off := clientInstance("office")
		off.Enabled = false
		r := started(t, off)
		st := r.status(t, "office")
		assert.Equal(t, openvpn.StateStopped, st.State)
		assert.False(t, st.Started)
		require.NoError(t, r.StartInstance("office"))
		settle()
		st = r.status(t, "office")
		assert.Equal(t, openvpn.StateConnected, st.State)
		assert.False(t, st.Enabled)
		r.apply(t, off)
		assert.Equal(t, openvpn.StateConnected, r.status(t, "office").State)
	})
}

func TestUnknownInstance(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t)
		for name, call := range map[string]func() error{
			"start":     func() error { return r.StartInstance("x") },
			"stop":      func() error { return r.StopInstance(t.Context(), "x") },
			"restart":   func() error { return r.RestartInstance("x") },
			"reconnect": func() error { return r.Reconnect(t.Context(), "x") },
			"reload":    func() error { return r.Reload(t.Context(), "x") },
			"log":       func() error { _, err := r.Log("x"); return err },
			"clients":   func() error { _, err := r.Clients(t.Context(), "x"); return err },
			"kick":      func() error { _, err := r.Kick(t.Context(), "x", "y"); return err },
			"ban":       func() error { return r.Ban(t.Context(), "x", "y", 0) },
			"unban":     func() error { return r.Unban("x", "y") },
			"bans":      func() error { _, err := r.Bans("x"); return err },
		} {
			assert.ErrorIs(t, call(), openvpn.ErrUnknownInstance, name)
		}
	})
}

func TestRestartAndSignals(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t, clientInstance("office"))
		pid := r.status(t, "office").PID
		require.NoError(t, r.Reconnect(t.Context(), "office"))
		assert.Equal(t, openvpn.StateReconnecting, r.status(t, "office").State)
		assert.Equal(t, "asked to reconnect", r.status(t, "office").Detail)
		time.Sleep(2 * time.Second)
		require.NoError(t, r.Reload(t.Context(), "office"))
		time.Sleep(2 * time.Second)
		st := r.status(t, "office")
		assert.Equal(t, openvpn.StateConnected, st.State)
		assert.Equal(t, pid, st.PID, "the process stays")
		assert.Equal(t, []openvpn.Signal{openvpn.SIGUSR1, openvpn.SIGHUP}, r.runner.Process("office").Signals())

		require.NoError(t, r.RestartInstance("office"))
		settle()
		st = r.status(t, "office")
		assert.Equal(t, openvpn.StateConnected, st.State)
		assert.NotEqual(t, pid, st.PID)
		assert.Zero(t, st.Restarts, "only those that nobody asked for count")
	})
}

// A killed process is replaced at once; one that dies again and again is
// given ever more time, and never given up.
func TestDeathAndBackOff(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t, clientInstance("office"))
		time.Sleep(time.Minute)
		before := time.Now()
		r.runner.Process("office").Exit("signal: killed")
		synctest.Wait()
		st := r.status(t, "office")
		assert.Equal(t, openvpn.StateFailed, st.State)
		assert.Equal(t, openvpn.CauseKilled, st.Cause)
		assert.Contains(t, st.Detail, "signal: killed")
		assert.False(t, st.Started)
		assert.LessOrEqual(t, st.RetryAt.Sub(before), 250*time.Millisecond)
		time.Sleep(400 * time.Millisecond)
		st = r.status(t, "office")
		assert.Equal(t, openvpn.StateConnected, st.State)
		assert.EqualValues(t, 1, st.Restarts)

		for range 20 { // each within ten seconds of the last
			for r.runner.Process("office") == nil {
				time.Sleep(10 * time.Millisecond)
			}
			r.runner.Process("office").Exit("exit status 0") // 0 is a death too
			synctest.Wait()
		}
		st = r.status(t, "office")
		assert.Greater(t, time.Until(st.RetryAt), 20*time.Second)
		assert.LessOrEqual(t, time.Until(st.RetryAt), time.Minute)
		time.Sleep(2 * time.Minute)
		assert.Equal(t, openvpn.StateConnected, r.status(t, "office").State)
	})
}

func TestCauses(t *testing.T) {
	for name, c := range map[string]struct {
		script openvpntest.Script
		cause  openvpn.Cause
		detail string
	}{
		"bind":     {openvpntest.Bind(), openvpn.CauseBind, "choose another"},
		"options":  {openvpntest.Options(), openvpn.CauseConfig, "config:3: bogus"},
		"device":   {openvpntest.NoDevice(), openvpn.CauseDevice, "load the kernel module tun"},
		"CA":       {openvpntest.Script{Output: []string{"VERIFY ERROR: depth=1, error=self-signed certificate in certificate chain"}}, openvpn.CauseTLS, "bring the right ca"},
		"CRL":      {openvpntest.Script{Output: []string{"VERIFY ERROR: depth=0, error=CRL has expired: CN=x"}}, openvpn.CauseCRLExpired, "issue a new one"},
		"any word": {openvpntest.Script{Output: []string{"something odd", "Exiting due to fatal error"}}, openvpn.CauseKilled, "something odd"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T) {
				r := newRig(t, openvpn.Config{Enabled: true, Instances: []openvpn.Instance{clientInstance("office")}})
				r.runner.Script("office", c.script)
				require.NoError(t, r.Start(t.Context()))
				time.Sleep(time.Minute) // a second try as well
				st := r.status(t, "office")
				assert.Equal(t, openvpn.StateFailed, st.State)
				assert.Equal(t, c.cause, st.Cause)
				assert.Contains(t, st.Detail, c.detail)
				assert.False(t, st.RetryAt.IsZero())
				assert.NotContains(t, r.seen.states("office"), "connected")
			})
		})
	}
}

func TestNotInstalled(t *testing.T) {
	in(t, func(t *testing.T) {
		r := newRig(t, openvpn.Config{Enabled: true, Instances: []openvpn.Instance{clientInstance("office")}})
		r.runner.Uninstall()
		require.NoError(t, r.Start(t.Context()), "everything else works")
		settle()
		assert.Empty(t, r.Status().Version)
		assert.Contains(t, r.Status().Error, "openvpn is not installed")
		st := r.status(t, "office")
		assert.Equal(t, openvpn.StateFailed, st.State)
		assert.Equal(t, openvpn.CauseNotInstalled, st.Cause)
		r.runner.Install()
		time.Sleep(10 * time.Minute)
		assert.Equal(t, openvpn.StateConnected, r.status(t, "office").State)
		assert.Equal(t, "2.6.14", r.Status().Version)
		assert.Empty(t, r.Status().Error)
	})
}

func TestMissingFiles(t *testing.T) {
	in(t, func(t *testing.T) {
		r := newRig(t, openvpn.Config{Enabled: true, Instances: []openvpn.Instance{clientInstance("a"), clientInstance("office")}})
		require.NoError(t, r.store.Delete("office"))
		require.NoError(t, r.Start(t.Context()))
		settle()
		st := r.status(t, "office")
		assert.Equal(t, openvpn.StateFailed, st.State)
		assert.Equal(t, openvpn.CauseConfig, st.Cause)
		assert.Equal(t, "files are missing: ca.crt (ca), client.crt (cert), client.key (key); upload them or let them be made", st.Detail)
		assert.Equal(t, openvpn.StateConnected, r.status(t, "a").State, "the others do not mind")
		assert.ErrorContains(t, r.Apply(t.Context(), r.config), `instance "office": files are missing`)
		r.fill(t, clientInstance("office"))
		r.apply(t, r.config.Instances...)
		assert.Equal(t, openvpn.StateConnected, r.status(t, "office").State)
	})
}

// A process that does not take SIGTERM is killed; what does not even die then
// holds nobody up for ever.
func TestDeafProcess(t *testing.T) {
	in(t, func(t *testing.T) {
		r := newRig(t, openvpn.Config{Enabled: true, Instances: []openvpn.Instance{clientInstance("deaf"), clientInstance("undead")}})
		r.runner.Script("deaf", openvpntest.Script{Deaf: true})
		r.runner.Script("undead", openvpntest.Script{Deaf: true, Stubborn: true})
		require.NoError(t, r.Start(t.Context()))
		settle()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, r.StopInstance(ctx, "deaf"), context.DeadlineExceeded)
		assert.Equal(t, openvpn.StateStopping, r.status(t, "deaf").State)
		begin := time.Now()
		require.NoError(t, r.StopInstance(t.Context(), "deaf"))
		assert.LessOrEqual(t, time.Since(begin), 15*time.Second)
		begin = time.Now()
		require.NoError(t, r.Stop(t.Context()))
		assert.LessOrEqual(t, time.Since(begin), 21*time.Second)
		assert.Equal(t, 1, r.runner.Running(), "the undead")
		assert.Contains(t, r.log.String(), "the process does not end")
	})
}

// A process that falls silent is unknown, not connected and not stopped; when
// it speaks again it is what it says, and when it does not it is replaced.
func TestSilentProcess(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t, clientInstance("office"))
		p := r.runner.Process("office")
		p.Mute()
		synctest.Wait()
		st := r.status(t, "office")
		assert.Equal(t, openvpn.StateUnknown, st.State)
		assert.Equal(t, openvpn.CauseUnmanaged, st.Cause)
		assert.True(t, st.Started, "process and management are shown apart")
		time.Sleep(10 * time.Second)
		p.Unmute()
		settle()
		assert.Equal(t, openvpn.StateConnected, r.status(t, "office").State)
		assert.Equal(t, p.PID(), r.status(t, "office").PID)
		time.Sleep(time.Minute)
		p.Mute()
		time.Sleep(time.Minute)
		st = r.status(t, "office")
		assert.Equal(t, openvpn.StateConnected, st.State)
		assert.NotEqual(t, p.PID(), st.PID)
	})
}

func TestLogIsBounded(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t, clientInstance("office"))
		for range 1000 {
			r.runner.Process("office").Emit(openvpn.LogLine{At: time.Now(), Flags: "I", Text: string(make([]byte, 10000)) + "\n\x1b[31m"})
			synctest.Wait()
		}
		r.runner.Process("office").Emit(openvpn.LogLine{Text: "the last"})
		synctest.Wait()
		lines, err := r.Log("office")
		require.NoError(t, err)
		require.Len(t, lines, 200)
		assert.Equal(t, "the last", lines[199].Text)
		assert.LessOrEqual(t, len(lines[0].Text), 303)
		assert.NotContains(t, lines[0].Text, "\x1b")
	})
}
