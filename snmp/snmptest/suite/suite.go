// Package suite has the conformance tests of what an agent of package snmp is
// given: of every Handler, every EngineStore and every Sender.
package suite

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
)

// HandlerRig is a Handler to test. What it cannot do is left zero, and its cases are
// skipped.
type HandlerRig struct {
	Handler snmp.Handler
	Prefix  snmp.OID // where it is mounted
	// Objects are object types that it serves, with and without instances.
	Objects []snmp.OID
	// Change lets an instance or more appear, vanish or change its value; it
	// is called many times.
	Change func()
	// Set are bindings that a Setter takes, each for an instance that is
	// there, with another value. Refused is one that it refuses.
	Set     []snmp.VarBind
	Refused snmp.VarBind
}

// TestHandler tests that what build returns is a Handler as an agent needs it.
// build is called once for each case; the handler has instances.
func TestHandler(t *testing.T, build func(t *testing.T) HandlerRig) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, r HandlerRig)
	}{
		{"order", order},
		{"get_each", getEach},
		{"next_of_any", nextOfAny},
		{"next_outside", nextOutside},
		{"exceptions", exceptions},
		{"objects", objects},
		{"keeps_nothing_it_is_given", keepsNothing},
		{"snapshot_stands_still", snapshotStandsStill},
		{"changes_show", changesShow},
		{"together", together},
		{"prepare_changes_nothing", prepareChangesNothing},
		{"commit_and_undo", commitAndUndo},
		{"refusal", refusal},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, build(t)) })
	}
}

// frozen returns what an agent would answer one request from.
func (r HandlerRig) frozen() snmp.Handler {
	if s, ok := r.Handler.(snmp.Snapshotter); ok {
		return s.Snapshot()
	}
	return r.Handler
}

// most is how many instances a walk may have, so that one in a circle ends.
const most = 1 << 20

// walk returns all instances by Next.
func walk(t testing.TB, h snmp.Handler) []snmp.VarBind {
	t.Helper()
	var all []snmp.VarBind
	for at := snmp.OID(nil); len(all) < most; {
		b, ok := h.Next(at)
		if !ok {
			return all
		}
		require.Positive(t, b.OID.Compare(at), "Next of %v is %v", at, b.OID)
		all = append(all, b)
		at = b.OID
	}
	require.Fail(t, "the walk does not end")
	return nil
}

// some returns about so many of them, the first and the last included.
func some(all []snmp.VarBind, n int) []snmp.VarBind {
	step := max(1, len(all)/n)
	var chosen []snmp.VarBind
	for i := 0; i < len(all); i += step {
		chosen = append(chosen, all[i])
	}
	return append(chosen, all[len(all)-1])
}

// after returns what Next must return, going by a sorted list.
func after(all []snmp.VarBind, oid snmp.OID) (snmp.OID, bool) {
	i, found := slices.BinarySearchFunc(all, oid, func(b snmp.VarBind, oid snmp.OID) int { return b.OID.Compare(oid) })
	if found {
		i++
	}
	if i == len(all) {
		return nil, false
	}
	return all[i].OID, true
}

func checkNext(t *testing.T, h snmp.Handler, all []snmp.VarBind, oid snmp.OID) {
	t.Helper()
	want, wantOK := after(all, oid)
	got, ok := h.Next(oid)
	require.Equal(t, wantOK, ok, "Next of %v is %v", oid, got.OID)
	require.Zero(t, got.OID.Compare(want), "Next of %v is %v, want %v", oid, got.OID, want)
}

func order(t *testing.T, r HandlerRig) {
	all := walk(t, r.frozen())
	require.NotEmpty(t, all)
	for _, b := range all {
		assert.True(t, b.OID.HasPrefix(r.Prefix), "%v is outside of %v", b.OID, r.Prefix)
		assert.LessOrEqual(t, len(b.OID), snmp.MaxArcs, "%v", b.OID)
		assert.True(t, b.Value.Exists(), "%v has the value %v", b.OID, b.Value)
	}
}

func getEach(t *testing.T, r HandlerRig) {
	h := r.frozen()
	for _, b := range walk(t, h) {
		got := h.Get(b.OID)
		if _, still := r.Handler.(snmp.Snapshotter); still {
			require.Equal(t, b.Value, got, "Get of %v is not what Next returned", b.OID)
		} else {
			require.Equal(t, b.Value.Kind(), got.Kind(), "%v", b.OID)
		}
	}
}

// nextOfAny asks for what follows identifiers before, between, within and
// behind those that are there.
func nextOfAny(t *testing.T, r HandlerRig) {
	h := r.frozen()
	all := walk(t, h)
	for _, b := range some(all, 500) {
		n := len(b.OID)
		last := b.OID[n-1]
		for end := range n {
			checkNext(t, h, all, b.OID[:end])
		}
		checkNext(t, h, all, b.OID.Append(0))
		checkNext(t, h, all, b.OID.Append(1<<32-1))
		checkNext(t, h, all, b.OID[:n-1].Append(1<<32-1))
		if last > 0 {
			checkNext(t, h, all, b.OID[:n-1].Append(last-1))
			checkNext(t, h, all, b.OID[:n-1].Append(last-1, 1<<32-1))
		}
		if last < 1<<32-1 {
			checkNext(t, h, all, b.OID[:n-1].Append(last+1))
		}
		for _, arc := range []uint32{0, 1, 1 << 31, 1<<32 - 1} {
			long := b.OID.Append(slices.Repeat([]uint32{arc}, snmp.MaxArcs-n)...)
			checkNext(t, h, all, long)
			checkNext(t, h, all, long[:len(long)-1])
		}
		for i := range b.OID[len(r.Prefix):] {
			i += len(r.Prefix)
			checkNext(t, h, all, b.OID[:i].Append(b.OID[i]+1)) // wraps to 0 at the largest: fine as well
		}
	}
}

func nextOutside(t *testing.T, r HandlerRig) {
	h := r.frozen()
	all := walk(t, h)
	for _, oid := range []snmp.OID{
		nil, {}, {0}, {1}, {1, 3}, {2}, {2, 1<<32 - 1}, {1<<32 - 1}, r.Prefix,
		r.Prefix[:len(r.Prefix)-1], r.Prefix.Append(0), r.Prefix.Append(1<<32 - 1),
		slices.Repeat(snmp.OID{0}, snmp.MaxArcs), slices.Repeat(snmp.OID{1<<32 - 1}, snmp.MaxArcs),
	} {
		checkNext(t, h, all, oid)
	}
}

func exceptions(t *testing.T, r HandlerRig) {
	h := r.frozen()
	all := walk(t, h)
	for _, oid := range []snmp.OID{nil, {0}, {1}, {1, 3}, {2, 100, 3}, r.Prefix[:len(r.Prefix)-1], slices.Repeat(snmp.OID{0}, snmp.MaxArcs)} {
		assert.Equal(t, snmp.NoSuchObject(), h.Get(oid), "Get of %v", oid)
	}
	for _, b := range some(all, 500) {
		assert.Equal(t, snmp.NoSuchInstance(), h.Get(b.OID.Append(0)), "Get below the instance %v", b.OID)
		for end := range len(b.OID) {
			if v := h.Get(b.OID[:end]); !slices.ContainsFunc(all, func(o snmp.VarBind) bool { return o.OID.Compare(b.OID[:end]) == 0 }) {
				assert.True(t, v == snmp.NoSuchInstance() || v == snmp.NoSuchObject(), "Get of %v, which is not there, is %v", b.OID[:end], v)
			}
		}
	}
}

// objects tests that what is served has a type that is known, and that of the
// types the instances may be missing.
func objects(t *testing.T, r HandlerRig) {
	if r.Objects == nil {
		t.Skip("the rig names no object types")
	}
	h := r.frozen()
	for _, b := range walk(t, h) {
		assert.True(t, slices.ContainsFunc(r.Objects, func(o snmp.OID) bool { return b.OID.HasPrefix(o) && len(b.OID) > len(o) }),
			"%v is an instance of none of the object types", b.OID)
	}
	for _, o := range r.Objects {
		for _, missing := range []snmp.OID{o, o.Append(1<<32-1, 0, 0), o.Append(0, 0, 0)} {
			assert.Equal(t, snmp.NoSuchInstance(), h.Get(missing), "Get of %v", missing)
		}
		parent := o[:len(o)-1]
		if !slices.ContainsFunc(r.Objects, func(o snmp.OID) bool { return o.HasPrefix(parent.Append(1<<32 - 1)) }) {
			assert.Equal(t, snmp.NoSuchObject(), h.Get(parent.Append(1<<32-1, 1)))
		}
	}
}

// keepsNothing writes over the identifiers that the handler was given, as an
// agent does that reads requests into one buffer.
func keepsNothing(t *testing.T, r HandlerRig) {
	h := r.frozen()
	all := walk(t, h)
	buffer := make(snmp.OID, 0, snmp.MaxArcs)
	for i, b := range all {
		buffer = append(buffer[:0], b.OID...)
		next, ok := h.Next(buffer)
		h.Get(buffer)
		require.Equal(t, b.OID, buffer, "the argument was changed")
		clear(buffer)
		require.Equal(t, i+1 < len(all), ok)
		if ok {
			require.Equal(t, all[i+1].OID, next.OID)
		}
	}
}
