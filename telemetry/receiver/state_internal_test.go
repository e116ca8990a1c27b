package receiver

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

func testState(t *testing.T, path string) (*stateFile, *table) {
	t.Helper()
	tab := newTable(1 << 20)
	s, err := openState(path, tab, slog.New(slog.DiscardHandler), new(atomic.Uint64))
	require.NoError(t, err)
	t.Cleanup(s.close)
	return s, tab
}

// change gives a device new numbers and returns its frame.
func change(t *testing.T, tab *table, serial string, rng *rand.Rand) []byte {
	t.Helper()
	tab.mu.Lock()
	defer tab.mu.Unlock()
	i, ok := tab.admit(serial, false)
	require.True(t, ok)
	d := device{serial: serial, flags: flagUsed, boot: rng.Uint32(), top: rng.Uint64(), lost: rng.Uint64(), offset: rng.Int64() - rng.Int64(), span: uint8(rng.IntN(Window))}
	d.seen[0], d.addr[3], d.port, d.last = rng.Uint64(), 7, uint16(rng.Uint32()), rng.Int64()
	var p *partWindow
	if rng.IntN(3) == 0 {
		p = new(partWindow)
		p.grow(1 + rng.Uint64N(MaxParts))
		p.mark(rng.Uint64(), 1)
	}
	tab.replace(i, d, p)
	f := framer{}
	f.add(tab.at(i), p)
	return f.end()
}

func content(tab *table) map[string]device {
	all := make(map[string]device)
	for i := range uint32(tab.n) {
		if d := tab.at(i); d.has(flagUsed) {
			all[d.serial] = *d
		}
	}
	return all
}

func partsContent(tab *table) map[string]partWindow {
	all := make(map[string]partWindow)
	for i, p := range tab.parts {
		all[tab.at(i).serial] = *p
	}
	return all
}

// sameAfterKill tests that the files as they are now hold the table.
func sameAfterKill(t *testing.T, path string, tab *table) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Dir(path))))
	_, again := testState(t, filepath.Join(dir, "state"))
	require.Equal(t, content(tab), content(again))
	require.Equal(t, partsContent(tab), partsContent(again))
	require.Equal(t, tab.used, again.used)
}

// At whatever point of a snapshot the process is killed, the files hold all
// that was appended.
func TestKilledWithinASnapshot(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "state")
	s, tab := testState(t, path)
	put := func(n int) {
		for range n {
			require.True(t, s.append(change(t, tab, fmt.Sprint("GK", rng.IntN(4500)), rng)))
		}
	}
	put(5000)
	for range 2 {
		sameAfterKill(t, path, tab)
		s.background.Wait()
		s.retryAt = time.Time{}
		s.mu.Lock()
		s.snapshotSize = -journalGrowth - 1 // as if the journal had grown
		s.mu.Unlock()
		s.tick(time.Now())
		require.NotNil(t, s.snapshot)
		sameAfterKill(t, path, tab)
		for s.step() {
			put(100)
			sameAfterKill(t, path, tab)
		}
		s.background.Wait()
		require.Nil(t, s.snapshot)
		assert.NoFileExists(t, path+oldSuffix)
		assert.NoFileExists(t, path+newSuffix)
		put(100)
	}
	sameAfterKill(t, path, tab)
}

// A disk that is full: what cannot be written is counted and not
// acknowledged, and a snapshot mends it when there is room again.
func TestStateOnAFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("needs /dev/full: %v", err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "state")
	s, tab := testState(t, path)
	require.True(t, s.append(change(t, tab, "GK1", rng)))

	s.mu.Lock()
	journal := s.journal
	s.journal = full
	s.mu.Unlock()
	require.False(t, s.append(change(t, tab, "GK2", rng)))
	require.Error(t, s.lastFailure())
	require.False(t, s.append(change(t, tab, "GK3", rng)))
	assert.Equal(t, uint64(2), s.errors.Load())

	s.mu.Lock()
	s.journal = journal // there is room again
	require.NoError(t, full.Close())
	s.mu.Unlock()
	require.False(t, s.append(change(t, tab, "GK4", rng)), "GK2 is not on the disk yet")
	s.tick(time.Now())
	for s.step() {
	}
	s.background.Wait()
	require.NoError(t, s.lastFailure())
	require.True(t, s.append(change(t, tab, "GK5", rng)))

	sameAfterKill(t, path, tab)
}

// A snapshot that cannot be made leaves the journals; the next one that can
// takes their place.
func TestSnapshotFails(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "state")
	s, tab := testState(t, path)
	require.True(t, s.append(change(t, tab, "GK1", rng)))
	require.NoError(t, s.rotate())
	require.True(t, s.append(change(t, tab, "GK2", rng)))
	require.NoError(t, s.snapshot.file.Close()) // so that its writes fail
	require.False(t, s.step())
	require.Error(t, s.lastFailure())
	require.False(t, s.append(change(t, tab, "GK3", rng)))

	require.NoError(t, os.Mkdir(path+newSuffix, 0o700)) // in the way
	s.tick(time.Now())
	assert.Equal(t, uint64(2), s.errors.Load())
	require.NoError(t, os.Remove(path+newSuffix))
	s.tick(time.Now())
	assert.Nil(t, s.snapshot, "not before the pause is over")

	s.background.Wait()
	s.tick(time.Now().Add(time.Hour))
	require.NotNil(t, s.snapshot)
	sameAfterKill(t, path, tab) // two journals and no snapshot yet
	for s.step() {
	}
	s.background.Wait()
	require.NoError(t, s.lastFailure())
	assert.NoFileExists(t, path+oldSuffix)
	sameAfterKill(t, path, tab)
}

// A snapshot that mends a failure is not taken back by the journal that
// lacks something, of which an older entry of the same device is whole.
func TestHealedStateStays(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "state")
	s, tab := testState(t, path)
	snapshot := func() {
		s.background.Wait()
		s.retryAt = time.Time{}
		s.tick(time.Now())
		require.NotNil(t, s.snapshot)
		sameUnlessFailed(t, s, path, tab)
		for s.step() {
		}
		s.background.Wait()
		sameUnlessFailed(t, s, path, tab)
	}
	require.True(t, s.append(change(t, tab, "GK0", rng)))
	require.NoError(t, s.rotate())
	require.NoError(t, s.snapshot.file.Close()) // so that its writes fail
	require.False(t, s.step())
	require.FileExists(t, path+oldSuffix)

	require.False(t, s.append(change(t, tab, "GK1", rng)))
	change(t, tab, "GK1", rng) // the entry of which is not written
	s.fail(os.ErrInvalid)
	snapshot()
	require.NoError(t, s.lastFailure())
	assert.NoFileExists(t, path+oldSuffix)
	require.True(t, s.append(change(t, tab, "GK2", rng)))
	sameAfterKill(t, path, tab)
}

func sameUnlessFailed(t *testing.T, s *stateFile, path string, tab *table) {
	t.Helper()
	if s.lastFailure() == nil {
		sameAfterKill(t, path, tab)
	}
}

// While snapshots fail, one after the other, nothing that is in a journal is
// lost, be its end whole or not.
func TestSnapshotsFail(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "state")
	s, tab := testState(t, path)
	for i := range 5 {
		s.append(change(t, tab, fmt.Sprint("GK", i), rng))
		s.append(change(t, tab, "GK", rng))
		s.mu.Lock()
		_, err := s.journal.WriteAt([]byte("torn"), s.size)
		s.torn = true
		s.mu.Unlock()
		require.NoError(t, err)
		sameAfterKill(t, path, tab)
		require.NoError(t, s.rotate())
		sameAfterKill(t, path, tab)
		require.NoError(t, s.snapshot.file.Close())
		require.False(t, s.step())
		sameAfterKill(t, path, tab)
	}
	assert.NoFileExists(t, path+oldSuffix+newSuffix)
}

// A snapshot does not mend what failed while it was written.
func TestStateFailsWithinASnapshot(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "state")
	s, tab := testState(t, path)
	require.NoError(t, s.rotate())
	require.True(t, s.append(change(t, tab, "GK1", rng)))
	for s.step() {
	}
	s.background.Wait()
	require.NoError(t, s.rotate())
	s.fail(os.ErrClosed) // what was to be appended is not in the journal, and perhaps not in the snapshot
	for s.step() {
	}
	s.background.Wait()
	require.Error(t, s.lastFailure())
}

// What a failed write has left is not read as later than the next write.
func TestTornWrite(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "state")
	s, tab := testState(t, path)
	old := change(t, tab, "GK1", rng)
	next := change(t, tab, "GK1", rng)
	s.mu.Lock()
	left := append(make([]byte, len(next)), old...)
	_, err := s.journal.WriteAt(left, s.size)
	require.NoError(t, err)
	s.torn = true
	s.mu.Unlock()
	require.True(t, s.append(next))
	sameAfterKill(t, path, tab)
}

// A device that was forgotten takes no room.
func TestForgottenTakesNoRoom(t *testing.T) {
	tab := newTable(0)
	require.True(t, tab.put(device{serial: "GK1"}, nil))
	require.False(t, tab.put(device{serial: "GK1", flags: flagUsed}, nil))
	require.Zero(t, tab.n)
}

// Whatever the bytes, as a file or as the entries of a whole frame, reading
// ends, and what is read can be written.
func FuzzState(f *testing.F) {
	tab := newTable(10)
	rng := rand.New(rand.NewPCG(1, 2))
	fr := framer{b: []byte(stateMagic)}
	for i := range 4 {
		i, _ := tab.place(fmt.Sprint("GK", i))
		d := tab.at(i)
		d.flags, d.top, d.boot = flagUsed|flagBoot, rng.Uint64(), 3
		p := new(partWindow)
		p.grow(uint64(1 + 20*i))
		fr.add(d, p)
	}
	seed := fr.end()
	f.Add(seed)
	f.Add(seed[len(stateMagic)+frameHead:])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		readBack(t, b)
		if len(b) <= frameSize {
			framed := append(beginFrame([]byte(stateMagic)), b...)
			endFrame(framed, len(stateMagic))
			readBack(t, framed)
		}
	})
}

func readBack(t *testing.T, b []byte) {
	good, err := readState(bytes.NewReader(b), func(d device, p *partWindow) {
		d.judge(&telemetry.Message{Seq: 5, Part: telemetry.Part{Index: 1, Count: 2}}, p)
		d.stats()
		d.set(flagTouched, false)
		entry := appendEntry(nil, &d, p)
		require.LessOrEqual(t, len(entry), maxEntry)
		again, q, err := (&entryReader{b: entry}).next()
		require.NoError(t, err)
		require.Equal(t, d, again)
		require.Equal(t, p, q)
	})
	require.LessOrEqual(t, good, int64(len(b)))
	if err == nil {
		require.Equal(t, int64(len(b)), good)
		return
	}
	require.ErrorIs(t, err, errBadState)
}

// Serials whose hashes are the same are kept apart.
func TestTableOfEqualHashes(t *testing.T) {
	tab := newTable(1 << 20)
	n, places := 0, make(map[uint32]bool)
	for ; len(tab.others) < 2; n++ {
		i, ok := tab.place(fmt.Sprint("GK", n))
		require.True(t, ok)
		require.False(t, places[i])
		places[i] = true
	}
	for i := range n {
		place, ok := tab.place(fmt.Sprint("GK", i))
		require.True(t, ok)
		require.Equal(t, fmt.Sprint("GK", i), tab.at(place).serial)
	}
	require.Equal(t, n, tab.n)
	_, ok := tab.find("XX")
	require.False(t, ok)
}
