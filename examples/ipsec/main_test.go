package main

import (
	"bytes"
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

	"github.com/fieldgate/fieldgate/internal/syncbuf"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest/fakecharon"
	"github.com/fieldgate/fieldgate/ipsec/strongswan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The file beside the program loads, is armed, changes and goes, on a fake
// charon.
func TestDaemon(t *testing.T) {
	dir, err := os.MkdirTemp("", "fi") // short enough for a socket
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	charon, err := fakecharon.Start(filepath.Join(dir, "vici"), fakecharon.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, charon.Close()) })
	text, err := os.ReadFile("ipsec.yaml")
	require.NoError(t, err)
	file := filepath.Join(dir, "ipsec.yaml")
	require.NoError(t, os.WriteFile(file, text, 0o600))

	backend, err := strongswan.New(strongswan.Options{Socket: charon.Socket()})
	require.NoError(t, err)
	var out, log syncbuf.Buffer
	signals := make(chan os.Signal)
	d := &daemon{file: file, backend: backend, out: &out, log: slog.New(slog.NewTextHandler(&log, nil)), signals: signals}
	ended := make(chan error, 1)
	go func() { ended <- d.serve() }()
	soon := func(what string, f func() bool) {
		t.Helper()
		require.Eventually(t, f, 20*time.Second, 10*time.Millisecond, "%s\n%s\n%s", what, charon, &log)
	}
	soon("loaded", func() bool { return strings.Join(charon.Connections(), " ") == "fieldgate-demo0" })
	require.NoError(t, charon.Raise("fieldgate-demo0"))
	soon("up", func() bool { return strings.Contains(log.String(), "state=up") })
	signals <- syscall.SIGUSR1
	soon("printed", func() bool {
		return strings.Contains(out.String(), "configured: yes") && strings.Contains(out.String(), "INSTALLED")
	})
	assert.NotContains(t, out.String()+log.String(), "thebigsecret")

	require.NoError(t, os.WriteFile(file, bytes.ReplaceAll(text, []byte("demo0"), []byte("demo1")), 0o600))
	signals <- syscall.SIGHUP
	soon("applied", func() bool { return strings.Join(charon.Connections(), " ") == "fieldgate-demo1" })
	require.NoError(t, os.WriteFile(file, append(text, "unknown: 1\n"...), 0o600))
	signals <- syscall.SIGHUP
	soon("refused", func() bool { return strings.Contains(log.String(), "was not applied") })
	assert.Equal(t, []string{"fieldgate-demo1"}, charon.Connections())
	signals <- syscall.SIGTERM
	require.NoError(t, <-ended)
	assert.Empty(t, charon.Connections())
	assert.Empty(t, charon.Secrets())
}

func TestParse(t *testing.T) {
	_, err := parse([]byte("enabled: false\n---\nenabled: true\n"))
	require.Error(t, err)
	_, err = parse([]byte("connections: [{name: x, gatevay: y}]"))
	require.ErrorContains(t, err, "gatevay")
	_, err = parse(nil)
	require.NoError(t, err, "nothing is off")
}

func TestCommandLine(t *testing.T) {
	var out, errOut bytes.Buffer
	assert.Equal(t, 2, run(nil, &out, &errOut))
	assert.Equal(t, 2, run([]string{"-x"}, &out, &errOut))
	assert.Equal(t, 1, run([]string{"/nonexistent"}, &out, &errOut))
	assert.Equal(t, 1, run([]string{"-owner", "NO", "x"}, &out, &errOut))
	assert.Contains(t, errOut.String(), "cannot be read")
}
