package process_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/process"
)

// One instance is run once, by one program.
func TestBusy(t *testing.T) {
	dir := folder(t)
	r := fake(t, process.Options{Folder: dir})
	p := start(t, r, launch("a"))
	state(t, p, "CONNECTED")
	_, err := r.Start(t.Context(), launch("a"))
	require.ErrorIs(t, err, openvpn.ErrBusy)
	other := fake(t, process.Options{Folder: dir})
	_, err = other.Start(t.Context(), launch("a"))
	require.ErrorIs(t, err, openvpn.ErrBusy)
	adopted, err := other.Adopt(t.Context())
	require.NoError(t, err)
	assert.Empty(t, adopted, "what another gateway holds is left alone")
	require.NoError(t, p.Signal(t.Context(), openvpn.SIGUSR1), "and was not harmed")
	state(t, p, "CONNECTED")
}

func TestRelease(t *testing.T) {
	dir := folder(t)
	r := fake(t, process.Options{Folder: dir})
	p, err := r.Start(t.Context(), launch("a"))
	require.NoError(t, err)
	state(t, p, "CONNECTED")
	require.NoError(t, p.Release())
	for range p.Events() { //nolint:revive // it ends
	}
	adopted, err := fake(t, process.Options{Folder: dir}).Adopt(t.Context())
	require.NoError(t, err)
	require.Len(t, adopted, 1)
	t.Cleanup(func() { end(t, adopted[0]) })
	assert.Equal(t, p.PID(), adopted[0].PID())
	assert.Equal(t, "digest of a", adopted[0].Digest())
	assert.True(t, p.Started().Equal(adopted[0].Started()))
	assert.Equal(t, "10.8.0.2", state(t, adopted[0], "CONNECTED").Tunnel.String(), "told at once")
}

// What another gateway held until it ended is taken over by a start; with
// another configuration it is started anew.
func TestStartAfterAnotherGateway(t *testing.T) {
	dir := folder(t)
	one, other := fake(t, process.Options{Folder: dir}), fake(t, process.Options{Folder: dir})
	p, err := one.Start(t.Context(), launch("a"))
	require.NoError(t, err)
	state(t, p, "CONNECTED")
	_, err = other.Start(t.Context(), launch("a"))
	require.ErrorIs(t, err, openvpn.ErrBusy)
	require.NoError(t, p.Release())
	next, err := other.Start(t.Context(), launch("a"))
	require.NoError(t, err)
	assert.Equal(t, p.PID(), next.PID())
	state(t, next, "CONNECTED")
	require.NoError(t, next.Release())

	l := launch("a")
	l.Digest = "another"
	anew := start(t, one, l)
	assert.NotEqual(t, p.PID(), anew.PID())
	state(t, anew, "CONNECTED")
	assert.Equal(t, []int{anew.PID()}, running(t, dir))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = one.Start(ctx, l)
	assert.ErrorIs(t, err, context.Canceled)
}

// A question that was open is asked again after a change of hands.
func TestAdoptWhileAsking(t *testing.T) {
	dir := folder(t)
	r := fake(t, process.Options{Folder: dir})
	p, err := r.Start(t.Context(), launch("a", "#fake ask Auth joe secret"))
	require.NoError(t, err)
	next(t, p, anyOf[openvpn.NeedCredentials])
	require.NoError(t, p.Release())
	adopted, err := r.Adopt(t.Context())
	require.NoError(t, err)
	require.Len(t, adopted, 1)
	t.Cleanup(func() { end(t, adopted[0]) })
	next(t, adopted[0], anyOf[openvpn.NeedCredentials])
}

// What cannot be managed is ended, and so is what nobody knows.
func TestAdoptEnds(t *testing.T) {
	dir := folder(t)
	r := fake(t, process.Options{Folder: dir, Timeout: time.Second})
	p, err := r.Start(t.Context(), launch("a"))
	require.NoError(t, err)
	state(t, p, "CONNECTED")
	require.NoError(t, p.Release())
	t.Run("no record", func(t *testing.T) {
		require.NoError(t, os.Remove(filepath.Join(dir, "a", "record")))
		adopted, err := r.Adopt(t.Context())
		require.NoError(t, err)
		assert.Empty(t, adopted)
		assert.ErrorIs(t, syscall.Kill(p.PID(), 0), syscall.ESRCH)
	})
	t.Run("stopped", func(t *testing.T) {
		p, err := r.Start(t.Context(), launch("a"))
		require.NoError(t, err)
		state(t, p, "CONNECTED")
		require.NoError(t, p.Release())
		stop(t, p.PID())
		adopted, err := r.Adopt(t.Context())
		require.NoError(t, err)
		assert.Empty(t, adopted)
		assert.ErrorIs(t, syscall.Kill(p.PID(), 0), syscall.ESRCH)
	})
	t.Run("recycled pid", func(t *testing.T) {
		// A record that names this very process, as if its pid had been
		// given again: nothing happens to it.
		text := fmt.Sprintf(`{"identity":{"pid":%d,"start":1,"boot":"x"},"digest":"d"}`, os.Getpid())
		require.NoError(t, os.WriteFile(filepath.Join(dir, "a", "record"), []byte(text), 0o600))
		adopted, err := r.Adopt(t.Context())
		require.NoError(t, err)
		assert.Empty(t, adopted)
	})
	t.Run("broken record", func(t *testing.T) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "a", "record"), []byte(`{"ident`), 0o600))
		adopted, err := r.Adopt(t.Context())
		require.NoError(t, err)
		assert.Empty(t, adopted)
	})
	state(t, start(t, r, launch("a")), "CONNECTED")
}

// The child of a gateway that is killed stays, and the next life has it.
func TestGatewayIsKilled(t *testing.T) {
	dir := folder(t)
	program, err := os.Executable()
	require.NoError(t, err)
	text, err := json.Marshal(launch("a"))
	require.NoError(t, err)
	cmd := exec.Command(program, gatewayWord, program, dir, string(text))
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	pid := 0
	for lines.Scan() {
		if n, _ := fmt.Sscanf(lines.Text(), "connected %d", &pid); n == 1 {
			break
		}
	}
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.NotZero(t, pid)

	r := fake(t, process.Options{Folder: dir})
	adopted, err := r.Adopt(t.Context())
	require.NoError(t, err)
	require.Len(t, adopted, 1)
	assert.Equal(t, pid, adopted[0].PID())
	state(t, adopted[0], "CONNECTED")
	require.NoError(t, adopted[0].Kill())
	exited := next(t, adopted[0], anyOf[openvpn.Exited])
	assert.Contains(t, exited.Status, "not known")
	state(t, start(t, r, launch("a")), "CONNECTED")
}

// A gateway is killed in the middle of a start, anywhere: the next one finds
// what is there, and nothing runs twice or unseen.
func TestKilledInTheMiddleOfAStart(t *testing.T) {
	program, err := os.Executable()
	require.NoError(t, err)
	text, err := json.Marshal(launch("a"))
	require.NoError(t, err)
	dir := folder(t)
	r := fake(t, process.Options{Folder: dir})
	for try := range 8 {
		cmd := exec.Command(program, gatewayWord, program, dir, string(text))
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		_, err = bufio.NewReader(out).ReadString('\n') // it begins
		require.NoError(t, err)
		time.Sleep(time.Duration(try) * 300 * time.Microsecond)
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())

		adopted, err := r.Adopt(t.Context())
		require.NoError(t, err)
		p := first(adopted)
		for p == nil { // under load what was forked may have the lock a while yet
			if p, err = r.Start(t.Context(), launch("a")); err != nil {
				require.ErrorIs(t, err, openvpn.ErrBusy)
				p = nil
			}
		}
		state(t, p, "CONNECTED")
		assert.Equal(t, []int{p.PID()}, running(t, dir), "try %d", try)
		end(t, p)
		assert.Empty(t, running(t, dir))
	}
}

func first(all []openvpn.Process) openvpn.Process {
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// running returns the processes that have a folder among their arguments as
// an openvpn has.
func running(t *testing.T, folder string) (pids []int) {
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, path := range all {
		args, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(args), "--management\x00"+folder+"/") {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			require.NoError(t, err)
			pids = append(pids, pid)
		}
	}
	return pids
}
