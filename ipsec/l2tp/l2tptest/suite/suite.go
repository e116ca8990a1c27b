// Package suite tells whether a backend of package l2tp keeps the contract.
package suite

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec/l2tp"
)

// Rig is a backend with a server that it can reach, through a channel that is
// up.
type Rig struct {
	Backend l2tp.Backend
	// Good is a call that the server takes, and which asks for name servers
	// that the server has. Wrong has a wrong password.
	Good, Wrong l2tp.Call
	// Listener is a server to offer.
	Listener l2tp.ServerSetup
	// Crash ends the programs as a fault would.
	Crash func()
}

// patience is for real programs; a fake is faster.
const patience = 30 * time.Second

// TestBackend runs all cases, each with a rig of its own. Run gives a case the
// surroundings that the backend needs, such as a bubble of testing/synctest.
func TestBackend(t *testing.T, run func(t *testing.T, test func(t *testing.T)), build func(t *testing.T) Rig) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, r Rig)
	}{
		{"dial_and_close", dialAndClose},
		{"wrong_password", wrongPassword},
		{"name_in_use", nameInUse},
		{"dial_cancelled", dialCancelled},
		{"close_ends_links", closeEndsLinks},
		{"crash", crash},
		{"start_again", startAgain},
		{"sessions", sessions},
		{"change", change},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, func(t *testing.T) { c.test(t, build(t)) })
		})
	}
}

func start(t *testing.T, r Rig, s l2tp.Setup) l2tp.Daemon {
	t.Helper()
	d, err := r.Backend.Start(t.Context(), s)
	require.NoError(t, err)
	return d
}

func stop(t *testing.T, d l2tp.Daemon) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, d.Close(ctx))
	ended(t, d.Done(), "the programs")
}

// ended waits for the end of something.
func ended(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		require.FailNow(t, what+" do not end")
	}
}

func dialAndClose(t *testing.T, r Rig) {
	d := start(t, r, l2tp.Setup{})
	established := make(chan struct{}, 1)
	call := r.Good
	call.Established = func() { established <- struct{}{} }
	link, err := d.Dial(t.Context(), call)
	require.NoError(t, err)
	assert.Len(t, established, 1, "Established was called before Dial returned")
	facts := link.Facts()
	assert.NotEmpty(t, facts.Interface)
	assert.True(t, facts.Local.IsValid() && facts.Remote.IsValid(), "%+v", facts)
	assert.NotEmpty(t, facts.DNS)
	assert.NoError(t, link.Err())
	assert.NoError(t, d.Err())
	for range 2 {
		require.NoError(t, link.Close(t.Context()))
	}
	ended(t, link.Done(), "the link")
	assert.NoError(t, link.Err(), "Close was asked for")
	for range 2 {
		stop(t, d)
	}
	assert.NoError(t, d.Err())
	_, err = d.Dial(t.Context(), r.Good)
	require.ErrorIs(t, err, l2tp.ErrClosed)
	_, err = d.Sessions(t.Context())
	require.ErrorIs(t, err, l2tp.ErrClosed)
}

func wrongPassword(t *testing.T, r Rig) {
	d := start(t, r, l2tp.Setup{})
	_, err := d.Dial(t.Context(), r.Wrong)
	f, ok := errors.AsType[*l2tp.Failure](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, l2tp.CauseAuthentication, f.Cause, "%+v", f)
	assert.NotContains(t, err.Error(), r.Wrong.Password.Reveal())
	for _, line := range f.Log {
		assert.NotContains(t, line, r.Wrong.Password.Reveal())
	}
	link, err := d.Dial(t.Context(), r.Good) // the name is free, and nothing disturbs
	require.NoError(t, err)
	require.NoError(t, link.Close(t.Context()))
	stop(t, d)
}

func nameInUse(t *testing.T, r Rig) {
	d := start(t, r, l2tp.Setup{})
	link, err := d.Dial(t.Context(), r.Good)
	require.NoError(t, err)
	_, err = d.Dial(t.Context(), r.Good)
	require.Error(t, err)
	select {
	case <-link.Done():
		require.FailNow(t, "the second disturbed the first")
	default:
	}
	require.NoError(t, link.Close(t.Context()))
	link, err = d.Dial(t.Context(), r.Good)
	require.NoError(t, err)
	require.NoError(t, link.Close(t.Context()))
	stop(t, d)
}

func dialCancelled(t *testing.T, r Rig) {
	d := start(t, r, l2tp.Setup{})
	ctx, cancel := context.WithCancel(t.Context())
	call := r.Good
	call.Established = cancel
	_, err := d.Dial(ctx, call)
	require.ErrorIs(t, err, context.Canceled)
	link, err := d.Dial(t.Context(), r.Good)
	require.NoError(t, err)
	require.NoError(t, link.Close(t.Context()))
	stop(t, d)
}

func closeEndsLinks(t *testing.T, r Rig) {
	d := start(t, r, l2tp.Setup{})
	link, err := d.Dial(t.Context(), r.Good)
	require.NoError(t, err)
	stop(t, d)
	ended(t, link.Done(), "the link")
	require.NoError(t, link.Close(t.Context()))
}

func crash(t *testing.T, r Rig) {
	d := start(t, r, l2tp.Setup{})
	link, err := d.Dial(t.Context(), r.Good)
	require.NoError(t, err)
	r.Crash()
	ended(t, d.Done(), "the programs")
	require.ErrorIs(t, d.Err(), l2tp.ErrClosed)
	ended(t, link.Done(), "the link")
	require.Error(t, link.Err())
	stop(t, d)
	d = start(t, r, l2tp.Setup{})
	link, err = d.Dial(t.Context(), r.Good)
	require.NoError(t, err)
	require.NoError(t, link.Close(t.Context()))
	stop(t, d)
}

// startAgain: there is one at a time, and then the next.
func startAgain(t *testing.T, r Rig) {
	d := start(t, r, l2tp.Setup{})
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err := r.Backend.Start(ctx, l2tp.Setup{})
	require.Error(t, err)
	select {
	case <-d.Done():
		require.FailNow(t, "the second ended the first")
	default:
	}
	stop(t, d)
	stop(t, start(t, r, l2tp.Setup{}))
}

func sessions(t *testing.T, r Rig) {
	d := start(t, r, l2tp.Setup{Server: &r.Listener})
	list, err := d.Sessions(t.Context())
	require.NoError(t, err)
	assert.Empty(t, list)
	stop(t, d)
}

// change: a link lives on, and what cannot be changed changes nothing.
func change(t *testing.T, r Rig) {
	setup := l2tp.Setup{Server: &r.Listener}
	d := start(t, r, setup)
	link, err := d.Dial(t.Context(), r.Good)
	require.NoError(t, err)
	other := r.Listener
	other.Users = []l2tp.User{{Name: "somebody", Password: l2tp.NewSecret("else")}}
	other.PPP.MTU--
	require.NoError(t, d.Change(t.Context(), l2tp.Setup{Server: &other}))
	for _, impossible := range []l2tp.Setup{
		{}, {Listen: r.Listener.Local, Server: &other}, {Server: &l2tp.ServerSetup{Local: other.Local, First: other.Last, Last: other.Last}},
	} {
		require.ErrorIs(t, d.Change(t.Context(), impossible), l2tp.ErrRestart)
	}
	require.NoError(t, d.Change(t.Context(), setup))
	select {
	case <-link.Done():
		require.FailNow(t, "the link ended")
	case <-d.Done():
		require.FailNow(t, "the programs ended")
	default:
	}
	require.NoError(t, link.Close(t.Context()))
	stop(t, d)
	require.ErrorIs(t, d.Change(t.Context(), setup), l2tp.ErrClosed)
}
