package strongswan_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest/fakecharon"
	"github.com/fieldgate/fieldgate/ipsec/strongswan"
)

// impatient returns a backend that gives up soon, on a busy machine also
// where nothing is wrong.
func impatient(t testing.TB, socket string) *strongswan.Backend {
	t.Helper()
	b, err := strongswan.New(strongswan.Options{Socket: socket, Timeout: 200 * time.Millisecond})
	require.NoError(t, err)
	return b
}

// logging returns a backend and what it logs.
func logging(t testing.TB, socket string) (*strongswan.Backend, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	b, err := strongswan.New(strongswan.Options{Socket: socket, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	return b, &log
}

// connect opens a session until the end of the test.
func connect(t testing.TB, b *strongswan.Backend) ipsec.Session {
	t.Helper()
	s, err := b.Connect(t.Context())
	for end := time.Now().Add(20 * time.Second); errors.Is(err, ipsec.ErrUnavailable) && time.Now().Before(end); {
		s, err = b.Connect(t.Context()) // an impatient one may need more tries
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestOwner(t *testing.T) {
	for _, owner := range []string{"Upper", "with-dash", "with_", "ä", strings.Repeat("x", 33)} {
		_, err := strongswan.New(strongswan.Options{Owner: owner})
		assert.ErrorContains(t, err, "owner", owner)
	}
	b, err := strongswan.New(strongswan.Options{})
	require.NoError(t, err)
	assert.Equal(t, "charon at /var/run/charon.vici", b.String())
}

func TestConnectFaults(t *testing.T) {
	t.Run("no socket", func(t *testing.T) {
		b := impatient(t, filepath.Join(t.TempDir(), "none"))
		_, err := b.Connect(t.Context())
		require.ErrorIs(t, err, ipsec.ErrUnavailable)
		require.ErrorIs(t, err, os.ErrNotExist)
	})
	t.Run("socket of a dead daemon", func(t *testing.T) {
		d := fake(t)
		d.Kill()
		b := impatient(t, d.Socket())
		_, err := b.Connect(t.Context())
		require.ErrorIs(t, err, ipsec.ErrUnavailable)
	})
	t.Run("lock file cannot be made", func(t *testing.T) {
		b, err := strongswan.New(strongswan.Options{Socket: fake(t).Socket(), LockFile: filepath.Join(t.TempDir(), "a", "b")})
		require.NoError(t, err)
		_, err = b.Connect(t.Context())
		require.ErrorContains(t, err, "no such file")
	})
	for _, command := range []string{"version", "ike-updown", "child-rekey"} {
		for _, kind := range []fakecharon.Kind{fakecharon.Hang, fakecharon.Hangup, fakecharon.Junk, fakecharon.Unknown} {
			t.Run(fmt.Sprint(command, " ", kind), func(t *testing.T) {
				d := fake(t)
				b := impatient(t, d.Socket())
				d.Inject(fakecharon.Fault{Kind: kind, Command: command, Data: []byte("\x00\x00\x00\x03abc")})
				_, err := b.Connect(t.Context())
				require.ErrorIs(t, err, ipsec.ErrUnavailable)
				d.Heal()
				connect(t, b) // the lock was given back
			})
		}
	}
}

// A daemon that hangs, hangs up or sends junk ends the session, whatever the
// call; the next session is as good as new.
func TestCallFaults(t *testing.T) {
	for _, kind := range []fakecharon.Kind{fakecharon.Hang, fakecharon.Hangup, fakecharon.Junk} {
		for _, command := range []string{"get-conns", "load-shared", "load-conn", "list-sas", "initiate"} {
			t.Run(fmt.Sprint(command, " ", kind), func(t *testing.T) {
				d := fake(t)
				b := impatient(t, d.Socket())
				s := connect(t, b)
				d.Inject(fakecharon.Fault{Kind: kind, Command: command, Data: []byte("\x00\x00\x00\x03abc")})
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				_, err := s.Apply(ctx, two(t))
				if err == nil && command == "list-sas" {
					_, err = s.SAs(ctx)
				} else if err == nil {
					short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
					defer cancel()
					err = s.Initiate(short, "site1")
				}
				require.Error(t, err)
				if !errors.Is(err, context.DeadlineExceeded) {
					require.ErrorIs(t, err, ipsec.ErrUnavailable)
					<-s.Done()
				}
				assert.NotContains(t, err.Error(), "thebigsecret")
				require.NoError(t, s.Close())
				d.Heal()
				s = connect(t, backend(t, d.Socket()))
				out, err := s.Apply(t.Context(), two(t))
				require.NoError(t, err)
				assert.Len(t, out.Added, 2)
				require.NoError(t, s.Initiate(t.Context(), "site1"))
			})
		}
	}
}

func TestKilledDuringApply(t *testing.T) {
	d := fake(t)
	b := backend(t, d.Socket())
	s := connect(t, b)
	d.Inject(fakecharon.Fault{Kind: fakecharon.Hang, Command: "load-conn", After: 1})
	result := make(chan error, 1)
	go func() {
		_, err := s.Apply(t.Context(), two(t))
		result <- err
	}()
	require.Eventually(t, func() bool { return len(d.Connections()) == 1 }, 10*time.Second, time.Millisecond)
	d.Kill()
	require.ErrorIs(t, <-result, ipsec.ErrUnavailable)
	<-s.Done()
	d.Heal()
	require.NoError(t, d.Restart())
	require.NoError(t, s.Close())
	_, err := connect(t, b).Apply(t.Context(), two(t))
	require.NoError(t, err)
	assert.Equal(t, []string{"fieldgate-site1", "fieldgate-site2"}, d.Connections())
	assert.Equal(t, d.Connections(), d.Secrets())
}

// An Apply sends what differs and nothing else.
func TestApplySendsTheDifference(t *testing.T) {
	d := fake(t)
	s := connect(t, backend(t, d.Socket()))
	list := two(t)
	_, err := s.Apply(t.Context(), list)
	require.NoError(t, err)
	before := len(d.Calls())
	_, err = s.Apply(t.Context(), list)
	require.NoError(t, err)
	assert.Len(t, d.Calls(), before, "nothing has changed")
	list[1].PreSharedKey = ipsec.NewSecret("another")
	out, err := s.Apply(t.Context(), list)
	require.NoError(t, err)
	assert.Equal(t, []string{"site2"}, out.Changed)
	assert.Equal(t, []string{
		"unload-conn fieldgate-site2", "terminate fieldgate-site2", "load-shared fieldgate-site2", "load-conn fieldgate-site2",
	}, d.Calls()[before:])
	before = len(d.Calls())
	_, err = s.Apply(t.Context(), list[:1])
	require.NoError(t, err)
	assert.Equal(t, []string{
		"unload-conn fieldgate-site2", "terminate fieldgate-site2", "unload-shared fieldgate-site2",
	}, d.Calls()[before:])
}

// Terminate ends an Initiate that is under way, which says so.
func TestStopDuringInitiate(t *testing.T) {
	d := fake(t)
	s := connect(t, backend(t, d.Socket()))
	_, err := s.Apply(t.Context(), two(t))
	require.NoError(t, err)
	d.SetPeer("fieldgate-site1", fakecharon.Peer{Delay: time.Minute})
	result := make(chan error, 1)
	go func() { result <- s.Initiate(t.Context(), "site1") }()
	require.Eventually(t, func() bool {
		list, err := s.SAs(t.Context())
		return err == nil && len(list) == 1 && list[0].State == "CONNECTING"
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, s.Terminate(t.Context(), "site1"))
	var f *ipsec.Failure
	require.ErrorAs(t, <-result, &f)
	assert.Equal(t, ipsec.CauseStopped, f.Cause)
}

// What nobody takes is merged; nothing is lost.
func TestEventsAreMerged(t *testing.T) {
	d := fake(t)
	s := connect(t, backend(t, d.Socket()))
	for i := range 2000 {
		d.UpDown(fmt.Sprint("fieldgate-x", i%100), i%2 == 0)
		d.UpDown("foreign", true)
	}
	d.UpDown("fieldgate-last", true)
	seen := map[string]int{}
	for seen["last"] == 0 {
		select {
		case e := <-s.Events():
			seen[e.Connection]++
		case <-time.After(10 * time.Second):
			require.Fail(t, "an event was lost", "%v", seen)
		}
	}
	assert.Len(t, seen, 101)
	assert.NotContains(t, seen, "foreign")
}

func TestManySAs(t *testing.T) {
	d := fake(t)
	d.AddSAs("fieldgate-site", 1000)
	d.AddSAs("foreign", 10)
	s := connect(t, backend(t, d.Socket()))
	list, err := s.SAs(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1000)
	assert.Equal(t, "site0", list[0].Connection)
	assert.Equal(t, "site0", list[0].Children[0].Name)
	assert.Equal(t, "aes256-sha256-modp2048", list[0].Algorithms)
}

// A certificate cannot be forgotten by itself: all is cleared and loaded again
// when all is ours, else it stays, and the log says so.
func TestWithdrawnCertificate(t *testing.T) {
	for name, foreign := range map[string]bool{"ours alone": false, "with a foreign secret": true} {
		t.Run(name, func(t *testing.T) {
			d := fake(t)
			if foreign {
				load(t, d.Socket(), "load-shared", new(vici.Message).Set("id", "theirs").Set("type", "IKE").Set("data", "x"))
			}
			b, log := logging(t, d.Socket())
			s := connect(t, b)
			list := append(two(t), withCertificates(t)...)
			_, err := s.Apply(t.Context(), list)
			require.NoError(t, err)
			require.Contains(t, d.String(), "1 private keys, 2 certificates")
			out, err := s.Apply(t.Context(), list[:2])
			require.NoError(t, err)
			assert.Equal(t, []string{"secure"}, out.Removed)
			assert.Len(t, out.Unchanged, 2)
			if foreign {
				assert.Contains(t, d.String(), "0 private keys, 2 certificates")
				assert.Contains(t, log.String(), "stays trusted")
				assert.Contains(t, d.Secrets(), "theirs")
			} else {
				assert.Contains(t, d.String(), "0 private keys, 0 certificates")
				assert.Empty(t, log.String())
			}
			assert.Subset(t, d.Secrets(), []string{"fieldgate-site1", "fieldgate-site2"})
			require.NoError(t, s.Initiate(t.Context(), "site1"))
		})
	}
}
