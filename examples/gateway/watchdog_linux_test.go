package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
	"github.com/fieldgate/fieldgate/internal/syncbuf"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest/fakecharon"
)

// A gateway that hangs does not tell systemd that it lives, which is when
// systemd restarts it: here while it waits for an IKE daemon that has taken a
// command and does not answer. Everything else goes on meanwhile, so it is not
// the process that stands still.
func TestIntegrationWatchdogOfAHang(t *testing.T) {
	state := newState(t, `web: {listen: "127.0.0.1:0"}
telemetry: {enabled: false}
ipsec:
  enabled: true
  phase1_proposals: [{name: ike, encryption: aes256, hash: sha256, dh: 14}]
  phase2_proposals: [{name: esp, encryption: aes128, hash: sha256}]
  connections:
    - {name: site, enabled: true, gateway: 192.0.2.9, local_subnets: 10.10.12.0/24, remote_subnets: 10.10.10.0/24, local_id: a, remote_id: b, pre_shared_key: a long random text, phase1: ike, phase2: esp}
`)
	charon, err := fakecharon.Start(filepath.Join(state, "vici"), fakecharon.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, charon.Close()) })
	address := filepath.Join(state, "notify")
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	require.NoError(t, err)
	said, read := new(syncbuf.Buffer), make(chan struct{})
	var last, silence atomic.Int64 // nanoseconds: since 1970, and the longest so far
	t.Cleanup(func() { <-read })
	t.Cleanup(func() { assert.NoError(t, notify.Close()) })
	go func() {
		defer close(read)
		for message := make([]byte, 1<<10); ; {
			n, err := notify.Read(message)
			if err != nil {
				return
			}
			_, _ = fmt.Fprintf(said, "%s\n", message[:n])
			now := time.Now().UnixNano()
			silence.Store(max(silence.Load(), now-last.Swap(now)))
		}
	}()
	lives := func() int { return strings.Count(said.String(), "WATCHDOG=1") }

	path, err := binary()
	require.NoError(t, err)
	const interval = 100 * time.Millisecond // half of what systemd waits for
	t.Setenv("NOTIFY_SOCKET", address)
	t.Setenv("WATCHDOG_USEC", fmt.Sprint(2*interval.Microseconds()))
	p := startProgram(t, []string{path}, state, "-charon", charon.Socket())
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	soon(t, "the connection is in the daemon", func() bool { return len(charon.Connections()) == 1 })
	soon(t, "it lives", func() bool { return lives() > 2 })

	charon.Inject(fakecharon.Fault{Kind: fakecharon.Hang})
	edit(t, state, "192.0.2.9", "192.0.2.10")
	silence.Store(0)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	soon(t, "the configuration is read", func() bool {
		_, err := os.Stat(filepath.Join(state, confstore.HistoryFolder, "0000000002.yaml"))
		return err == nil
	})
	soon(t, "it does not say that it lives", func() bool {
		return max(silence.Load(), time.Now().UnixNano()-last.Load()) > int64(10*interval) // five times of what systemd waits for
	})
	status, _ := p.get("/healthz", "")
	assert.Equal(t, http.StatusOK, status, "the rest goes on")

	charon.Heal()
	hung := lives()
	soon(t, "it lives again", func() bool { return lives() > hung+2 })
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
}
