package process

import (
	"os"
	"path/filepath"
	"strings"
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
	id, err := identify(os.Getpid())
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

// The output is cut once it is long, and its end is kept.
func TestOutput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "output")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("x\n", maxOutput/2)), 0o600))
	end, err := cut(path)
	require.NoError(t, err)
	assert.Empty(t, end, "not yet")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	_, err = f.WriteString("last\n")
	require.NoError(t, err)
	end, err = cut(path)
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(end, "x\nlast\n"))
	_, err = f.WriteString("MANAGEMENT: CMD 'pid'\nnew\n")
	require.NoError(t, err)
	lines := lastLines(end + tail(path))
	assert.Len(t, lines, tailLines)
	assert.Equal(t, []string{"last", "new"}, lines[tailLines-2:])
	assert.Empty(t, tail(path+"none"))
}
