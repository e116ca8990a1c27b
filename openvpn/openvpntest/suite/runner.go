package suite

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
)

// patience is how long anything may take on a loaded machine.
const patience = 40 * time.Second

// Rig is a runner with what the suite needs around it, made anew for each
// case. A nil function leaves out its cases.
type Rig struct {
	Runner openvpn.Runner
	// Connects is a launch that becomes CONNECTED and stays so.
	Connects func(t *testing.T, name string) openvpn.Launch
	// Fails is one that dies by itself, before it is connected.
	Fails func(t *testing.T, name string) openvpn.Launch
	// Asks is one that asks for the password "Private Key", and becomes
	// CONNECTED with this one.
	Asks func(t *testing.T, name string) (l openvpn.Launch, password openvpn.Secret)
	// Server is one that is asked by clients; Call lets one call it.
	Server func(t *testing.T, name string) openvpn.Launch
	Call   func(t *testing.T, commonName string)
	// Successor returns the runner of the next life of the program.
	Successor func(t *testing.T) openvpn.Runner
}

// TestRunner runs every case.
func TestRunner(t *testing.T, build func(t *testing.T) Rig) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, Rig)
	}{
		{"version", version}, {"connects_and_ends", connectsAndEnds}, {"facts", facts}, {"name_taken", nameTaken},
		{"fails", fails}, {"kill", kill}, {"signals_keep_the_process", signalsKeepTheProcess}, {"commands_after_the_end", commandsAfterTheEnd},
		{"write_file", writeFile}, {"context_ends_commands", contextEndsCommands}, {"cancelled_start", cancelledStart},
		{"asks_password", asksPassword}, {"wrong_password", wrongPassword},
		{"admit", admit}, {"deny", deny}, {"kick_unknown", kickUnknown},
		{"release_and_adopt", releaseAndAdopt}, {"adopt_nothing", adoptNothing},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, build(t)) })
	}
}

func start(t *testing.T, r openvpn.Runner, l openvpn.Launch) openvpn.Process {
	t.Helper()
	p, err := r.Start(t.Context(), l)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Kill() })
	return p
}

// next returns the next event of a kind that is good; none before it may be
// Exited.
func next[E openvpn.Event](t *testing.T, p openvpn.Process, good func(E) bool) E {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case e, more := <-p.Events():
			require.True(t, more, "the events ended")
			if found, is := e.(E); is && good(found) {
				return found
			}
			_, over := e.(openvpn.Exited)
			require.False(t, over, "the process ended: %+v", e)
		case <-deadline:
			require.Fail(t, "the event never came")
		}
	}
}

func anyOf[E openvpn.Event](E) bool { return true }

func isConnected(e openvpn.StateChanged) bool { return e.Name == "CONNECTED" && e.Detail == "SUCCESS" }

func connected(t *testing.T, p openvpn.Process) { next(t, p, isConnected) }

// exited waits for the end, after which there are no more events.
func exited(t *testing.T, p openvpn.Process) openvpn.Exited {
	t.Helper()
	x := next(t, p, anyOf[openvpn.Exited])
	select {
	case _, more := <-p.Events():
		require.False(t, more, "something comes after Exited")
	case <-time.After(patience):
		require.Fail(t, "the events are not closed after Exited")
	}
	return x
}

func version(t *testing.T, r Rig) {
	v, err := r.Runner.Version(t.Context())
	require.NoError(t, err)
	assert.Regexp(t, `^\d+\.\d+`, v)
}

func connectsAndEnds(t *testing.T, r Rig) {
	p := start(t, r.Runner, r.Connects(t, "one"))
	connected(t, p)
	require.NoError(t, p.Signal(t.Context(), openvpn.SIGTERM))
	x := exited(t, p)
	assert.False(t, x.At.IsZero())
	again := start(t, r.Runner, r.Connects(t, "one")) // the name is free again
	connected(t, again)
	assert.NotEqual(t, p.PID(), again.PID())
}

func facts(t *testing.T, r Rig) {
	l := r.Connects(t, "one")
	l.Digest = "abc"
	p := start(t, r.Runner, l)
	assert.Equal(t, "one", p.Name())
	assert.Equal(t, "abc", p.Digest())
	assert.Positive(t, p.PID())
	assert.WithinDuration(t, time.Now(), p.Started(), patience)
}

func nameTaken(t *testing.T, r Rig) {
	p := start(t, r.Runner, r.Connects(t, "one"))
	_, err := r.Runner.Start(t.Context(), r.Connects(t, "one"))
	require.ErrorIs(t, err, openvpn.ErrBusy)
	connected(t, p) // which is none the worse
}

func fails(t *testing.T, r Rig) {
	if r.Fails == nil {
		t.Skip("this rig has no failing launch")
	}
	x := exited(t, start(t, r.Runner, r.Fails(t, "one")))
	assert.NotEmpty(t, append(x.Output, x.Fatal), "it says why")
	start(t, r.Runner, r.Connects(t, "one"))
}

func kill(t *testing.T, r Rig) {
	p := start(t, r.Runner, r.Connects(t, "one"))
	connected(t, p)
	require.NoError(t, p.Kill())
	x := exited(t, p)
	assert.Contains(t, x.Status, "signal")
	_ = p.Kill() // once more does no harm
}

func signalsKeepTheProcess(t *testing.T, r Rig) {
	p := start(t, r.Runner, r.Connects(t, "one"))
	connected(t, p)
	for _, s := range []openvpn.Signal{openvpn.SIGUSR1, openvpn.SIGHUP} {
		require.NoError(t, p.Signal(t.Context(), s))
		e := next(t, p, func(e openvpn.StateChanged) bool { return e.Name == "RECONNECTING" })
		assert.Equal(t, string(s), e.Detail)
		connected(t, p)
	}
}

func commandsAfterTheEnd(t *testing.T, r Rig) {
	p := start(t, r.Runner, r.Connects(t, "one"))
	require.NoError(t, p.Kill())
	exited(t, p)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	assert.Error(t, p.Signal(ctx, openvpn.SIGUSR1))
	assert.Error(t, p.Answer(ctx, openvpn.Credentials{What: "Auth"}))
	assert.Error(t, p.Admit(ctx, 1, 1, nil))
	assert.Error(t, p.Kick(ctx, 1))
	_, err := p.Clients(ctx)
	assert.Error(t, err)
	assert.NoError(t, ctx.Err(), "they fail at once")
}

func writeFile(t *testing.T, r Rig) {
	l := r.Connects(t, "one")
	p := start(t, r.Runner, l)
	connected(t, p)
	for name, content := range l.Files {
		require.NoError(t, p.WriteFile(name, content))
	}
	assert.Error(t, p.WriteFile("../escape", nil))
	assert.Error(t, p.WriteFile("unknown.pem", nil), "only files of the launch")
}

func contextEndsCommands(t *testing.T, r Rig) {
	p := start(t, r.Runner, r.Connects(t, "one"))
	connected(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, p.Signal(ctx, openvpn.SIGUSR1), context.Canceled)
	_, err := p.Clients(ctx)
	require.Error(t, err)
}

func cancelledStart(t *testing.T, r Rig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.Runner.Start(ctx, r.Connects(t, "one"))
	require.ErrorIs(t, err, context.Canceled)
	start(t, r.Runner, r.Connects(t, "one"))
}

func asksPassword(t *testing.T, r Rig) {
	if r.Asks == nil {
		t.Skip("this rig asks for no password")
	}
	l, password := r.Asks(t, "one")
	p := start(t, r.Runner, l)
	need := next(t, p, anyOf[openvpn.NeedCredentials])
	assert.Equal(t, "Private Key", need.What)
	assert.False(t, need.User)
	assert.Error(t, p.Answer(t.Context(), openvpn.Credentials{What: "Auth", Username: "x", Password: password}), "nobody asked for that")
	require.NoError(t, p.Answer(t.Context(), openvpn.Credentials{What: need.What, Password: password}))
	connected(t, p)
}

func wrongPassword(t *testing.T, r Rig) {
	if r.Asks == nil {
		t.Skip("this rig asks for no password")
	}
	l, password := r.Asks(t, "one")
	p := start(t, r.Runner, l)
	next(t, p, anyOf[openvpn.NeedCredentials])
	require.NoError(t, p.Answer(t.Context(), openvpn.Credentials{What: "Private Key", Password: openvpn.NewSecret(`wr"o\ng`)}))
	assert.Equal(t, "Private Key", next(t, p, anyOf[openvpn.CredentialsRefused]).What)
	next(t, p, anyOf[openvpn.NeedCredentials]) // asks again
	require.NoError(t, p.Answer(t.Context(), openvpn.Credentials{What: "Private Key", Password: password}))
	connected(t, p)
}

// asked starts a server and lets a client call it.
func asked(t *testing.T, r Rig) (openvpn.Process, openvpn.ClientAsks) {
	t.Helper()
	if r.Server == nil {
		t.Skip("this rig has no server")
	}
	p := start(t, r.Runner, r.Server(t, "hub"))
	connected(t, p)
	list, err := p.Clients(t.Context())
	require.NoError(t, err)
	require.Empty(t, list)
	r.Call(t, "field")
	ask := next(t, p, anyOf[openvpn.ClientAsks])
	assert.Equal(t, "field", ask.CommonName)
	return p, ask
}

func admit(t *testing.T, r Rig) {
	p, ask := asked(t, r)
	require.NoError(t, p.Admit(t.Context(), ask.CID, ask.KID, nil))
	came := next(t, p, anyOf[openvpn.ClientCame])
	assert.Equal(t, ask.CID, came.CID)
	list, err := p.Clients(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, "field", list[0].CommonName)
	assert.Equal(t, ask.CID, list[0].CID)
	assert.NotEmpty(t, list[0].Real)
	require.NoError(t, p.Kick(t.Context(), ask.CID))
	left := next(t, p, anyOf[openvpn.ClientLeft])
	assert.Equal(t, ask.CID, left.CID)
}

func deny(t *testing.T, r Rig) {
	p, ask := asked(t, r)
	require.NoError(t, p.Deny(t.Context(), ask.CID, ask.KID, `no "way\ out`))
	require.Eventually(t, func() bool {
		list, err := p.Clients(t.Context())
		return err == nil && len(list) == 0
	}, patience, 50*time.Millisecond)
}

func kickUnknown(t *testing.T, r Rig) {
	if r.Server == nil {
		t.Skip("this rig has no server")
	}
	p := start(t, r.Runner, r.Server(t, "hub"))
	connected(t, p)
	assert.Error(t, p.Kick(t.Context(), 4711))
}

// What is released goes on, and the next life of the program finds it.
func releaseAndAdopt(t *testing.T, r Rig) {
	if r.Successor == nil {
		t.Skip("this rig lives once")
	}
	l := r.Connects(t, "one")
	l.Digest = "abc"
	p := start(t, r.Runner, l)
	connected(t, p)
	require.NoError(t, p.Release())
	for range p.Events() { // closed, after what was still there
	}
	all, err := r.Successor(t).Adopt(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	q := all[0]
	t.Cleanup(func() { _ = q.Kill() })
	assert.Equal(t, p.PID(), q.PID())
	assert.Equal(t, "one", q.Name())
	assert.Equal(t, "abc", q.Digest())
	connected(t, q) // its state is told
	require.NoError(t, q.Signal(t.Context(), openvpn.SIGTERM))
	exited(t, q)
}

func adoptNothing(t *testing.T, r Rig) {
	all, err := r.Runner.Adopt(t.Context())
	require.NoError(t, err)
	assert.Empty(t, all)
}
