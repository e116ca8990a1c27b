package receiver_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest"
)

func stateful(path string) receiver.Config {
	c := acks()
	c.StateFile = path
	return c
}

// fill sends reports of a few devices, some of them split, and returns what
// is known then.
func fill(t *testing.T, s *server) (sent [][]byte, known []receiver.DeviceStats) {
	for i := range 20 {
		serial := fmt.Sprintf("GK%02d", i)
		for seq := range uint64(6) {
			m := message(serial, uint32(1+seq/4), seq%4*uint64(1+i%3))
			m.Time = telemetry.Known(uint64(time.Now().Unix()))
			if i%4 == 0 {
				m.Part = telemetry.Part{Index: 1, Count: uint64(2 + i)}
			}
			sent = append(sent, sealed(t, m))
			s.post(sent[len(sent)-1])
		}
	}
	s.settle()
	return sent, devices(s)
}

func devices(s *server) []receiver.DeviceStats {
	list := slices.Collect(s.Devices())
	slices.SortFunc(list, func(a, b receiver.DeviceStats) int { return strings.Compare(a.Device, b.Device) })
	return list
}

// refusesAll sends again what was sent to another life of the receiver.
func refusesAll(t *testing.T, s *server, sent [][]byte) {
	t.Helper()
	for _, b := range sent {
		s.post(b)
	}
	s.settle()
	st := s.Stats()
	assert.Zero(t, s.sink.Len(), "replayed: %s", s.sink)
	assert.Equal(t, uint64(len(sent)), st.Duplicate+st.Replayed)
}

// After a restart all is as it was.
func TestRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	var sent [][]byte
	var want []receiver.DeviceStats
	bubble(t, "first", func(t *testing.T) {
		s := start(t, stateful(path))
		sent, _ = fill(t, s)
		s.send(sent[0]) // counted, and written at the end only
		want = devices(s)
	})
	assert.Equal(t, []string{"state", "state.journal"}, files(t, path))
	bubble(t, "second", func(t *testing.T) {
		s := start(t, stateful(path))
		assert.Equal(t, want, devices(s))
		assert.Equal(t, 20, s.Status().Devices)
		refusesAll(t, s, sent)
	})
}

func files(t *testing.T, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), e.Name())
		names = append(names, e.Name())
	}
	return names
}

// killed copies the files as they are: what a process leaves behind that is
// killed now.
func killed(t *testing.T, path string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Dir(path))))
	return filepath.Join(dir, filepath.Base(path))
}

// Whenever the process is killed: what was acknowledged cannot be replayed,
// and what was not can be sent again.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	var sent [][]byte
	var want []receiver.DeviceStats
	var unsent []byte
	outer := t
	bubble(t, "first", func(t *testing.T) {
		c := stateful(path)
		c.StateSync = receiver.Duration(time.Hour) // nothing but the kernel's cache
		s := start(t, c)
		sent, want = fill(t, s)
		assert.Equal(t, uint64(len(sent)), s.Stats().Acks)
		s.sink.Stall(true)
		unsent = report(t, "GK01", 9, 0)
		s.send(unsent)
		path = killed(outer, path)
		s.sink.Stall(false)
	})
	bubble(t, "second", func(t *testing.T) {
		s := start(t, stateful(path))
		assert.Equal(t, want, devices(s))
		refusesAll(t, s, sent)
		s.send(unsent)
		assert.Equal(t, 1, s.sink.Len())
	})
}

// A write that was cut off loses itself only.
func TestTornJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	var whole string
	var size int64
	outer := t
	bubble(t, "first", func(t *testing.T) {
		s := start(t, stateful(path))
		s.send(report(t, "GK01", 1, 0))
		info, err := os.Stat(path + ".journal")
		require.NoError(t, err)
		size = info.Size()
		s.send(report(t, "GK02", 1, 0))
		whole = killed(outer, path)
	})
	journal, err := os.ReadFile(whole + ".journal")
	require.NoError(t, err)
	for _, cut := range []int64{size, size + 1, size + 8, int64(len(journal)) - 1, int64(len(journal))} {
		bubble(t, fmt.Sprint(cut), func(t *testing.T) {
			path := killed(t, whole)
			require.NoError(t, os.Truncate(path+".journal", cut))
			var log bytes.Buffer
			s := start(t, stateful(path), func(o *receiver.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
			_, first := s.Device("GK01")
			_, second := s.Device("GK02")
			assert.True(t, first)
			assert.Equal(t, cut == int64(len(journal)), second)
			assert.Equal(t, cut != size && !second, strings.Contains(log.String(), "the end of a journal is not whole"))
		})
	}
	bubble(t, "bit", func(t *testing.T) {
		path := killed(t, whole)
		broken := bytes.Clone(journal)
		broken[size+12] ^= 1
		require.NoError(t, os.WriteFile(path+".journal", broken, 0o600))
		s := start(t, stateful(path))
		assert.Equal(t, 1, s.Status().Devices)
	})
}

// A snapshot is never half there; one that is damaged is for a human.
func TestDamagedSnapshot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	bubble(t, "first", func(t *testing.T) { fill(t, start(t, stateful(path))) })
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, change := range map[string]struct {
		b    []byte
		want string
	}{
		"cut off":         {good[:len(good)-1], "damaged"},
		"head cut off":    {good[:5], "its head is cut off"},
		"another file":    {append([]byte("x"), good...), "it is no state file of this version"},
		"one bit":         {flip(good, len(good)-3), "damaged"},
		"length of frame": {flip(good, 27), "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, change.b, 0o600))
			s, err := receiver.New(stateful(path), receiver.Options{Sink: new(receivertest.Memory), Keys: receiver.KeyFunc(keys),
				ListenPacket: loopback})
			require.NoError(t, err)
			err = s.Start(t.Context())
			require.ErrorContains(t, err, change.want)
			require.ErrorContains(t, err, path)
			require.ErrorContains(t, err, "can be replayed")
			require.NoError(t, s.Stop(t.Context()))
		})
	}
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 0x40
	return b
}

func TestStateNeedsItsFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "state")
	s, err := receiver.New(stateful(path), receiver.Options{Sink: new(receivertest.Memory), Keys: receiver.KeyFunc(keys), ListenPacket: loopback})
	require.NoError(t, err)
	require.ErrorIs(t, s.Start(t.Context()), os.ErrNotExist)
	require.NoError(t, s.Stop(t.Context()))
}

func TestStateOfTooManyDevices(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	bubble(t, "first", func(t *testing.T) { fill(t, start(t, stateful(path))) })
	c := stateful(path)
	c.MaxDevices = 19
	s, err := receiver.New(c, receiver.Options{Sink: new(receivertest.Memory), Keys: receiver.KeyFunc(keys), ListenPacket: loopback})
	require.NoError(t, err)
	require.ErrorContains(t, s.Start(t.Context()), "more devices than max_devices, 19")
	require.NoError(t, s.Stop(t.Context()))
}

// A disk on which nothing can be written does not keep the receiver from its
// start, and from refusing what came before; there are no acks until it can.
func TestStartOnAFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	var sent [][]byte
	var want []receiver.DeviceStats
	outer := t
	bubble(t, "first", func(t *testing.T) {
		s := start(t, stateful(path))
		sent, want = fill(t, s)
		path = killed(outer, path)
	})
	// A folder is in the way of the snapshot: as good as a full disk.
	require.NoError(t, os.Mkdir(path+".new", 0o700))
	bubble(t, "second", func(t *testing.T) {
		s := start(t, stateful(path))
		assert.Equal(t, want, devices(s))
		assert.NotEmpty(t, s.Status().StateError)
		refusesAll(t, s, sent)
		s.send(report(t, "GK01", 7, 0))
		assert.Equal(t, 1, s.sink.Len())
		assert.Nil(t, s.ack("GK01"))

		require.NoError(t, os.Remove(path+".new")) // there is room again
		time.Sleep(2 * time.Minute)
		s.send(report(t, "GK01", 7, 0))
		assert.Empty(t, s.Status().StateError)
		require.NotNil(t, s.ack("GK01"))
		path = killed(outer, path)
	})
	bubble(t, "third", func(t *testing.T) {
		s := start(t, stateful(path))
		refusesAll(t, s, append(sent, report(t, "GK01", 7, 0)))
	})
}

// What was forgotten stays forgotten.
func TestForgetLasts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	var copied string
	outer := t
	bubble(t, "first", func(t *testing.T) {
		s := start(t, stateful(path))
		s.send(report(t, "GK01", 5, 0))
		require.True(t, s.Forget("GK01"))
		copied = killed(outer, path)
	})
	for name, path := range map[string]string{"stopped": path, "killed": copied} {
		bubble(t, name, func(t *testing.T) {
			s := start(t, stateful(path))
			s.send(report(t, "GK01", 1, 0))
			assert.Equal(t, 1, s.sink.Len())
		})
	}
}

// What a sink did not take is not in the state either.
func TestStopWithoutSink(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	b := report(t, "GK01", 1, 0)
	bubble(t, "first", func(t *testing.T) {
		s := start(t, stateful(path))
		s.sink.Fail(errSink)
		s.send(b)
		require.NoError(t, s.Stop(context.WithoutCancel(t.Context())))
	})
	bubble(t, "second", func(t *testing.T) {
		s := start(t, stateful(path))
		s.send(b)
		assert.Equal(t, 1, s.sink.Len())
		synctest.Wait()
	})
}
