package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
)

func TestParseStat(t *testing.T) {
	state, start, err := parseStat([]byte("42 (a) b (c) S 1 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 1"))
	require.NoError(t, err)
	assert.Equal(t, byte('S'), state)
	assert.Equal(t, uint64(987654), start)
	for _, text := range []string{"", "42 (a)", "42 (a) S 1", "42 (a) SS 1 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 1", "no bracket"} {
		_, _, err := parseStat([]byte(text))
		assert.Error(t, err, text)
	}
}

// A process is not taken for another one with its pid.
func TestIdentity(t *testing.T) {
	child := exec.Command("sleep", "600")
	require.NoError(t, child.Start())
	defer func() { _ = child.Wait() }() // of a signal
	defer func() { _ = child.Process.Kill() }()
	id, err := identify(child.Process.Pid)
	require.NoError(t, err)
	assert.True(t, id.alive())
	for name, other := range map[string]identity{
		"start": {id.PID, id.Start + 1, id.Boot}, "boot": {id.PID, id.Start, "another"}, "pid": {1 << 30, id.Start, id.Boot},
	} {
		assert.False(t, other.alive(), name)
		assert.ErrorIs(t, other.signal(0), os.ErrProcessDone, name)
	}
	assert.NoError(t, id.signal(0))
}

func TestInstanceOf(t *testing.T) {
	for args, want := range map[string]string{
		"openvpn --config /f/a/config --management /f/a/socket unix": "a",
		"openvpn --management /f/a/socket":                           "a",
		"openvpn --management":                                       "",
		"openvpn --management /g/a/socket unix":                      "",
		"openvpn --management /f/../a/socket unix":                   "",
		"openvpn --management /f/a/b/socket unix":                    "",
		"openvpn --management 127.0.0.1 7505":                        "",
		"":                                                           "",
	} {
		got, ok := instanceOf(strings.Split(args, " "), "/f")
		assert.Equal(t, want != "", ok, args)
		if ok {
			assert.Equal(t, want, got)
		}
	}
}

func log(text string) openvpn.Event   { return openvpn.LogLine{Text: text} }
func state(name string) openvpn.Event { return openvpn.StateChanged{Name: name} }

// A slow reader misses lines of the log, and no state.
func TestQueue(t *testing.T) {
	q := newQueue()
	const many = 5000
	for range many {
		q.put(log("x"))
		q.put(state("S"))
	}
	q.finish()
	q.put(log("after the end"))
	logs, states := 0, 0
	for e := range q.out {
		if _, ok := e.(openvpn.StateChanged); ok {
			states++
		} else {
			logs++
		}
	}
	assert.Equal(t, many, states)
	assert.Less(t, logs, queueLogs+queueReady+1)
	assert.NotZero(t, logs)
}

func TestQueueDrop(t *testing.T) {
	for _, late := range []int{0, 1, 1000} {
		q := newQueue()
		for range late {
			q.put(state("S"))
		}
		q.drop()
		n := 0
		for range q.out {
			n++
		}
		assert.LessOrEqual(t, n, queueReady+1)
	}
}

// What is printed takes no more than a pipe holds when nobody reads it, and
// its end is kept when somebody does.
func TestOutput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "output")
	o, child, err := makeOutput(path)
	require.NoError(t, err)
	defer o.close()
	fd := int(child.Fd())
	total := 0
	for range 1000 { // a full pipe refuses, and nobody waits
		n, err := syscall.Write(fd, []byte(strings.Repeat("x\n", 512)))
		if err != nil {
			require.ErrorIs(t, err, syscall.EAGAIN)
			break
		}
		total += n
	}
	assert.GreaterOrEqual(t, total, 2*drainOutput)
	assert.LessOrEqual(t, total, 1<<20)
	o.read()
	assert.Len(t, o.end, tailOutput)
	_, err = syscall.Write(fd, []byte("last\nMANAGEMENT: CMD 'pid'\nnew\n"))
	require.NoError(t, err)

	again, err := openOutput(path) // as the next life does
	require.NoError(t, err)
	defer again.close()
	assert.Equal(t, []string{"last", "new"}, again.lines())
	require.NoError(t, child.Close())
	assert.Len(t, o.lines(), tailLines, "after the end, too")
	_, err = openOutput(path + "none")
	assert.ErrorIs(t, err, os.ErrNotExist)
}
