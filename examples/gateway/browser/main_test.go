// Package browser_test clicks through the pages of the gateway, as the built
// program serves them, in a Chromium without a window, and uses from outside
// what was clicked: with curl, snmpget, ping and the other ends of tunnels.
package browser_test

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/gobuild"
	"github.com/fieldgate/fieldgate/internal/syncbuf"
)

// patience is how long a page, or what was clicked, may take on a busy
// machine.
const patience = 30 * time.Second

// skip ends a test that this machine cannot run; in CI it fails.
func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		require.Fail(t, why)
	}
	t.Skip("skipped: " + why)
}

// needs skips a test without the programs that it runs.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			skip(t, name+" is missing: make peers installs it")
		}
	}
}

// built is the gateway.
var built = gobuild.Program{Package: ".."}

func TestMain(m *testing.M) {
	status := m.Run()
	_ = built.Remove()
	os.Exit(status)
}

// gateway is a running one.
type gateway struct {
	url      string // of the page, without a slash at the end
	password string // of admin
	state    string
	said     *syncbuf.Buffer
}

var (
	pageURL       = regexp.MustCompile(`url=(https?://\S+)/`)
	firstPassword = regexp.MustCompile(`user admin, password \([^)]*\): (\S+)`)
)

// start starts a gateway for the first time.
func start(t *testing.T, args ...string) *gateway {
	t.Helper()
	program, err := built.Path()
	require.NoError(t, err)
	state, err := os.MkdirTemp("", "fg") // a short name: there are sockets below
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(state)) })
	g := &gateway{state: state, said: new(syncbuf.Buffer)}
	cmd := exec.Command(program, append([]string{"-state", state, "-listen", "127.0.0.1:0"}, args...)...)
	cmd.Stdout, cmd.Stderr = g.said, g.said
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(patience):
			_ = cmd.Process.Kill()
			<-ended
			assert.Fail(t, "the gateway does not end", "%s", g.said)
		}
		if t.Failed() {
			t.Log(g.said)
		}
	})
	eventually(t, "the gateway serves", func() bool { return pageURL.MatchString(g.said.String()) })
	g.url = pageURL.FindStringSubmatch(g.said.String())[1]
	found := firstPassword.FindStringSubmatch(g.said.String())
	require.NotNil(t, found, "%s", g.said)
	g.password = found[1]
	return g
}

// eventually waits until done says yes.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "%s: not within %v", what, patience)
	}
}

// run runs a program and returns what it printed.
func run(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	return string(out), err
}
