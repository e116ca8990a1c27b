package strongswan

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest/fakecharon"
)

// Each test with a letter is about one defect of govici v0.8.1.

// charon returns a fake, and a link to it.
func charon(t testing.TB, timeout time.Duration) (*fakecharon.Daemon, *link) {
	t.Helper()
	dir, err := os.MkdirTemp("", "fc") // short enough for a socket
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	d, err := fakecharon.Start(filepath.Join(dir, "vici"), fakecharon.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	l := newLink(func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", d.Socket())
	}, timeout)
	t.Cleanup(l.close)
	return d, l
}

func version(t *testing.T, l *link) {
	t.Helper()
	m, err := l.call(t.Context(), "version", nil)
	require.NoError(t, err)
	assert.Equal(t, "charon-systemd", m.Text("daemon"))
}

// a: govici ends a session when nothing comes for 5 s.
func TestPatience(t *testing.T) {
	t.Parallel()
	d, l := charon(t, 20*time.Second)
	d.Inject(fakecharon.Fault{Kind: fakecharon.Slow, Command: "version", Delay: 5500 * time.Millisecond, Times: 1})
	version(t, l)
	version(t, l)
}

// b: govici lets go of its lock before a stream is read.
func TestOneAtATime(t *testing.T) {
	d, l := charon(t, 20*time.Second)
	d.AddSAs("x", 300)
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for range 10 {
				assert.Equal(t, 300, items(t, l, 0))
				_, err := l.call(t.Context(), "version", nil)
				assert.NoError(t, err)
			}
		})
	}
	work.Wait()
}

// items counts the SAs of a list; each takes a while to take.
func items(t *testing.T, l *link, pause time.Duration) int {
	n := 0
	err := l.stream(t.Context(), 20*time.Second, "list-sas", "list-sa", nil, func(*vici.Message) {
		n++
		time.Sleep(pause)
	})
	assert.NoError(t, err)
	return n
}

// c: govici drops what is beyond 128 packets, the end of the stream too.
func TestNothingIsDropped(t *testing.T) {
	d, l := charon(t, 20*time.Second)
	d.AddSAs("x", 601)
	for range 20 {
		require.Equal(t, 601, items(t, l, 0))
	}
	require.Equal(t, 601, items(t, l, 500*time.Microsecond))
}

// d: a stream of govici that is left early spoils the next call. g: so does a
// call that is given up.
func TestAfterABrokenCall(t *testing.T) {
	for _, kind := range []fakecharon.Kind{fakecharon.Hang, fakecharon.Hangup, fakecharon.Junk} {
		t.Run(string(kind), func(t *testing.T) {
			d, l := charon(t, 100*time.Millisecond)
			d.AddSAs("x", 10)
			for _, after := range []int{0, 5} {
				d.Inject(fakecharon.Fault{Kind: kind, Command: "list-sas", After: after, Data: []byte("\x00\x00\x00\x02\x07\xff")})
				err := l.stream(t.Context(), 100*time.Millisecond, "list-sas", "list-sa", nil, func(*vici.Message) {})
				require.ErrorIs(t, err, ipsec.ErrUnavailable)
				version(t, l)
				d.Heal()
			}
			d.Inject(fakecharon.Fault{Kind: kind, Command: "stats", Data: []byte("\x00\x00\x00\x02\x07\xff")})
			_, err := l.call(t.Context(), "stats", nil)
			require.ErrorIs(t, err, ipsec.ErrUnavailable)
			version(t, l)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err = l.call(ctx, "version", nil)
			require.ErrorIs(t, err, context.Canceled)
			version(t, l)
		})
	}
}

// e: an event before the confirmation has govici wait for itself for ever.
func TestEarlyEvent(t *testing.T) {
	d, l := charon(t, 10*time.Second)
	d.Inject(fakecharon.Fault{Kind: fakecharon.Early, Command: "ike-updown"})
	events, err := l.subscribe(t.Context(), "ike-updown")
	require.NoError(t, err)
	select {
	case <-events:
	case <-time.After(10 * time.Second):
		require.Fail(t, "the early event was lost")
	}
}

// A registration that is not answered is given up, without a goroutine left.
func TestSubscribeHangs(t *testing.T) {
	d, l := charon(t, 50*time.Millisecond)
	for _, kind := range []fakecharon.Kind{fakecharon.Hang, fakecharon.Hangup, fakecharon.Unknown} {
		d.Inject(fakecharon.Fault{Kind: kind, Command: "ike-updown"})
		_, err := l.subscribe(t.Context(), "ike-updown")
		require.ErrorIs(t, err, ipsec.ErrUnavailable, "%s", kind)
		d.Heal()
	}
}

// f: govici loses events when nobody takes them.
func TestNoEventIsLost(t *testing.T) {
	d, l := charon(t, 10*time.Second)
	events, err := l.subscribe(t.Context(), "ike-updown")
	require.NoError(t, err)
	for i := range 1000 {
		d.UpDown(fmt.Sprint("x", i), true)
	}
	for i := range 1000 {
		e := <-events
		l.took()
		require.True(t, fromGovici(e.Message).Has(fmt.Sprint("x", i)), "event %d", i)
	}
	d.Kill()
	_, open := <-events
	assert.False(t, open, "the end of charon closes the channel")
}

// h: govici has a number for a command that is not known.
func TestUnknownCommand(t *testing.T) {
	_, l := charon(t, 10*time.Second)
	_, err := l.call(t.Context(), "no-such-command", nil)
	require.ErrorContains(t, err, "charon does not know no-such-command")
	err = l.stream(t.Context(), time.Second, "no-such-command", "list-sa", nil, func(*vici.Message) {})
	require.ErrorContains(t, err, "charon does not know no-such-command")
	version(t, l)
}

// i: one channel of two sessions is closed twice, which ends the program.
func TestChannelsOfTheirOwn(t *testing.T) {
	d, l := charon(t, 10*time.Second)
	other := newLink(l.dial, time.Second)
	defer other.close()
	first, err := l.subscribe(t.Context(), "ike-updown")
	require.NoError(t, err)
	second, err := other.subscribe(t.Context(), "ike-updown")
	require.NoError(t, err)
	d.Kill()
	_, open := <-first
	assert.False(t, open)
	_, open = <-second
	assert.False(t, open)
}

// A length of 4 GiB is not reserved, as govici would.
func TestHugePacket(t *testing.T) {
	d, l := charon(t, 10*time.Second)
	d.Inject(fakecharon.Fault{Kind: fakecharon.Junk, Command: "stats", Data: []byte("\xff\xff\xff\xff")})
	_, err := l.call(t.Context(), "stats", nil)
	require.ErrorIs(t, err, ipsec.ErrUnavailable)
}

func TestEventsWithoutConfirmation(t *testing.T) {
	near, far := net.Pipe()
	g := newGate(near)
	go func() {
		defer func() { _ = far.Close() }()
		b, _ := vici.Packet{Type: vici.Event, Name: "ike-updown"}.Append(nil)
		for {
			if _, err := far.Write(b); err != nil {
				return
			}
		}
	}()
	g.asking = true
	_, err := g.Read(make([]byte, 10))
	require.ErrorIs(t, err, errHeld)
	require.NoError(t, g.Close())
}

func TestPipelineFaults(t *testing.T) {
	requests := []request{{"version", nil}, {"stats", nil}, {"version", nil}}
	for name, c := range map[string]struct {
		fault fakecharon.Fault
		err   error
		got   int
	}{
		"hang":    {fakecharon.Fault{Kind: fakecharon.Hang, Command: "stats"}, ipsec.ErrUnavailable, 1},
		"hang up": {fakecharon.Fault{Kind: fakecharon.Hangup, Command: "stats"}, ipsec.ErrUnavailable, 1},
		"junk":    {fakecharon.Fault{Kind: fakecharon.Junk, Command: "stats", Data: []byte("\x00\x00\x00\x01\x09")}, ipsec.ErrUnavailable, 1},
		"event":   {fakecharon.Fault{Kind: fakecharon.Junk, Command: "stats", Data: []byte("\x00\x00\x00\x03\x07\x01x")}, ipsec.ErrUnavailable, 1},
		"unknown": {fakecharon.Fault{Kind: fakecharon.Unknown, Command: "stats"}, nil, 3},
		"refused": {fakecharon.Fault{Kind: fakecharon.Refuse, Command: "stats", Text: "no"}, nil, 3},
		"slow":    {fakecharon.Fault{Kind: fakecharon.Slow, Command: "stats", Delay: time.Millisecond}, nil, 3},
	} {
		t.Run(name, func(t *testing.T) {
			d, l := charon(t, time.Second)
			d.Inject(c.fault)
			replies, err := pipeline(t.Context(), l.dial, 200*time.Millisecond, requests)
			require.ErrorIs(t, err, c.err)
			require.Len(t, replies, c.got)
			if c.fault.Kind == fakecharon.Unknown || c.fault.Kind == fakecharon.Refuse {
				var r *refusal
				assert.True(t, errors.As(replies[1].err, &r))
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		d, l := charon(t, time.Second)
		d.Inject(fakecharon.Fault{Kind: fakecharon.Hang})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		_, err := pipeline(ctx, l.dial, time.Minute, requests)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("too long", func(t *testing.T) {
		_, l := charon(t, time.Second)
		_, err := pipeline(t.Context(), l.dial, time.Second, []request{{"version", new(vici.Message).Set("k", string(make([]byte, 1<<17)))}})
		require.Error(t, err)
	})
}
