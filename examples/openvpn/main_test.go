package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/openvpn/openvpntest/managementfake"
)

// TestMain makes the test binary openvpn when it is called as that.
func TestMain(m *testing.M) {
	if managementfake.Called(os.Args) {
		os.Exit(managementfake.Main(os.Args, os.Stdout))
	}
	goleak.VerifyTestMain(m)
}

func TestExampleFile(t *testing.T) {
	config, err := load("example.yaml")
	require.NoError(t, err)
	assert.Len(t, config.Instances, 2)
}

func TestLoadRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"unknown word": "enabled: true\nnonsense: 1\n", "no yaml": "\t", "off": "enabled: false\n",
		"bad value": "enabled: true\ninstances: [{name: ../a}]\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "c.yaml")
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			_, err := load(path)
			assert.ErrorContains(t, err, path)
		})
	}
	_, err := load("none.yaml")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

const client = `
  - name: %s
    enabled: true
    remotes: [{host: 192.0.2.1}]
    files: {ca: ca.crt, cert: a.crt, key: a.key}
    options: [{name: remote-cert-tls, args: [server]}]
`

func instances(names ...string) []byte {
	text := "enabled: true\ninstances:"
	for _, n := range names {
		text += strings.ReplaceAll(client, "%s", n)
	}
	return []byte(text)
}

// The daemon connects, takes a change over, and leaves the tunnels up if told
// so.
func TestServe(t *testing.T) {
	dir, err := os.MkdirTemp("", "fg")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	self, err := os.Executable()
	require.NoError(t, err)
	o := options{config: filepath.Join(dir, "c.yaml"), state: filepath.Join(dir, "state"), run: filepath.Join(dir, "run"),
		status: filepath.Join(dir, "status"), program: self, keep: true}
	require.NoError(t, os.WriteFile(o.config, instances("first"), 0o600))
	for _, name := range []string{"first", "second"} {
		require.NoError(t, os.MkdirAll(filepath.Join(o.state, name), 0o700))
		for _, file := range []string{"ca.crt", "a.crt", "a.key"} {
			require.NoError(t, os.WriteFile(filepath.Join(o.state, name, file), []byte("x"), 0o600))
		}
	}
	shows := func(what ...string) {
		t.Helper()
		require.Eventually(t, func() bool {
			text, _ := os.ReadFile(o.status)
			ok := true
			for _, w := range what {
				found := false
				for line := range strings.Lines(string(text)) {
					fields := strings.Fields(line)
					found = found || len(fields) > 5 && fields[0] == w && fields[5] == "connected"
				}
				ok = ok && found
			}
			return ok
		}, 30*time.Second, 10*time.Millisecond, "%q", what)
	}
	run := func(keep bool, during func(signals chan<- os.Signal)) {
		o.keep = keep
		signals := make(chan os.Signal, 1)
		ended := make(chan error, 1)
		require.NoError(t, os.WriteFile(o.status, nil, 0o600))
		go func() { ended <- serve(o, signals, slog.New(slog.DiscardHandler)) }()
		during(signals)
		signals <- syscall.SIGTERM
		require.NoError(t, <-ended)
	}
	run(true, func(signals chan<- os.Signal) {
		shows("first")
		require.NoError(t, os.WriteFile(o.config, instances("first", "second"), 0o600))
		signals <- syscall.SIGHUP
		shows("first", "second")
		require.NoError(t, os.WriteFile(o.config, []byte("nonsense"), 0o600))
		signals <- syscall.SIGHUP // stays as it is
	})
	before, err := os.ReadFile(filepath.Join(o.run, "first", "record"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(o.config, instances("first", "second"), 0o600))
	run(false, func(chan<- os.Signal) { shows("first", "second") })
	after := filepath.Join(o.run, "first", "record")
	assert.NoFileExists(t, after, "ended in good order")
	assert.Contains(t, string(before), `"digest"`)
}
