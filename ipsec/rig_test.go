package ipsec_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest"
)

// secret is in all pre-shared keys of the tests.
const secret = "thebigsecret"

// site returns the n-th connection of the tests.
func site(n int) ipsec.Connection {
	return ipsec.Connection{
		Name: fmt.Sprintf("site%d", n), Enabled: true, Gateway: fmt.Sprintf("192.0.2.%d", 10+n%200),
		LocalSubnets:  ipsec.Subnets{"10.10.12.0/24"},
		RemoteSubnets: ipsec.Subnets{fmt.Sprintf("10.%d.%d.0/24", 20+n/200, n%200)},
		PreSharedKey:  ipsec.NewSecret(fmt.Sprintf("%s%d", secret, n)), LocalID: fmt.Sprintf("gate%d", n),
		Phase1: ipsec.Names{"ike"}, Phase2: ipsec.Names{"esp"},
	}
}

// config returns a Config with connections.
func config(list ...ipsec.Connection) ipsec.Config {
	return ipsec.Config{
		Enabled: true, Connections: list,
		Phase1Proposals: []ipsec.Phase1Proposal{
			{Name: "ike", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group14},
		},
		Phase2Proposals: []ipsec.Phase2Proposal{{Name: "esp", Encryption: ipsec.EncryptionAES128, Hash: ipsec.HashSHA256}},
	}
}

// kept returns a connection that is kept up.
func kept(c ipsec.Connection) ipsec.Connection {
	c.StartAction = ipsec.StartNow
	return c
}

// rig is a service on a fake daemon.
type rig struct {
	*testing.T
	daemon *ipsectest.Daemon
	s      *ipsec.Service

	mu      sync.Mutex
	log     bytes.Buffer
	changes []string
}

// Write collects the log.
func (r *rig) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(b)
}

func (r *rig) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

func (r *rig) changed() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.changes...)
}

func (r *rig) options() ipsec.Options {
	return ipsec.Options{
		Backend: r.daemon.Backend("fieldgate"),
		Logger:  slog.New(slog.NewTextHandler(r, nil)),
		OnChange: func(c ipsec.ConnectionStatus) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.changes = append(r.changes, c.Name+" "+string(c.State))
		},
	}
}

// bubble runs a test with a service for a Config, not started, in fake time.
// Nothing may be left of the service at the end, and no secret in its log.
func bubble(t *testing.T, c ipsec.Config, test func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{T: t, daemon: ipsectest.NewDaemon()}
		s, err := ipsec.New(c, r.options())
		require.NoError(t, err)
		r.s = s
		test(r)
		r.daemon.Stall(false)
		require.NoError(t, r.s.Stop(t.Context()))
		synctest.Wait()
		require.Zero(t, r.daemon.Sessions(), "sessions left open")
		require.NotContains(t, r.logged(), secret)
	})
}

// start starts the service and lets it settle.
func (r *rig) start() {
	r.Helper()
	require.NoError(r, r.s.Start(r.Context()))
	synctest.Wait()
}

// after lets time go by.
func (r *rig) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (r *rig) conn(name string) ipsec.ConnectionStatus {
	r.Helper()
	c, ok := r.s.Connection(name)
	require.True(r, ok, "no connection %s", name)
	return c
}

func (r *rig) state(name string, want ipsec.ConnectionState) {
	r.Helper()
	c := r.conn(name)
	require.Equal(r, want, c.State, "%+v\n%s\n%s", c, r.daemon, r.logged())
}

// count counts the calls of the daemon that begin with something.
func (r *rig) count(prefix string) int {
	n := 0
	for _, call := range r.daemon.Calls() {
		if strings.HasPrefix(call, prefix) {
			n++
		}
	}
	return n
}

// within returns a context for a call.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
