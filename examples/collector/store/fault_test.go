package store_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/store"
	"github.com/fieldgate/fieldgate/internal/syncbuf"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// helpers run in a process of their own, instead of the tests.
var helpers = map[string]func(){"writer": writer}

// helper is this test binary as a helper.
func helper(name, dir string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "STORE_TEST_HELPER="+name, "STORE_TEST_DIR="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// writer writes reports of 100 devices and prints the number of each round
// that is stored.
func writer() {
	s, err := store.Open(context.Background(), store.Options{
		Dir: os.Getenv("STORE_TEST_DIR"), SegmentBytes: 200_000, Checkpoint: 50 * time.Millisecond,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	first := uint64(0)
	if state, ok := s.Table().Get(serial(99)); ok { // the last of a round
		first = state.Seq + 1
	}
	for seq := first; ; seq++ {
		if err := s.Write(context.Background(), records(100, seq)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(seq)
	}
}

// Whatever was acknowledged before kill -9 is there after it, in the log and
// among the last states, also after one crash after the other.
func TestIntegrationKill(t *testing.T) {
	dir := t.TempDir()
	for round := range 6 {
		cmd := helper("writer", dir)
		stdout, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		time.AfterFunc(time.Duration(100+70*round)*time.Millisecond, func() { _ = cmd.Process.Kill() })
		acknowledged := int64(-1)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			acknowledged, err = strconv.ParseInt(lines.Text(), 10, 64)
			require.NoError(t, err)
		}
		_ = cmd.Wait()
		require.GreaterOrEqual(t, acknowledged, int64(0), "round %d wrote nothing", round)

		s, err := store.Open(t.Context(), store.Options{Dir: dir, SegmentBytes: 200_000})
		require.NoError(t, err)
		assert.Zero(t, s.Stats().Damaged)
		for i := range 100 {
			got := all(t, s, serial(i))
			require.GreaterOrEqual(t, len(got), int(acknowledged)+1, "device %d", i)
			require.Equal(t, numbers(0, uint64(len(got)-1)), got)
			state, ok := s.Table().Get(serial(i))
			require.True(t, ok)
			require.Equal(t, uint64(len(got)-1), state.Seq)
		}
		if round%2 == 0 { // else the writer goes on after a checkpoint
			crashed := crash(t, dir)
			require.NoError(t, s.Close(context.Background()))
			dir = crashed
		} else {
			require.NoError(t, s.Close(context.Background()))
		}
	}
}

// inNamespace runs one test of this binary again, as root, in a mount
// namespace of its own in which dir is a tmpfs of a few megabytes. It returns
// true in there.
func inNamespace(t *testing.T) (dir string, inside bool) {
	if dir := os.Getenv("STORE_TEST_TMPFS"); dir != "" {
		return dir, true
	}
	if reason := noNamespace(); reason != "" {
		if os.Getenv("CI") == "true" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	dir = t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command("unshare", "-m", "sh", "-c", `mount -t tmpfs -o size=4m tmpfs "$0" && exec "$@"`, dir,
		self, "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "STORE_TEST_TMPFS="+dir)
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Contains(t, string(output), "--- PASS: "+t.Name())
	return "", false
}

func noNamespace() string {
	if os.Getuid() != 0 {
		return "needs root, for a mount namespace"
	}
	if out, err := exec.Command("unshare", "-m", "true").CombinedOutput(); err != nil {
		return fmt.Sprintf("no mount namespace: %v %s", err, out)
	}
	return ""
}

// A full disk: Write says so, the last states go on, what is not stored is
// counted, and with space all works again.
func TestIntegrationFullDisk(t *testing.T) {
	dir, inside := inNamespace(t)
	if !inside {
		return
	}
	data, log := filepath.Join(dir, "data"), new(syncbuf.Buffer)
	s, err := store.Open(t.Context(), store.Options{
		Dir: data, SegmentBytes: 500_000, Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
	require.NoError(t, err)
	var stored, unstored []uint64
	put := func(seq uint64) error {
		err := s.Write(t.Context(), records(500, seq))
		if err == nil {
			stored = append(stored, seq)
		} else {
			unstored = append(unstored, seq)
		}
		state, ok := s.Table().Get(serial(123))
		require.True(t, ok)
		require.Equal(t, seq, state.Seq, "the last states go on")
		return err
	}
	for seq := range uint64(5) {
		require.NoError(t, put(seq))
	}
	filler := filepath.Join(dir, "filler")
	fill(t, filler)
	for seq := uint64(5); seq < 15; seq++ {
		err := put(seq)
		require.ErrorIs(t, err, receiver.ErrNotStored)
		require.ErrorContains(t, err, "no space left on device")
	}
	require.Error(t, s.Checkpoint(context.Background()))
	stats := s.Stats()
	assert.Equal(t, uint64(5000), stats.Unstored)
	assert.True(t, stats.Failing)
	assert.Equal(t, uint64(1), stats.CheckpointErrors)
	assert.Contains(t, stats.LastError, "no space left on device")
	assert.Equal(t, 1, strings.Count(log.String(), "no checkpoint"))
	assert.Equal(t, stored, all(t, s, serial(123)), "the history can be read")

	require.NoError(t, os.Remove(filler))
	for seq := uint64(15); seq < 18; seq++ {
		require.NoError(t, put(seq))
	}
	assert.False(t, s.Stats().Failing)

	// Full at any moment: also within a write, and when a segment is begun.
	for seq := uint64(18); seq < 150; seq++ {
		_ = put(seq)
	}
	require.NotEmpty(t, unstored)
	require.Greater(t, unstored[len(unstored)-1], uint64(18))
	assert.Equal(t, stored, all(t, s, serial(499)))
	assert.Equal(t, uint64(500*len(unstored)), s.Stats().Unstored)

	// And a crash on a full disk.
	copied := crash(t, data)
	again, _ := open(t, store.Options{Dir: copied})
	for i := range 500 {
		require.Equal(t, stored, all(t, again, serial(i)))
	}
	assert.Zero(t, again.Stats().Damaged)
	require.ErrorContains(t, s.Close(context.Background()), "no space left on device")
	once, err := store.Open(t.Context(), store.Options{Dir: data})
	require.NoError(t, err, "the folder is free all the same, and a full disk can be opened")
	require.Equal(t, stored, all(t, once, serial(123)))
	require.Error(t, once.Close(context.Background()))
	room, _ := open(t, store.Options{Dir: data, SegmentBytes: 500_000, RetainBytes: 2_000_000})
	write(t, room, records(500, 150)...)
	require.Equal(t, uint64(150), history(t, room, serial(123), began.Add(150*time.Minute), began.AddDate(1, 0, 0))[0], "Open makes room")
}

// fill takes all the space that there is.
func fill(t *testing.T, name string) {
	f, err := os.Create(name)
	require.NoError(t, err)
	b := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(b)
	}
	require.ErrorContains(t, err, "no space left")
	require.NoError(t, f.Close())
}

func TestIntegrationReadOnlyFolder(t *testing.T) {
	dir, inside := inNamespace(t)
	if !inside {
		return
	}
	s, err := store.Open(t.Context(), store.Options{Dir: dir})
	require.NoError(t, err)
	write(t, s, record("A", 1))
	require.NoError(t, s.Close(context.Background()))
	output, err := exec.Command("mount", "-o", "remount,ro", dir).CombinedOutput()
	require.NoError(t, err, "%s", output)
	_, err = store.Open(t.Context(), store.Options{Dir: dir})
	require.ErrorContains(t, err, "the folder cannot be written to")
	require.ErrorContains(t, err, "read-only file system")
	_, err = store.Open(t.Context(), store.Options{Dir: filepath.Join(dir, "new")})
	require.ErrorContains(t, err, "the folder cannot be made")
}
