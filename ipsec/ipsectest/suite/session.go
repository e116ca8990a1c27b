package suite

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
)

func version(t *testing.T, r *rig) {
	s := r.connect(t)
	assert.NotEmpty(t, s.Version())
	all, err := s.SAs(r.context(t))
	require.NoError(t, err)
	assert.Empty(t, all)
	select {
	case <-s.Done():
		assert.Fail(t, "the session has ended by itself")
	default:
	}
}

func connectWithEndedContext(t *testing.T, r *rig) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := r.Backend.Connect(ctx)
	require.ErrorIs(t, err, context.Canceled)
	r.connect(t) // nothing is left that would be in the way
}

func closeTwice(t *testing.T, r *rig) {
	s := r.begin(t)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	select {
	case <-s.Done():
	case <-time.After(limit):
		assert.Fail(t, "Done is not closed after Close")
	}
}

func callsAfterClose(t *testing.T, r *rig) {
	s := r.begin(t)
	require.NoError(t, s.Close())
	name := r.Connections[0].Name
	_, err := s.Apply(r.context(t), r.Connections)
	require.ErrorIs(t, err, ipsec.ErrUnavailable)
	require.ErrorIs(t, s.Initiate(r.context(t), name), ipsec.ErrUnavailable)
	require.ErrorIs(t, s.Terminate(r.context(t), name), ipsec.ErrUnavailable)
	require.ErrorIs(t, s.Rekey(r.context(t), name), ipsec.ErrUnavailable)
	_, err = s.SAs(r.context(t))
	require.ErrorIs(t, err, ipsec.ErrUnavailable)
	s = r.connect(t) // clean up
	r.apply(t, s)
}

func oneProgramAnOwner(t *testing.T, r *rig) {
	if r.Second == nil {
		t.Skip("the rig has one program only")
	}
	s := r.connect(t)
	_, err := r.Second.Connect(r.context(t))
	require.ErrorIs(t, err, ipsec.ErrOwned)
	require.NoError(t, s.Close())
	other, err := r.Second.Connect(r.context(t))
	require.NoError(t, err)
	_, err = r.Backend.Connect(r.context(t))
	require.ErrorIs(t, err, ipsec.ErrOwned)
	require.NoError(t, other.Close())
	r.connect(t)
}

func unknownNames(t *testing.T, r *rig) {
	s := r.begin(t)
	require.ErrorIs(t, s.Initiate(r.context(t), "nobody"), ipsec.ErrUnknownConnection)
	require.ErrorIs(t, s.Terminate(r.context(t), "nobody"), ipsec.ErrUnknownConnection)
	require.ErrorIs(t, s.Rekey(r.context(t), "nobody"), ipsec.ErrUnknownConnection)
}

func events(t *testing.T, r *rig) {
	s := r.begin(t)
	name := r.Connections[0].Name
	r.drain(s)
	require.NoError(t, s.Initiate(r.context(t), name))
	r.event(t, s, name)
	r.drain(s)
	require.NoError(t, s.Terminate(r.context(t), name))
	r.event(t, s, name)
}

// drain takes the events that are there.
func (r *rig) drain(s ipsec.Session) {
	for {
		select {
		case <-s.Events():
		case <-time.After(100 * time.Millisecond):
			return
		}
	}
}

// event waits for one about a connection.
func (r *rig) event(t *testing.T, s ipsec.Session, name string) {
	t.Helper()
	r.awaited(t, s, func(e ipsec.Event) bool { return e.Connection == name || e.Connection == "" })
}

// awaited waits for an event of some kind.
func (r *rig) awaited(t *testing.T, s ipsec.Session, kind func(ipsec.Event) bool) ipsec.Event {
	t.Helper()
	timeout := time.After(limit)
	for {
		select {
		case e := <-s.Events():
			if kind(e) {
				return e
			}
		case <-timeout:
			require.Fail(t, "no event")
		}
	}
}

func daemonDies(t *testing.T, r *rig) {
	if r.Kill == nil {
		t.Skip("the daemon of the rig cannot be killed")
	}
	s := r.begin(t)
	name := r.Connections[0].Name
	r.initiate(t, s, name)
	r.Kill()
	r.ended(t, s)
	_, err := s.SAs(r.context(t))
	require.ErrorIs(t, err, ipsec.ErrUnavailable)
	require.ErrorIs(t, s.Initiate(r.context(t), name), ipsec.ErrUnavailable)
	_, err = s.Apply(r.context(t), r.Connections)
	require.ErrorIs(t, err, ipsec.ErrUnavailable)
	_, err = r.Backend.Connect(r.context(t))
	require.ErrorIs(t, err, ipsec.ErrUnavailable)
	if r.Restart != nil {
		r.Restart()
	}
}

// ended waits for the end of a session.
func (r *rig) ended(t *testing.T, s ipsec.Session) {
	t.Helper()
	select {
	case <-s.Done():
	case <-time.After(limit):
		require.Fail(t, "the session did not notice the end of the daemon")
	}
}

// back connects to a daemon that was just started.
func (r *rig) back(t *testing.T) ipsec.Session {
	t.Helper()
	var s ipsec.Session
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		opened, err := r.Backend.Connect(r.context(t))
		if assert.NoError(c, err) {
			s = opened
		}
	}, limit, 20*time.Millisecond)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func daemonComesBack(t *testing.T, r *rig) {
	if r.Kill == nil || r.Restart == nil {
		t.Skip("the daemon of the rig cannot be restarted")
	}
	s := r.begin(t)
	name := r.Connections[0].Name
	r.initiate(t, s, name)
	r.Kill()
	r.ended(t, s)
	require.NoError(t, s.Close(), "Close when the daemon is dead")
	r.Restart()
	s = r.back(t)
	out := r.apply(t, s, r.Connections...)
	assert.Equal(t, r.names(), out.Added)
	r.initiate(t, s, name) // the secrets are back too
	r.apply(t, s)
}

func daemonDiesInInitiate(t *testing.T, r *rig) {
	if r.Kill == nil || r.Restart == nil || r.Silence == nil {
		t.Skip("the daemon of the rig cannot be killed, or its peers not be cut off")
	}
	s := r.begin(t)
	r.Silence()
	defer r.Answer()
	result := make(chan error, 1)
	go func() { result <- s.Initiate(r.context(t), r.Connections[0].Name) }()
	r.connecting(t, s, r.Connections[0].Name)
	r.Kill()
	defer r.Restart()
	select {
	case err := <-result:
		require.ErrorIs(t, err, ipsec.ErrUnavailable)
	case <-time.After(limit):
		require.Fail(t, "Initiate hangs although the daemon is dead")
	}
}

// connecting waits until a connection has a half-open SA.
func (r *rig) connecting(t *testing.T, s ipsec.Session, name string) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		all, err := s.SAs(r.context(t))
		assert.NoError(c, err)
		found := false
		for _, sa := range all {
			found = found || sa.Connection == name
		}
		assert.True(c, found, "%s is not being negotiated", name)
	}, limit, 10*time.Millisecond)
}
