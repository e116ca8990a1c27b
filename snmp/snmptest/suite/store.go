package suite

import (
	"bytes"
	"io/fs"
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
)

// EngineStoreRig is an EngineStore to test, empty.
type EngineStoreRig struct {
	Store snmp.EngineStore
	// Reopen returns a store of what the other one kept, as after a restart.
	Reopen func() snmp.EngineStore
}

// TestEngineStore tests that what build returns is an EngineStore that an
// agent can rely on. build is called once for each case.
func TestEngineStore(t *testing.T, build func(t *testing.T) EngineStoreRig) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, r EngineStoreRig)
	}{
		{"never_saved", neverSaved},
		{"keeps", keeps},
		{"survives", survives},
		{"shares_no_memory", sharesNoMemory},
		{"stores_together", storesTogether},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, build(t)) })
	}
}

func engines() []snmp.Engine {
	return []snmp.Engine{
		{ID: []byte{0x80, 0, 0x1f, 0x88, 4}, Boots: 1},
		{ID: bytes.Repeat([]byte{0x80, 0, '\n', 0xff}, 8), Boots: math.MaxInt32},
		{ID: []byte("\x80\x00\x1f\x88\x04gateway"), Boots: 2},
	}
}

func neverSaved(t *testing.T, r EngineStoreRig) {
	for range 2 {
		_, err := r.Store.Load()
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
}

func keeps(t *testing.T, r EngineStoreRig) {
	for _, e := range engines() {
		require.NoError(t, r.Store.Save(e))
		for range 2 {
			got, err := r.Store.Load()
			require.NoError(t, err)
			require.Equal(t, e, got)
		}
	}
}

func survives(t *testing.T, r EngineStoreRig) {
	for _, e := range engines() {
		require.NoError(t, r.Store.Save(e))
		r.Store = r.Reopen()
		got, err := r.Store.Load()
		require.NoError(t, err)
		require.Equal(t, e, got)
	}
}

func sharesNoMemory(t *testing.T, r EngineStoreRig) {
	e := engines()[0]
	require.NoError(t, r.Store.Save(e))
	e.ID[4]++
	got, err := r.Store.Load()
	require.NoError(t, err)
	require.Equal(t, engines()[0], got, "the caller changed what it had saved")
	got.ID[4]++
	got, err = r.Store.Load()
	require.NoError(t, err)
	require.Equal(t, engines()[0], got, "the caller changed what it had loaded")
}

// storesTogether tests that no Load sees half of a Save.
func storesTogether(t *testing.T, r EngineStoreRig) {
	all := engines()
	require.NoError(t, r.Store.Save(all[0]))
	var users sync.WaitGroup
	for _, e := range all {
		users.Go(func() {
			for range 5 {
				assert.NoError(t, r.Store.Save(e))
				got, err := r.Store.Load()
				assert.NoError(t, err)
				assert.Contains(t, all, got)
			}
		})
	}
	users.Wait()
}
