package main

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestExcuses(t *testing.T) {
	l := newLedger(io.Discard)
	now := time.Now()
	assert.False(t, l.excused(everything, now.Add(-time.Hour), now), "nothing was disturbed")
	end := l.disturb("unplug", line1)
	assert.True(t, l.excused(line0|line1, now, time.Now()))
	assert.False(t, l.excused(line0|web, now, time.Now()), "of another part")
	assert.False(t, l.excused(line1, now.Add(-time.Hour), now.Add(-time.Minute)), "before")
	end()
	assert.True(t, l.excused(line1, time.Now().Add(grace[line1]/2), time.Now().Add(time.Hour)), "just over")
	assert.False(t, l.excused(line1, time.Now().Add(grace[line1]+time.Second), time.Now().Add(time.Hour)), "long over")
	l.touch("apply", web)()
	assert.True(t, l.excused(web, time.Now().Add(briefly/2), time.Now().Add(time.Hour)))
	assert.False(t, l.excused(web, time.Now().Add(briefly+time.Second), time.Now().Add(time.Hour)))
	assert.True(t, l.caused("unplug", time.Minute))
	assert.False(t, l.caused("unplug", -time.Minute))
	assert.False(t, l.faulty())
	l.fault("broken %d", 7)
	assert.True(t, l.faulty())
	assert.Contains(t, l.faultText(), "broken 7")
}

// What the gateway says is judged line by line.
func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		line  string
		fault bool
	}{
		"information":   {`level=INFO msg=started service=web`, false},
		"a warning":     {`level=WARN msg="no IKE daemon" error="level=ERROR msg=x"`, false},
		"an error":      {`time=x level=ERROR msg="service died" service=web`, true},
		"an error word": {`time=x level=ERROR msg=strange`, true},
		"a race":        {"WARNING: DATA RACE", true},
		"a panic":       {"panic: runtime error", true},
		"not provoked":  {`level=ERROR msg="the configuration cannot be read, an older one is in force"`, true},
	} {
		t.Run(name, func(t *testing.T) {
			g := &gateway{ledger: newLedger(io.Discard)}
			g.judge(c.line)
			assert.Equal(t, c.fault, g.ledger.faulty())
		})
	}
	t.Run("provoked", func(t *testing.T) {
		g := &gateway{ledger: newLedger(io.Discard)}
		g.ledger.disturb(brokenFile, 0)()
		g.judge(`level=ERROR msg="the configuration cannot be read, an older one is in force" error=x`)
		assert.False(t, g.ledger.faulty())
	})
}

func TestPlaces(t *testing.T) {
	config := map[string]any{
		"device": map[string]any{"model": "one"},
		"snmp":   map[string]any{"system": map[string]any{"location": "here"}},
		"ipsec":  map[string]any{"connections": []any{map[string]any{"name": "a"}, map[string]any{"name": "demo1", "dpd_delay": "30s"}}},
	}
	assert.Equal(t, values{"device model": "one", "snmp system.location": "here", "ipsec/connections/demo1 dpd_delay": "30s"}, valuesOf(config))
	parent, key := at(config, "ipsec", "connections", "demo1", "dpd_delay")
	parent[key] = "31s"
	assert.Equal(t, "31s", valuesOf(config)["ipsec/connections/demo1 dpd_delay"])
	for _, path := range [][]string{{}, {"ipsec", "connections", "none", "x"}, {"device", "model", "x"}, {"none", "x"}} {
		parent, _ := at(config, path...)
		assert.Nil(t, parent, path)
	}
}

func TestTelnetClient(t *testing.T) {
	in := []byte{'a', iac, iac, 'b', iac, do, optionBinary, iac, will, optionSGA, iac, do, 44, iac, will, 1, iac, sb, 44, 1, 2, iac, se, 'c', iac, 241, 'd', iac, do}
	b := make([]byte, 100)
	n, rest, answer := plain(b, in)
	assert.Equal(t, []byte{'a', iac, 'b', 'c', 'd'}, b[:n])
	assert.Equal(t, []byte{iac, do}, rest, "a command that is not there as a whole")
	assert.Equal(t, []byte{iac, will, optionBinary, iac, do, optionSGA, iac, wont, 44, iac, dont, 1}, answer)
}

// peers returns two ends of a connection; what the other end gets is handed on
// as change says.
func echoing(t *testing.T, change func(n int, b []byte) []byte) net.Conn {
	t.Helper()
	near, far := net.Pipe()
	done := make(chan struct{})
	t.Cleanup(func() { _ = near.Close(); _ = far.Close(); <-done })
	go func() {
		defer close(done)
		pipe, in := io.Pipe()
		go func() { _, err := io.Copy(in, far); _ = in.CloseWithError(errors.Join(err, io.EOF)) }()
		_, _ = far.Write([]byte("left over from another client"))
		b := make([]byte, 4096)
		for total := 0; ; {
			n, err := pipe.Read(b)
			if err != nil {
				return
			}
			if _, err := far.Write(change(total, bytes.Clone(b[:n]))); err != nil {
				return
			}
			total += n
		}
	}()
	return near
}

func TestEchoSession(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	last, err := echoSession(echoing(t, func(_ int, b []byte) []byte { return b }), rng, 20)
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), last, time.Minute)

	_, err = echoSession(echoing(t, func(n int, b []byte) []byte {
		if n > 3000 {
			b[len(b)/2] ^= 1
		}
		return b
	}), rng, 20)
	var wrong *wrongBytes
	require.ErrorAs(t, err, &wrong)
	assert.Regexp(t, `wrong bytes from \d+ of \d+ on: `, err.Error())

	conn := echoing(t, func(_ int, b []byte) []byte { return b })
	require.NoError(t, conn.Close())
	_, err = echoSession(conn, rng, 1)
	require.ErrorIs(t, err, errNoSession)
}

func TestBounds(t *testing.T) {
	before := figures{goroutines: 50, descriptors: 20, children: 2, threads: 10, resident: 100_000_000, heap: 8_000_000, files: 40, stored: 100_000}
	over := func(f func(*figures)) (all []string) {
		after := before
		f(&after)
		for _, b := range bounds(before, after) {
			if b.after > b.most {
				all = append(all, b.what)
			}
		}
		return all
	}
	assert.Empty(t, over(func(*figures) {}))
	assert.Equal(t, []string{"goroutines"}, over(func(f *figures) { f.goroutines += 4 }))
	assert.Equal(t, []string{"child processes"}, over(func(f *figures) { f.children++ }))
	assert.Equal(t, []string{"resident memory, MB"}, over(func(f *figures) { f.resident *= 2 }))
}

func TestFigure(t *testing.T) {
	n, err := figure([]byte("# HELP go_goroutines x\ngo_goroutines 65\nprocess_x 1\n"), "go_goroutines")
	require.NoError(t, err)
	assert.Equal(t, 65, n)
	_, err = figure(nil, "go_goroutines")
	require.Error(t, err)
}
