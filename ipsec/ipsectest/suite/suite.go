// Package suite is the conformance test of every ipsec.Backend.
package suite

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
)

// Rig is a daemon to test with, and the peers of its connections. What it
// cannot do is left zero, and its cases are skipped. The suite runs case by
// case, each on a rig of its own, which ends with the test.
type Rig struct {
	// Backend is what is tested.
	Backend ipsec.Backend
	// Second is another program's way to the same daemon under the same
	// owner.
	Second ipsec.Backend
	// Connections are two or more, with different gateways or subnets, that
	// the peers answer. Authentication is psk and IKE version 2 at the first;
	// none comes up by itself.
	Connections []ipsec.Definition
	// Judges: the peer of the first connection compares key, proposals and
	// subnets with its own. Its own phase 1 has no md5, its phase 2 no 3des.
	Judges bool
	// Silence cuts the peers off, and Answer ends that. A daemon should need
	// at most ten seconds to give up.
	Silence, Answer func()
	// Close lets the peer of a connection end it in good order.
	Close func(name string)
	// Die lets the peer of a connection with a DPDAction fall silent, until the
	// daemon has given it up.
	Die func(name string)
	// Unload takes a connection out of the daemon behind the session's back,
	// as its other tools do.
	Unload func(name string)
	// Kill ends the daemon at once; Restart starts it, empty.
	Kill, Restart func()
	// Foreign loads a connection of somebody else, and tells whether it is
	// there still.
	Foreign func() (present func() bool)
	// Rekeys: the daemon renews the keys of a data channel on demand.
	Rekeys bool
}

// limit is how long anything may take that ends by itself.
const limit = 30 * time.Second

// TestBackend tests that what build returns is a Backend that package ipsec
// can use. build is called once for each case.
func TestBackend(t *testing.T, build func(t *testing.T) Rig) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, r *rig)
	}{
		{"version", version},
		{"connect_with_ended_context", connectWithEndedContext},
		{"close_twice", closeTwice},
		{"calls_after_close", callsAfterClose},
		{"one_program_an_owner", oneProgramAnOwner},
		{"apply_idempotent", applyIdempotent},
		{"apply_leaves_the_others_up", applyLeavesTheOthersUp},
		{"apply_ends_what_changed", applyEndsWhatChanged},
		{"apply_removes", applyRemoves},
		{"apply_nothing", applyNothing},
		{"apply_refused", applyRefused},
		{"apply_spares_foreign", applySparesForeign},
		{"apply_anew_keeps_what_is_up", applyAnewKeepsWhatIsUp},
		{"apply_anew_removes", applyAnewRemoves},
		{"initiate", initiate},
		{"initiate_again", initiateAgain},
		{"initiate_at_once_by_many", initiateAtOnceByMany},
		{"unknown_names", unknownNames},
		{"terminate", terminate},
		{"terminate_twice", terminateTwice},
		{"restart", restart},
		{"rekey", rekey},
		{"events", events},
		{"peer_closes", peerCloses},
		{"peer_dies", peerDies},
		{"unloaded_by_others", unloadedByOthers},
		{"peer_silent", peerSilent},
		{"initiate_cancelled", initiateCancelled},
		{"long_initiate_holds_up_nothing", longInitiateHoldsUpNothing},
		{"wrong_key", wrongKey},
		{"wrong_phase1", wrongPhase1},
		{"wrong_phase2", wrongPhase2},
		{"wrong_subnets", wrongSubnets},
		{"failure_then_right", failureThenRight},
		{"daemon_dies", daemonDies},
		{"daemon_comes_back", daemonComesBack},
		{"daemon_dies_in_initiate", daemonDiesInInitiate},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := build(t)
			require.NotNil(t, b.Backend)
			require.GreaterOrEqual(t, len(b.Connections), 2, "a rig has two connections or more")
			c.run(t, &rig{Rig: b})
		})
	}
}

// rig is a Rig with short ways.
type rig struct{ Rig }

// context returns a context for one call.
func (r *rig) context(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

// connect opens a session, which ends with the test.
func (r *rig) connect(t *testing.T) ipsec.Session {
	t.Helper()
	s, err := r.Backend.Connect(r.context(t))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() }) // it may have ended
	return s
}

// apply applies definitions, which must be taken.
func (r *rig) apply(t *testing.T, s ipsec.Session, list ...ipsec.Definition) ipsec.Outcome {
	t.Helper()
	out, err := s.Apply(r.context(t), list)
	require.NoError(t, err)
	require.Empty(t, out.Refused)
	return out
}

// begin opens a session and applies all connections of the rig.
func (r *rig) begin(t *testing.T) ipsec.Session {
	t.Helper()
	s := r.connect(t)
	r.apply(t, s, r.Connections...)
	t.Cleanup(func() { // daemon and peers may outlive the case; the session may have ended
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		_, _ = s.Apply(ctx, nil)
	})
	return s
}

// names are those of the connections of the rig, sorted.
func (r *rig) names() []string {
	var list []string
	for _, c := range r.Connections {
		list = append(list, c.Name)
	}
	slices.Sort(list)
	return list
}

// sas returns the SAs of a connection.
func (r *rig) sas(t *testing.T, s ipsec.Session, name string) []ipsec.SA {
	t.Helper()
	all, err := s.SAs(r.context(t))
	require.NoError(t, err)
	return slices.DeleteFunc(all, func(sa ipsec.SA) bool { return sa.Connection != name })
}

// initiate brings a connection up and returns its only SA.
func (r *rig) initiate(t *testing.T, s ipsec.Session, name string) ipsec.SA {
	t.Helper()
	require.NoError(t, s.Initiate(r.context(t), name))
	return r.only(t, s, name)
}

// only returns the SA of a connection, which must be up, once.
func (r *rig) only(t *testing.T, s ipsec.Session, name string) ipsec.SA {
	t.Helper()
	list := r.sas(t, s, name)
	require.Len(t, list, 1, "IKE SAs of %s", name)
	require.Len(t, installed(list), 1, "data channels of %s", name)
	return list[0]
}

// none waits until a connection has no SA any more.
func (r *rig) none(t *testing.T, s ipsec.Session, name string) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		all, err := s.SAs(r.context(t))
		assert.NoError(c, err)
		assert.False(c, slices.ContainsFunc(all, func(sa ipsec.SA) bool { return sa.Connection == name }), "%s has an SA: %v", name, all)
	}, limit, 20*time.Millisecond)
}

// installed returns the children that carry data.
func installed(list []ipsec.SA) []ipsec.ChildSA {
	var up []ipsec.ChildSA
	for _, sa := range list {
		for _, c := range sa.Children {
			if c.State == "INSTALLED" {
				up = append(up, c)
			}
		}
	}
	return up
}
