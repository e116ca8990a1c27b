package strongswan_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/syncbuf"
	"github.com/fieldgate/fieldgate/ipsec"
)

// gateway is the service under test.
type gateway struct {
	*ipsec.Service
	log *syncbuf.Buffer
}

// start starts a service, until the end of the test, and waits until the
// daemon has what the configuration says.
func (s *site) start(t *testing.T, c ipsec.Config, changes ...func(*ipsec.Options)) *gateway {
	t.Helper()
	g := s.launch(t, c, changes...)
	g.configured(t)
	return g
}

// launch starts a service, until the end of the test. Then it leaves nothing
// in the daemon, and has told no secret.
func (s *site) launch(t *testing.T, c ipsec.Config, changes ...func(*ipsec.Options)) *gateway {
	t.Helper()
	g := &gateway{log: new(syncbuf.Buffer)}
	o := ipsec.Options{
		Backend: s.backend(t),
		Logger:  slog.New(slog.NewTextHandler(g.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, change := range changes {
		change(&o)
	}
	var err error
	g.Service, err = ipsec.New(c, o)
	require.NoError(t, err)
	require.NoError(t, g.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		assert.NoError(t, g.Stop(ctx))
		if list, err := s.A.Swanctl(ctx, "--list-conns"); err == nil { // else a test ended the daemon
			assert.NotContains(t, list, "fieldgate-", "a stopped service leaves nothing")
			sas, err := s.A.SAs(ctx)
			assert.NoError(t, err)
			for _, sa := range sas {
				assert.NotContains(t, sa.Name, "fieldgate-", "a stopped service leaves nothing")
			}
		}
		for what, text := range map[string]string{
			"log": g.log.String(), "status": fmt.Sprintf("%+v", g.Status()), "charon's log": s.A.Log(),
		} {
			assert.NotContains(t, text, secret, what)
			assert.NotContains(t, text, "PRIVATE KEY", what)
		}
		if t.Failed() {
			t.Logf("log of the service:\n%s\ncharon of A:\n%s\ncharon of B:\n%s", g.log, tail(s.A.Log()), tail(s.B.Log()))
		}
	})
	return g
}

// tail returns the last lines of a text.
func tail(text string) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-60):], "\n")
}

// connection returns the status of a connection.
func (g *gateway) connection(t *testing.T, name string) ipsec.ConnectionStatus {
	t.Helper()
	all := g.Status().Connections
	i := slices.IndexFunc(all, func(c ipsec.ConnectionStatus) bool { return c.Name == name })
	require.GreaterOrEqual(t, i, 0, "no %s in %+v", name, all)
	return all[i]
}

// until waits for a connection to be in a state and returns its status.
func (g *gateway) until(t *testing.T, name string, state ipsec.ConnectionState) (c ipsec.ConnectionStatus) {
	t.Helper()
	eventually(t, func() bool {
		c = g.connection(t, name)
		return c.State == state
	}, func() string { return fmt.Sprintf("%s is to be %s: %+v", name, state, c) })
	return c
}

// configured waits until the daemon holds all enabled connections.
func (g *gateway) configured(t *testing.T) {
	t.Helper()
	eventually(t, func() bool {
		s := g.Status()
		return s.Daemon.State == ipsec.DaemonReady && !slices.ContainsFunc(s.Connections, func(c ipsec.ConnectionStatus) bool {
			return c.Enabled && !c.Configured
		})
	}, func() string { return fmt.Sprintf("all is to be configured: %+v", g.Status()) })
}

// initiate brings a connection up.
func (g *gateway) initiate(t *testing.T, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, g.Initiate(ctx, name))
}

// fails brings a connection up that cannot come up, and returns why.
func (g *gateway) fails(t *testing.T, name string) *ipsec.Failure {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := g.Initiate(ctx, name)
	require.Error(t, err)
	failure, ok := errors.AsType[*ipsec.Failure](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, name, failure.Connection)
	assert.NotEmpty(t, failure.Detail)
	if last := g.connection(t, name).LastError; assert.NotNil(t, last) {
		assert.Equal(t, failure.Cause, last.Cause)
	}
	return failure
}

// checkStatus compares what the service says of a connection that is up with
// what the peer says of its end.
func (s *site) checkStatus(t *testing.T, g *gateway, name, peer string) {
	t.Helper()
	status := g.until(t, name, ipsec.StateUp)
	require.Len(t, status.SAs, 1)
	sa := status.SAs[0]
	ike, child := s.child(t, peer)
	assert.Equal(t, ike.Values["initiator-spi"], sa.InitiatorSPI)
	assert.Equal(t, ike.Values["responder-spi"], sa.ResponderSPI)
	assert.Equal(t, ike.Values["local-host"], sa.RemoteHost.Addr().String())
	assert.Equal(t, ike.Values["local-id"], sa.RemoteID)
	assert.Equal(t, "ikev"+ike.Values["version"], string(sa.Version))
	require.Len(t, sa.Children, 1)
	own := sa.Children[0]
	assert.Equal(t, child.Values["spi-in"], own.SPIOut)
	assert.Equal(t, child.Values["spi-out"], own.SPIIn)
	assert.Equal(t, child.Values["mode"], own.Mode)
	assert.Equal(t, "INSTALLED", own.State)
}
