package suite

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
)

// linePort opens the device, which must have the methods of a LinePort.
func linePort(t *testing.T, r Rig, m ser2net.Mode) ser2net.LinePort {
	t.Helper()
	p, ok := r.open(t, m).(ser2net.LinePort)
	if !ok {
		require.False(t, r.Lines, "the rig has lines")
		t.Skip("the backend has no modem lines")
	}
	return p
}

func lines(t *testing.T, r Rig) {
	p := linePort(t, r, ser2net.DefaultMode())
	on, off := true, false
	if !r.Lines {
		_, err := p.Lines()
		assert.ErrorIs(t, err, ser2net.ErrNoLines)
		assert.ErrorIs(t, p.SetLines(&on, &off), ser2net.ErrNoLines)
		assert.ErrorIs(t, p.SetLines(nil, nil), ser2net.ErrNoLines)
		_, err = p.WaitLines(t.Context(), ser2net.Lines{})
		assert.ErrorIs(t, err, ser2net.ErrNoLines)
		return
	}
	now, err := p.Lines()
	require.NoError(t, err)
	assert.True(t, now.DTR && now.RTS, "the driver raises both: %+v", now)
	for _, step := range []struct{ set, want [2]*bool }{
		{[2]*bool{&off, nil}, [2]*bool{&off, &on}},
		{[2]*bool{nil, &off}, [2]*bool{&off, &off}},
		{[2]*bool{nil, nil}, [2]*bool{&off, &off}},
		{[2]*bool{&on, nil}, [2]*bool{&on, &off}},
		{[2]*bool{&off, &on}, [2]*bool{&off, &on}},
		{[2]*bool{&on, &on}, [2]*bool{&on, &on}},
	} {
		require.NoError(t, p.SetLines(step.set[0], step.set[1]))
		now, err := p.Lines()
		require.NoError(t, err)
		assert.Equal(t, [2]bool{*step.want[0], *step.want[1]}, [2]bool{now.DTR, now.RTS})
	}
}

func linesAreCrossed(t *testing.T, r Rig) {
	peer, ok := r.Peer.(ser2net.LinePort)
	if !r.Lines || !ok {
		t.Skip("the rig has no wires to the peer")
	}
	p := linePort(t, r, ser2net.DefaultMode())
	for _, from := range []struct {
		name string
		a, b ser2net.LinePort
	}{{"device to peer", p, peer}, {"peer to device", peer, p}} {
		t.Run(from.name, func(t *testing.T) {
			for _, dtr := range []bool{false, true} {
				for _, rts := range []bool{false, true} {
					require.NoError(t, from.a.SetLines(&dtr, &rts))
					got, err := from.b.Lines()
					require.NoError(t, err)
					assert.Equal(t, [3]bool{dtr, dtr, rts}, [3]bool{got.DSR, got.DCD, got.CTS}, "DSR, DCD, CTS")
				}
			}
		})
	}
}

func firstLines(t *testing.T, r Rig) {
	on, off := true, false
	m := ser2net.DefaultMode()
	m.DTR, m.RTS = &off, &on
	p := linePort(t, r, m) // no error, also without lines
	if !r.Lines {
		return
	}
	now, err := p.Lines()
	require.NoError(t, err)
	assert.Equal(t, [2]bool{false, true}, [2]bool{now.DTR, now.RTS}, "DTR, RTS")

	m.DTR, m.RTS = nil, &off
	require.NoError(t, p.(ser2net.Port).SetMode(m))
	now, err = p.Lines()
	require.NoError(t, err)
	assert.Equal(t, [2]bool{false, false}, [2]bool{now.DTR, now.RTS}, "after SetMode")
}

func waitForLines(t *testing.T, r Rig) {
	if !r.Lines {
		t.Skip("the rig has no modem lines")
	}
	p := linePort(t, r, ser2net.DefaultMode())
	off := false
	since, err := p.Lines()
	require.NoError(t, err)

	// A device may tell its lines some time after it was opened, once.
	for range 8 {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		var late ser2net.Lines
		late, err = p.WaitLines(ctx, since)
		cancel()
		if err != nil {
			break
		}
		require.NotEqual(t, since, late, "it returns though nothing has changed")
		since = late
	}
	require.ErrorIs(t, err, context.DeadlineExceeded, "nothing changes")

	within(t, "WaitLines", func() {
		got, err := p.WaitLines(t.Context(), ser2net.Lines{RI: !since.RI})
		assert.NoError(t, err)
		assert.Equal(t, since, got, "differs already")
	})
	changed := make(chan ser2net.Lines, 1)
	go func() {
		got, err := p.WaitLines(t.Context(), since)
		assert.NoError(t, err)
		changed <- got
	}()
	time.Sleep(20 * time.Millisecond)
	require.NoError(t, p.SetLines(nil, &off))
	within(t, "WaitLines", func() { assert.False(t, (<-changed).RTS) })

	ended := make(chan error, 1)
	since, err = p.Lines()
	require.NoError(t, err)
	go func() {
		_, err := p.WaitLines(t.Context(), since)
		ended <- err
	}()
	time.Sleep(20 * time.Millisecond)
	require.NoError(t, p.(ser2net.Port).Close())
	within(t, "WaitLines", func() { assert.ErrorIs(t, <-ended, os.ErrClosed) })
}

// A break comes after the output before it, and does not wait for output that
// the line does not take.
func sendBreak(t *testing.T, r Rig) {
	p := r.open(t, ser2net.Mode{Baud: 115200})
	b, ok := p.(ser2net.BreakPort)
	if !ok {
		t.Skip("the backend cannot send breaks")
	}
	err := b.SetBreak(true)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("the backend cannot hold a break")
	}
	require.NoError(t, err)
	require.NoError(t, b.SetBreak(false))

	if r.Unlimited {
		return
	}
	written := make(chan error, 1)
	go func() {
		_, err := p.Write(bytes.Repeat([]byte("stuck "), 1<<16))
		written <- err
	}()
	time.Sleep(50 * time.Millisecond)
	broken := make(chan error, 1)
	go func() { broken <- b.SetBreak(true) }()
	select {
	case err := <-broken: // some drivers cannot drop their output
		assert.True(t, err == nil || errors.Is(err, os.ErrDeadlineExceeded), "%v", err)
	case <-time.After(limit):
		assert.Fail(t, "SetBreak hangs")
	}
	within(t, "Close", func() { assert.NoError(t, p.Close()) })
	within(t, "Write", func() { <-written })
}

func receiveBreak(t *testing.T, r Rig) {
	peer, ok := r.Peer.(ser2net.BreakPort)
	if !ok || !r.Counts {
		t.Skip("the rig shows no breaks")
	}
	p := r.open(t, ser2net.DefaultMode())
	for range 3 {
		require.NoError(t, peer.SetBreak(true))
		time.Sleep(20 * time.Millisecond)
		require.NoError(t, peer.SetBreak(false))
	}
	want := "data" // a break is no byte
	if r.ZeroForBreak {
		want = "\x00\x00\x00data"
	}
	send(t, r.Peer, []byte("data"))
	receive(t, p, []byte(want))
	got, err := p.(ser2net.CountPort).Counters()
	require.NoError(t, err)
	assert.Equal(t, uint64(3), got.Break)
}

func counters(t *testing.T, r Rig) {
	for range 2 { // the second user counts from zero
		p := r.open(t, ser2net.Mode{Baud: 115200})
		c, ok := p.(ser2net.CountPort)
		if !ok {
			require.False(t, r.Counts, "the rig counts")
			t.Skip("the backend does not count")
		}
		if !r.Counts {
			_, err := c.Counters()
			assert.ErrorIs(t, err, errors.ErrUnsupported)
			return
		}
		send(t, p, []byte("hello"))
		receive(t, r.Peer, []byte("hello"))
		send(t, r.Peer, []byte("yes"))
		receive(t, p, []byte("yes"))
		got, err := c.Counters()
		require.NoError(t, err)
		want := ser2net.Counters{}
		if r.CountsBytes {
			want = ser2net.Counters{Rx: 3, Tx: 5}
		}
		assert.Equal(t, want, got)
		require.NoError(t, p.Close())
	}
}
