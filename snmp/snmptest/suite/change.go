package suite

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
)

// snapshotStandsStill changes the handler under a snapshot.
func snapshotStandsStill(t *testing.T, r HandlerRig) {
	s, ok := r.Handler.(snmp.Snapshotter)
	if !ok {
		t.Skip("no Snapshotter")
	}
	h := s.Snapshot()
	before := walk(t, h)
	for range 3 {
		if r.Change != nil {
			r.Change()
		}
		s.Snapshot()
		require.Equal(t, before, walk(t, h))
		for _, b := range before {
			require.Equal(t, b.Value, h.Get(b.OID))
		}
	}
}

func changesShow(t *testing.T, r HandlerRig) {
	if r.Change == nil {
		t.Skip("the rig does not change")
	}
	for range 3 {
		before := walk(t, r.frozen())
		r.Change()
		require.NotEqual(t, before, walk(t, r.frozen()))
	}
}

// together walks, reads and changes at the same time.
func together(t *testing.T, r HandlerRig) {
	var users sync.WaitGroup
	for range 3 {
		users.Go(func() {
			for range 5 {
				h := r.frozen()
				n, at := 0, snmp.OID(nil)
				for b, ok := h.Next(nil); ok && n < most; b, ok = h.Next(at) {
					if !assert.Positive(t, b.OID.Compare(at)) {
						return
					}
					n, at = n+1, b.OID
					h.Get(at)
				}
			}
		})
	}
	if r.Change != nil {
		users.Go(func() {
			for range 5 {
				r.Change()
			}
		})
	}
	users.Wait()
}

func setter(t *testing.T, r HandlerRig) snmp.Setter {
	t.Helper()
	s, ok := r.Handler.(snmp.Setter)
	if !ok || len(r.Set) == 0 {
		t.Skip("nothing to set")
	}
	return s
}

// values returns the values of the instances that Set names.
func (r HandlerRig) values() []snmp.Value {
	h, values := r.frozen(), []snmp.Value(nil)
	for _, b := range r.Set {
		values = append(values, h.Get(b.OID))
	}
	return values
}

func prepareChangesNothing(t *testing.T, r HandlerRig) {
	s := setter(t, r)
	before := r.values()
	for i, b := range r.Set {
		require.NotEqual(t, b.Value, before[i], "the rig sets %v to what it is", b.OID)
	}
	for range 3 { // each is forgotten
		_, err := s.Prepare(r.Set)
		require.NoError(t, err)
		require.Equal(t, before, r.values())
	}
}

func commitAndUndo(t *testing.T, r HandlerRig) {
	s := setter(t, r)
	before := r.values()
	var want []snmp.Value
	for _, b := range r.Set {
		want = append(want, b.Value)
	}
	for range 2 {
		// The agent reads the next request into the same buffers.
		binds := slices.Clone(r.Set)
		for i := range binds {
			binds[i].OID = slices.Clone(binds[i].OID)
		}
		c, err := s.Prepare(binds)
		require.NoError(t, err)
		require.NoError(t, c.Commit())
		require.Equal(t, want, r.values(), "after Commit")
		require.NoError(t, c.Undo())
		require.Equal(t, before, r.values(), "after Undo")
	}
	c, err := s.Prepare(r.Set)
	require.NoError(t, err)
	require.NoError(t, c.Commit())
	require.Equal(t, want, r.values(), "it stays")
}

func refusal(t *testing.T, r HandlerRig) {
	s := setter(t, r)
	if r.Refused.OID == nil {
		t.Skip("the rig takes everything")
	}
	before := r.values()
	for _, c := range []struct {
		binds []snmp.VarBind
		bind  int
	}{
		{[]snmp.VarBind{r.Refused}, 0},
		{append([]snmp.VarBind{r.Refused}, r.Set...), 0},
		{append(slices.Clone(r.Set), r.Refused), len(r.Set)},
	} {
		_, err := s.Prepare(c.binds)
		var refused *snmp.SetError
		require.True(t, errors.As(err, &refused), "want a *snmp.SetError, got %v", err)
		assert.Equal(t, c.bind, refused.Bind)
		assert.Contains(t, []snmp.ErrorStatus{
			snmp.NoAccess, snmp.WrongType, snmp.WrongLength, snmp.WrongEncoding, snmp.WrongValue, snmp.NoCreation,
			snmp.InconsistentValue, snmp.ResourceUnavailable, snmp.NotWritable, snmp.InconsistentName,
		}, refused.Status)
		assert.NotEmpty(t, refused.Error())
		require.Equal(t, before, r.values())
	}
}
