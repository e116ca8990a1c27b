package store_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/store"
)

// ages writes a round of reports that fills a segment, by a clock that is
// ahead by offset.
type ages struct {
	t      *testing.T
	offset atomic.Int64 // of a time.Duration
	seq    uint64
}

func (a *ages) now() time.Time { return time.Now().Add(time.Duration(a.offset.Load())) }

func (a *ages) options(dir string) store.Options {
	return store.Options{Dir: dir, SegmentBytes: 1000, RetainAge: 24 * time.Hour, Now: a.now}
}

func (a *ages) write(s *store.Store) {
	batch := records(20, a.seq)
	for i := range batch {
		batch[i].Received = a.now()
	}
	write(a.t, s, batch...)
	a.seq++
}

// A clock that is a year ahead for an hour costs no records, and what was
// stamped meanwhile keeps none beyond its time.
func TestRetentionAfterClockJump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ages{t: t}
		s, _ := open(t, a.options(t.TempDir()))
		a.write(s) // 0
		time.Sleep(time.Hour)
		a.write(s) // 1
		a.offset.Store(int64(365 * 24 * time.Hour))
		a.write(s) // 2
		a.write(s) // 3
		time.Sleep(time.Hour)
		assert.Equal(t, numbers(0, 3), all(t, s, serial(3)))
		a.offset.Store(int64(0))
		a.write(s) // 4
		a.write(s) // 5
		time.Sleep(23*time.Hour - 2*time.Minute)
		assert.Equal(t, numbers(1, 5), all(t, s, serial(3)))
		time.Sleep(time.Hour + 4*time.Minute)
		assert.Equal(t, numbers(5, 5), all(t, s, serial(3)), "the last segment stays")
	})
}

// A jump to the right time counts once what came before is too old anyway.
func TestRetentionAfterClockIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ages{t: t}
		a.offset.Store(int64(-20 * 365 * 24 * time.Hour))
		s, _ := open(t, a.options(t.TempDir()))
		a.write(s) // 0
		a.offset.Store(int64(0))
		a.write(s) // 1
		a.write(s) // 2
		time.Sleep(24*time.Hour - 2*time.Minute)
		assert.Equal(t, numbers(0, 2), all(t, s, serial(3)))
		time.Sleep(10 * time.Minute)
		assert.Equal(t, numbers(2, 2), all(t, s, serial(3)))
	})
}

// A start with a clock that is ahead removes nothing; a start after its time
// removes what is too much at once.
func TestRetentionAtOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		a := ages{t: t}
		reopen := func() *store.Store {
			s, err := store.Open(t.Context(), a.options(dir))
			require.NoError(t, err)
			return s
		}
		s := reopen()
		a.write(s) // 0
		a.write(s) // 1
		require.NoError(t, s.Close(context.Background()))
		a.offset.Store(int64(365 * 24 * time.Hour))
		s = reopen()
		assert.Equal(t, numbers(0, 1), all(t, s, serial(3)))
		require.NoError(t, s.Close(context.Background()))

		a.offset.Store(int64(0))
		o := a.options(dir)
		o.RetainAge, o.RetainBytes = 0, 1
		s, err := store.Open(t.Context(), o)
		require.NoError(t, err)
		assert.Equal(t, numbers(1, 1), all(t, s, serial(3)))
		assert.Equal(t, 20, s.Table().Len(), "the last states stay")
		require.NoError(t, s.Close(context.Background()))
	})
}

// A log that was emptied or cut short by hand, the checkpoint being kept: what
// is written next is found after a crash.
func TestLogRemovedBeforeTheCheckpoint(t *testing.T) {
	for name, remove := range map[string]string{"all": "*.log", "the last": "0000000000000003.log"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := store.Open(t.Context(), store.Options{Dir: dir, SegmentBytes: 50})
			require.NoError(t, err)
			for seq := range uint64(3) {
				write(t, s, record("A", seq))
			}
			require.NoError(t, s.Close(context.Background()))
			names, err := filepath.Glob(filepath.Join(dir, remove))
			require.NoError(t, err)
			require.NotEmpty(t, names)
			for _, name := range names {
				require.NoError(t, os.Remove(name))
			}
			again, _ := open(t, store.Options{Dir: dir})
			write(t, again, record("A", 7), record("B", 1))
			crashed, _ := open(t, store.Options{Dir: crash(t, dir)})
			assert.Equal(t, states(again), states(crashed))
			assert.Len(t, states(crashed), 2)
			assert.Equal(t, all(t, again, "A"), all(t, crashed, "A"))
		})
	}
}

// A file that is in the way stops nothing.
func TestSegmentInTheWay(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, store.Options{Dir: dir})
	for _, name := range []string{"0000000000000001.log", "0000000000000002.log"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	write(t, s, record("A", 1))
	assert.Equal(t, numbers(1, 1), all(t, s, "A"))
	crashed, _ := open(t, store.Options{Dir: crash(t, dir)})
	assert.Equal(t, numbers(1, 1), all(t, crashed, "A"))
}
