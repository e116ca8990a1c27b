package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
)

// SyslogRig is a provider of the system log, and the way by which its log grows.
type SyslogRig struct {
	Syslog api.Syslog
	// Append lets the log gain lines, in their order. A line of the log
	// holds each as a part: with a time before it, for instance. When it
	// returns, WriteLog writes them. It never runs at the same time as
	// another Append.
	Append func(t *testing.T, lines ...string)
}

// TestSyslog runs the conformance tests of [api.Syslog], each on what open
// returns: a log that has room for 200 short lines. Lines that the test did
// not append may be in it.
func TestSyslog(t *testing.T, open func(t *testing.T) SyslogRig) {
	for name, run := range map[string]func(*testing.T, SyslogRig){
		"oldest_first":         oldestFirst,
		"newest_seen":          newestSeen,
		"readings_are_whole":   readingsAreWhole,
		"bounded_pieces":       boundedPieces,
		"context_ended_before": contextEndedBefore,
		"context_ends_midway":  contextEndsMidway,
		"writer_fails":         writerFails,
		"concurrent_writing":   concurrentWriting,
	} {
		t.Run(name, func(t *testing.T) { run(t, open(t)) })
	}
}

// numbered returns n lines that no log holds by chance.
func numbered(mark string, n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("fieldgate-suite %s %03d.", mark, i)
	}
	return lines
}

func read(t *testing.T, s api.Syslog) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, s.WriteLog(t.Context(), &b))
	return b.String()
}

// assertHolds demands one line for each of want, in this order.
func assertHolds(t *testing.T, text string, want []string) {
	t.Helper()
	assert.True(t, strings.HasSuffix(text, "\n"), "the last line has no end")
	lines := strings.Split(text, "\n")
	for _, w := range want {
		at := -1
		for i, line := range lines {
			if strings.Contains(line, w) {
				at = i
				break
			}
		}
		if !assert.GreaterOrEqual(t, at, 0, "%q is missing or out of order in:\n%s", w, text) {
			return
		}
		lines = lines[at+1:]
	}
}

func oldestFirst(t *testing.T, l SyslogRig) {
	want := numbered("order", 200)
	l.Append(t, want...)
	assertHolds(t, read(t, l.Syslog), want)
}

func newestSeen(t *testing.T, l SyslogRig) {
	first, second := numbered("first", 3), numbered("second", 3)
	l.Append(t, first...)
	text := read(t, l.Syslog)
	assertHolds(t, text, first)
	assert.NotContains(t, text, second[0])
	l.Append(t, second...)
	assertHolds(t, read(t, l.Syslog), append(first, second...))
}

func readingsAreWhole(t *testing.T, l SyslogRig) {
	want := numbered("again", 20)
	l.Append(t, want...)
	assertHolds(t, read(t, l.Syslog), want)
	assertHolds(t, read(t, l.Syslog), want)
}

// writerFunc is an io.Writer.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// maxPiece is the most that a provider may hold in memory to write at once.
const maxPiece = 1 << 20

func boundedPieces(t *testing.T, l SyslogRig) {
	l.Append(t, numbered("pieces", 200)...)
	require.NoError(t, l.Syslog.WriteLog(t.Context(), writerFunc(func(p []byte) (int, error) {
		assert.LessOrEqual(t, len(p), maxPiece)
		return len(p), nil
	})))
}

func contextEndedBefore(t *testing.T, l SyslogRig) {
	l.Append(t, numbered("before", 3)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, l.Syslog.WriteLog(ctx, new(bytes.Buffer)), context.Canceled)
}

func contextEndsMidway(t *testing.T, l SyslogRig) {
	l.Append(t, numbered("midway", 200)...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	start := time.Now()
	err := l.Syslog.WriteLog(ctx, writerFunc(func(p []byte) (int, error) {
		cancel()
		return len(p), nil
	}))
	if err != nil { // a log written in one piece is complete already
		require.ErrorIs(t, err, context.Canceled)
	}
	assert.Less(t, time.Since(start), 5*time.Second)
}

func writerFails(t *testing.T, l SyslogRig) {
	l.Append(t, numbered("writer", 200)...)
	full := errors.New("the client has gone")
	calls := 0
	err := l.Syslog.WriteLog(t.Context(), writerFunc(func([]byte) (int, error) {
		calls++
		return 0, full
	}))
	require.ErrorIs(t, err, full)
	assert.Equal(t, 1, calls, "writing went on after a failure")
}

func concurrentWriting(t *testing.T, l SyslogRig) {
	want := numbered("concurrent", 20)
	l.Append(t, want...)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var b bytes.Buffer
			if assert.NoError(t, l.Syslog.WriteLog(t.Context(), &b)) {
				assertHolds(t, b.String(), want)
			}
		})
	}
	wg.Wait()
}
