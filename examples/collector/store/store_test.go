package store_test

import (
	"context"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
	"github.com/fieldgate/fieldgate/examples/collector/store"
	"github.com/fieldgate/fieldgate/internal/syncbuf"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

func TestOptions(t *testing.T) {
	for name, o := range map[string]store.Options{
		"no folder":        {},
		"negative segment": {Dir: t.TempDir(), SegmentBytes: -1},
		"large segment":    {Dir: t.TempDir(), SegmentBytes: 1 << 32},
		"negative age":     {Dir: t.TempDir(), RetainAge: -1},
	} {
		_, err := store.Open(t.Context(), o)
		assert.Error(t, err, name)
	}
}

// What was written is there again: after Close by the checkpoint, after a
// crash by the log.
func TestReopen(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(t.Context(), store.Options{Dir: dir})
	require.NoError(t, err)
	for seq := range uint64(5) {
		write(t, s, records(100, seq)...)
	}
	want := states(s)
	require.Len(t, want, 100)
	crashed := crash(t, dir)
	require.NoError(t, s.Close(context.Background()))
	require.NoError(t, s.Close(context.Background()), "twice")
	require.ErrorIs(t, s.Write(t.Context(), records(1, 9)), receiver.ErrNotStored)

	for name, dir := range map[string]string{"closed": dir, "crashed": crashed} {
		t.Run(name, func(t *testing.T) {
			again, log := open(t, store.Options{Dir: dir})
			assert.Equal(t, want, states(again))
			assert.Equal(t, numbers(0, 4), all(t, again, serial(42)))
			stats := again.Stats()
			assert.Equal(t, int64(500), stats.Records)
			assert.Equal(t, began, stats.Oldest.UTC())
			assert.Zero(t, stats.Damaged+stats.Torn)
			assert.Empty(t, log.String())
			write(t, again, record(serial(42), 5))
			assert.Equal(t, numbers(0, 5), all(t, again, serial(42)))
			assert.Empty(t, all(t, again, "nobody"))
		})
	}
}

func TestOneProcessOnly(t *testing.T) {
	dir := t.TempDir()
	open(t, store.Options{Dir: dir})
	_, err := store.Open(t.Context(), store.Options{Dir: dir})
	assert.ErrorContains(t, err, "in use by another process")
}

// The last states after a crash, from a checkpoint and the log behind it, are
// what the whole log says.
func TestRecoveryEqualsRebuild(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	dir := t.TempDir()
	s, _ := open(t, store.Options{Dir: dir, SegmentBytes: 100_000})
	for round := range uint64(30) {
		batch := records(50+random.IntN(100), round)
		for range 20 { // reordered, late, twice, split, rebooted
			r := record(serial(random.IntN(200)), random.Uint64N(round+1))
			switch random.IntN(4) {
			case 0:
				r.Message.Boot = telemetry.Known(uint32(8))
			case 1:
				r.Message.Part = telemetry.Part{Index: 1 + random.Uint64N(3), Count: 3}
			case 2:
				r.Message.Boot = telemetry.Maybe[uint32]{}
			}
			r.Raw, _ = telemetry.AppendMessage(nil, r.Message)
			r.Received = began.Add(time.Duration(round)*time.Hour + time.Duration(random.IntN(3600))*time.Second)
			batch = append(batch, r)
		}
		random.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
		write(t, s, batch...)
		if round%8 == 5 {
			require.NoError(t, s.Checkpoint(context.Background()))
		}
	}
	want := states(s)
	quick, whole := crash(t, dir), crash(t, dir)
	require.NoError(t, os.Remove(filepath.Join(whole, "checkpoint")))
	recovered, _ := open(t, store.Options{Dir: quick})
	rebuilt, _ := open(t, store.Options{Dir: whole})
	assert.Equal(t, want, states(rebuilt))
	assert.Equal(t, want, states(recovered))
}

func TestDamagedCheckpoint(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(t.Context(), store.Options{Dir: dir})
	require.NoError(t, err)
	write(t, s, records(50, 1)...)
	want := states(s)
	require.NoError(t, s.Close(context.Background()))
	good, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	require.NoError(t, err)
	for at := 0; at < len(good); at += 97 {
		flipped, cut := append([]byte(nil), good...), good[:at]
		flipped[at] ^= 0x10
		for name, b := range map[string][]byte{"flipped": flipped, "cut": cut} {
			copied := crash(t, dir)
			require.NoError(t, os.WriteFile(filepath.Join(copied, "checkpoint"), b, 0o600))
			again, log := open(t, store.Options{Dir: copied})
			require.Equal(t, want, states(again), "%s at %d", name, at)
			require.Contains(t, log.String(), "no usable checkpoint")
		}
	}
}

// A crash in the middle of a write leaves any part of its last record.
func TestTornTail(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, store.Options{Dir: dir})
	write(t, s, record("A", 1))
	before := s.Stats().Bytes
	write(t, s, record("A", 2))
	size := s.Stats().Bytes - before - 8 // without its posting
	for name, tail := range map[string]func(log []byte) []byte{
		"zeros":   func(log []byte) []byte { return append(log, make([]byte, 5000)...) },
		"garbage": func(log []byte) []byte { return append(log, strings.Repeat("R\x00\x00\x00", 1000)...) },
	} {
		t.Run(name, func(t *testing.T) {
			again, log := torn(t, dir, tail)
			assert.Equal(t, numbers(1, 2), all(t, again, "A"))
			assert.Contains(t, log.String(), "ends within a record")
			assert.NotZero(t, again.Stats().Torn)
			assert.Zero(t, again.Stats().Damaged)
		})
	}
	for missing := int64(1); missing <= size; missing++ {
		again, _ := torn(t, dir, func(log []byte) []byte { return log[:int64(len(log))-missing] })
		require.Equal(t, numbers(1, 1), all(t, again, "A"))
		require.Equal(t, uint64(size-missing), again.Stats().Torn)
		write(t, again, record("A", 3))
		require.Equal(t, []uint64{1, 3}, all(t, again, "A"))
	}
	for length := range 8 { // torn at the very beginning
		again, _ := torn(t, dir, func(log []byte) []byte { return log[:length] })
		write(t, again, record("A", 3))
		require.Equal(t, numbers(3, 3), all(t, again, "A"))
	}
}

func torn(t *testing.T, dir string, change func([]byte) []byte) (*store.Store, *syncbuf.Buffer) {
	copied := crash(t, dir)
	name := segmentFiles(t, copied)[0]
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, change(b), 0o600))
	return open(t, store.Options{Dir: copied})
}

// Whichever byte in the middle is damaged, one record is lost at most, counted
// and named.
func TestDamageInTheMiddle(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, store.Options{Dir: dir})
	var ends []int64
	for seq := range uint64(5) {
		write(t, s, record("A", seq))
		info, err := os.Stat(segmentFiles(t, dir)[0])
		require.NoError(t, err)
		ends = append(ends, info.Size())
	}
	for at := ends[1]; at < ends[2]; at++ {
		again, log := torn(t, dir, func(log []byte) []byte {
			log[at] ^= 0xff
			return log
		})
		require.Equal(t, []uint64{0, 1, 3, 4}, all(t, again, "A"), "byte %d", at)
		require.Equal(t, uint64(1), again.Stats().Damaged)
		require.Contains(t, log.String(), "0000000000000001.log at byte "+itoa(ends[1]))
		state, _ := again.Table().Get("A")
		require.Equal(t, uint64(4), state.Seq)
	}
	// While it is open, too: History notices what Open could not.
	f, err := os.OpenFile(segmentFiles(t, dir)[0], os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{0xff}, ends[1]+20)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	for range 2 {
		assert.Equal(t, []uint64{0, 1, 3, 4}, all(t, s, "A"))
		assert.Equal(t, uint64(1), s.Stats().Damaged, "counted once")
	}
}

func TestLogShorterThanTheCheckpoint(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, store.Options{Dir: dir})
	write(t, s, record("A", 1))
	write(t, s, record("A", 2))
	require.NoError(t, s.Checkpoint(context.Background()))
	copied := crash(t, dir)
	name := segmentFiles(t, copied)[0]
	require.NoError(t, os.Truncate(name, 60)) // a disk that lied
	again, err := store.Open(t.Context(), store.Options{Dir: copied})
	require.NoError(t, err)
	write(t, again, record("B", 1), record("B", 2))
	copied = crash(t, copied)
	require.NoError(t, again.Close(context.Background()))
	last, _ := open(t, store.Options{Dir: copied})
	assert.Len(t, states(last), 2, "nothing is hidden by the place in the old checkpoint")
}

func TestHistoryOverSegments(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, store.Options{Dir: dir, SegmentBytes: 20_000})
	for seq := range uint64(60) {
		write(t, s, records(20, seq)...)
	}
	require.Greater(t, s.Stats().Segments, 3)
	at := func(minute int) time.Time { return began.Add(time.Duration(minute) * time.Minute) }
	check := func(t *testing.T, s *store.Store) {
		assert.Equal(t, numbers(0, 59), all(t, s, serial(7)))
		assert.Equal(t, numbers(11, 47), history(t, s, serial(7), at(11), at(47)))
		assert.Equal(t, numbers(11, 11), history(t, s, serial(7), at(11), at(11)))
		assert.Empty(t, history(t, s, serial(7), at(60), at(99)))
		assert.Empty(t, history(t, s, serial(7), at(47), at(11)))
		var first []uint64
		require.NoError(t, s.History(t.Context(), serial(7), at(5), at(50), func(r *latest.Report) bool {
			first = append(first, r.Seq)
			return len(first) < 3
		}))
		assert.Equal(t, numbers(5, 7), first)
	}
	check(t, s)
	indexes, err := filepath.Glob(filepath.Join(dir, "*.idx"))
	require.NoError(t, err)
	require.Len(t, indexes, s.Stats().Segments-1)
	t.Run("no indexes at Open", func(t *testing.T) {
		copied := crash(t, dir)
		for _, name := range indexes {
			require.NoError(t, os.Remove(filepath.Join(copied, filepath.Base(name))))
		}
		again, _ := open(t, store.Options{Dir: copied})
		check(t, again)
		made, err := filepath.Glob(filepath.Join(copied, "*.idx"))
		require.NoError(t, err)
		assert.Len(t, made, len(indexes), "they are made again")
	})
	t.Run("indexes damaged", func(t *testing.T) {
		for _, name := range indexes {
			b, err := os.ReadFile(name)
			require.NoError(t, err)
			for i := 40; i < len(b); i++ {
				b[i] = 0xa5
			}
			require.NoError(t, os.WriteFile(name, b, 0o600))
		}
		check(t, s)
	})
	t.Run("indexes removed", func(t *testing.T) {
		for _, name := range indexes {
			require.NoError(t, os.Remove(name))
		}
		check(t, s)
	})
}

func TestHistoryOfCollidingDevices(t *testing.T) {
	one, two := collision()
	s, _ := open(t, store.Options{Dir: t.TempDir(), SegmentBytes: 300})
	for seq := range uint64(20) {
		write(t, s, record(one, seq))
		write(t, s, record(two, seq+100))
	}
	assert.Equal(t, numbers(0, 19), all(t, s, one))
	assert.Equal(t, numbers(100, 119), all(t, s, two))
}

// collision returns two serial numbers with one CRC-32C.
func collision() (string, string) {
	have := make(map[uint32]string)
	random := rand.New(rand.NewPCG(5, 6))
	for {
		b := make([]byte, 8)
		for i := range b {
			b[i] = 'A' + byte(random.IntN(26))
		}
		sum := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
		if other, ok := have[sum]; ok && other != string(b) {
			return other, string(b)
		}
		have[sum] = string(b)
	}
}

// A record that came twice, as after a crash, stands once in the history.
func TestHistoryWithoutDuplicates(t *testing.T) {
	s, _ := open(t, store.Options{Dir: t.TempDir()})
	part := func(i uint64) receiver.Record {
		r := record("A", 3)
		r.Message.Part = telemetry.Part{Index: i, Count: 2}
		r.Raw, _ = telemetry.AppendMessage(nil, r.Message)
		return r
	}
	write(t, s, record("A", 1), record("A", 2), record("A", 1), part(1), part(2), part(1))
	assert.Equal(t, []uint64{1, 2, 3, 3}, all(t, s, "A"))
}

func TestRetention(t *testing.T) {
	t.Run("bytes", func(t *testing.T) {
		dir := t.TempDir()
		const most = 250_000
		s, _ := open(t, store.Options{Dir: dir, SegmentBytes: 20_000, RetainBytes: most})
		for seq := range uint64(100) {
			write(t, s, records(20, seq)...)
		}
		stats := s.Stats()
		assert.Less(t, stats.Bytes, int64(most+40_000))
		assert.Greater(t, stats.Bytes, int64(most-40_000))
		assert.Equal(t, int64(2000), stats.Records+int64(stats.Removed))
		var onDisk int64
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			info, err := e.Info()
			require.NoError(t, err)
			onDisk += info.Size()
		}
		assert.InDelta(t, stats.Bytes, onDisk, 25_000)
		kept := all(t, s, serial(3))
		assert.Equal(t, numbers(kept[0], 99), kept, "the newest are kept")
		assert.Equal(t, stats.Oldest, began.Add(time.Duration(kept[0])*time.Minute).Local())
	})
	t.Run("age", func(t *testing.T) {
		s, _ := open(t, store.Options{Dir: t.TempDir(), SegmentBytes: 1000, RetainAge: time.Hour})
		for i, age := range []time.Duration{3 * time.Hour, 2 * time.Hour, 10 * time.Minute, 0} {
			batch := records(20, uint64(i))
			for j := range batch {
				batch[j].Received = time.Now().Add(-age)
			}
			write(t, s, batch...)
		}
		assert.Equal(t, []uint64{2, 3}, all(t, s, serial(3)))
		assert.Equal(t, 20, s.Table().Len(), "the last states stay")
	})
}

func TestFullTable(t *testing.T) {
	s, log := open(t, store.Options{Dir: t.TempDir(), MaxDevices: 10})
	write(t, s, records(15, 1)...)
	stats := s.Stats()
	assert.Equal(t, uint64(5), stats.Unindexed)
	assert.Equal(t, uint64(15), stats.Stored, "in the log they are")
	assert.Equal(t, numbers(1, 1), all(t, s, serial(14)))
	assert.Equal(t, 1, strings.Count(log.String(), "the table of devices is full"))
}
