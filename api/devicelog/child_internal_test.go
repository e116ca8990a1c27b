package devicelog

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// script is a child of the test's own making: the paths of the real ones are
// fixed.
func script(t *testing.T, text string) child {
	t.Helper()
	path := filepath.Join(t.TempDir(), "logscript")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700))
	return child{paths: []string{"/nonexistent/logscript", path}}
}

func TestChildReasons(t *testing.T) {
	for name, c := range map[string]struct {
		script, want string
	}{
		"first_line_of_stderr": {"echo some; echo; echo >&2; echo ' no access ' >&2; echo more >&2; exit 3", "devicelog: logscript: no access (exit status 3)"},
		"says_nothing":         {"exit 4", "devicelog: logscript: exit status 4"},
		"killed":               {"kill -9 $$", "devicelog: logscript: signal: killed"},
		"not_utf8":             {`printf 'a\377b' >&2; exit 1`, "devicelog: logscript: a\uFFFDb (exit status 1)"},
	} {
		t.Run(name, func(t *testing.T) {
			err := script(t, c.script).run(t.Context(), io.Discard)
			require.EqualError(t, err, c.want)
		})
	}
	t.Run("long_complaint", func(t *testing.T) {
		err := script(t, "head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1").run(t.Context(), io.Discard)
		assert.Less(t, len(err.Error()), 600)
	})
	t.Run("not_installed", func(t *testing.T) {
		err := child{paths: []string{"/nonexistent/a", "/nonexistent/b"}}.run(t.Context(), io.Discard)
		require.EqualError(t, err, "devicelog: a is not installed (looked for /nonexistent/a, /nonexistent/b)")
	})
	t.Run("not_executable", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a")
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.ErrorContains(t, child{paths: []string{path}}.run(t.Context(), io.Discard), "is not installed")
	})
}

func TestChildEnvironmentIsFixed(t *testing.T) {
	t.Setenv("SECRET_OF_THE_DAEMON", "leaked")
	var b bytes.Buffer
	require.NoError(t, script(t, "env").run(t.Context(), &b))
	assert.Contains(t, b.String(), "LC_ALL=C.UTF-8\n")
	assert.NotContains(t, b.String(), "leaked")
}

func TestChildArgumentsAreNotForAShell(t *testing.T) {
	c := script(t, `for a; do echo "<$a>"; done`)
	c.args = []string{"--directory=/a b; echo $(id)", "*"}
	var b bytes.Buffer
	require.NoError(t, c.run(t.Context(), &b))
	assert.Equal(t, "<--directory=/a b; echo $(id)>\n<*>\n", b.String())
}

// When the reader goes, the child goes, with whatever it has started.
func TestChildIsKilledWithItsGroup(t *testing.T) {
	for name, end := range map[string]func(cancel func()) error{
		"context": func(cancel func()) error { cancel(); return nil },
		"writer":  func(func()) error { return io.ErrClosedPipe },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var pids bytes.Buffer
			w := writer(func(p []byte) (int, error) {
				pids.Write(p)
				if strings.Count(pids.String(), "\n") < 2 {
					return len(p), nil
				}
				return len(p), end(cancel)
			})
			start := time.Now()
			err := script(t, "sleep 60 & echo $!; echo $$; wait").run(ctx, w)
			if name == "context" {
				require.ErrorIs(t, err, context.Canceled)
			} else {
				require.ErrorIs(t, err, io.ErrClosedPipe)
			}
			assert.Less(t, time.Since(start), 10*time.Second)
			for text := range strings.FieldsSeq(pids.String()) {
				pid, err := strconv.Atoi(text)
				require.NoError(t, err)
				require.Eventually(t, func() bool { return gone(pid) }, 5*time.Second, 10*time.Millisecond, "process %d lives", pid)
			}
		})
	}
}

// gone tells whether a process has ended; nobody may have collected it yet.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ")
}

type writer func([]byte) (int, error)

func (f writer) Write(p []byte) (int, error) { return f(p) }
