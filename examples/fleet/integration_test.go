package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/gobuild"
	"github.com/fieldgate/fieldgate/internal/netns"
	"github.com/fieldgate/fieldgate/internal/syncbuf"
)

// build makes a program of this module.
func build(t *testing.T, folder string) string {
	t.Helper()
	program := gobuild.Program{Package: folder}
	t.Cleanup(func() { require.NoError(t, program.Remove()) })
	path, err := program.Path()
	require.NoError(t, err)
	return path
}

// startCollector runs cmd, which is a collector, until the end of the test,
// and returns the addresses that it tells.
func startCollector(t *testing.T, cmd *exec.Cmd) (udp, url string) {
	t.Helper()
	var log syncbuf.Buffer
	cmd.Stderr = &log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Cancel()
		assert.NoError(t, cmd.Wait(), &log)
	})
	ready := regexp.MustCompile(`msg="collector: receiving" address=(\S+) http=(\S+)`)
	var found []string
	require.Eventually(t, func() bool {
		found = ready.FindStringSubmatch(log.String())
		return found != nil
	}, 20*time.Second, 10*time.Millisecond, "%s", &log)
	return found[1], found[2]
}

// keysFile gives a collector the master of the fleet.
func keysFile(t *testing.T) string { return masterFile(t, "* "+master+"\n") }

// A fleet of 500 devices, on a network that does everything wrong, against
// the collector with its store: every counter of every device is exact.
func TestIntegrationCollectorCountsExactly(t *testing.T) {
	collector := build(t, "../collector")
	udp, url := startCollector(t, exec.CommandContext(context.WithoutCancel(t.Context()), collector,
		"-listen", "127.0.0.1:0", "-http", "127.0.0.1:0", "-data", filepath.Join(t.TempDir(), "data"), "-keys", keysFile(t)))

	args := strings.Fields("-devices 500 -period 1s -rate 3000 -duration 1500ms -loss 0.2 -reorder 0.05 -dup 0.05 -reboot 0.01 -clock 0.05 -forge 0.01")
	args = append(args, "-to", udp, "-check", url, "-master", masterFile(t, master))
	// Once more with the same devices: their boots go on.
	for range 2 {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, exitOK, run(t.Context(), args, &stdout, &stderr), "%s%s", &stdout, &stderr)
		assert.Contains(t, stdout.String(), "verdict: the collector's counters are exact")
		assert.NotContains(t, stdout.String(), ", 0 lost")
	}

	// What came after the last report that arrived is not counted as lost
	// by the collector; it shows that all devices have fallen silent.
	heard, err := fetch(t.Context(), url, func(string) bool { return true })
	require.NoError(t, err)
	require.Len(t, heard, 500)
	assert.Eventually(t, func() bool { return silent(t, url) == len(heard) }, 10*time.Second, 200*time.Millisecond)

	// The check can fail: a fleet of other devices whose messages the
	// collector must refuse.
	var stdout, stderr bytes.Buffer
	bare := []string{"-devices", "5", "-rate", "50", "-duration", "100ms", "-prefix", "BARE", "-to", udp, "-check", url}
	assert.Equal(t, exitFailed, run(t.Context(), bare, &stdout, &stderr))
	assert.Contains(t, stdout.String(), "DIFFERS BARE00000000: received 1: collector says 0")
}

// silent asks how many devices are overdue by more than a period.
func silent(t *testing.T, url string) int {
	response, err := http.Get(strings.TrimSuffix(url, "/") + "/v1/silent?periods=2&limit=1000")
	if !assert.NoError(t, err) {
		return -1
	}
	defer func() { assert.NoError(t, response.Body.Close()) }()
	var answer struct{ Devices []struct{ Device string } }
	assert.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	return len(answer.Devices)
}

// The kernel drops a fifth of the datagrams between two networks. What its
// rule has counted is what the collector counts as lost, and the silence at
// the end of each device.
func TestIntegrationKernelDropsAreCounted(t *testing.T) {
	devices, server := namespaces(t)
	collector, fleet := build(t, "../collector"), build(t, ".")
	ctx := context.WithoutCancel(t.Context())
	udp, url := startCollector(t, server.Command(ctx, collector,
		"-listen", "10.77.0.1:5150", "-http", "10.77.0.1:5151", "-data", filepath.Join(t.TempDir(), "data"), "-keys", keysFile(t)))

	send := func(duration string) map[string]uint64 {
		out, err := devices.Command(ctx, fleet, "-devices", "500", "-rate", "4000", "-duration", duration,
			"-path-loss", "-to", udp, "-check", url, "-master", masterFile(t, master)).CombinedOutput()
		require.NoError(t, err, "%s", out)
		return numbers(string(out))
	}
	// One report of each device, so that the collector has met them all:
	// from the next boot on, nothing is lost unnoticed at its beginning.
	first := send("125ms")
	require.Equal(t, uint64(500), first["received"])

	nft(t, server, "add", "table", "inet", "fleet")
	nft(t, server, "add", "chain", "inet", "fleet", "in", "{ type filter hook input priority 0; }")
	nft(t, server, "add", "rule", "inet", "fleet", "in", "udp dport 5150 numgen random mod 100 < 20 counter drop")
	n := send("2500ms")
	rule := regexp.MustCompile(`counter packets (\d+) `).FindStringSubmatch(nft(t, server, "list", "chain", "inet", "fleet", "in"))
	require.NotNil(t, rule)
	dropped, err := strconv.ParseUint(rule[1], 10, 64)
	require.NoError(t, err)
	assert.Equal(t, dropped, n["lost"]+n["silent"], n)
	assert.Equal(t, uint64(10_000), n["received"]+n["lost"]+n["silent"])
	assert.InDelta(t, 2000, dropped, 200)
	assert.NotZero(t, n["silent"])
	assert.Zero(t, n["early"])
}

// numbers returns the number before each word, of the last line that has it.
func numbers(text string) map[string]uint64 {
	found := make(map[string]uint64)
	for _, m := range regexp.MustCompile(`(\d+) ([a-z]+)`).FindAllStringSubmatch(text, -1) {
		if n, err := strconv.ParseUint(m[1], 10, 64); err == nil {
			found[m[2]] = n
		}
	}
	return found
}

// namespaces returns the networks 10.77.0.2 of the devices and 10.77.0.1 of
// the server, joined by a cable.
func namespaces(t *testing.T) (devices, server *netns.Namespace) {
	t.Helper()
	missing := func(err error) {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err)
		}
		t.Skip(err)
	}
	if _, err := exec.LookPath("nft"); err != nil {
		missing(errors.New("needs nft (make peers)"))
	}
	var both [2]*netns.Namespace
	for i := range both {
		n, err := netns.New()
		if errors.Is(err, netns.ErrUnavailable) {
			missing(err)
		}
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, n.Close()) })
		both[i] = n
	}
	require.NoError(t, both[0].Connect("cable", both[1], "cable"))
	require.NoError(t, both[0].IP("addr", "add", "10.77.0.2/24", "dev", "cable"))
	require.NoError(t, both[1].IP("addr", "add", "10.77.0.1/24", "dev", "cable"))
	return both[0], both[1]
}

func nft(t *testing.T, n *netns.Namespace, args ...string) string {
	t.Helper()
	out, err := n.Command(t.Context(), "nft", args...).CombinedOutput()
	require.NoError(t, err, "nft %v: %s", args, out)
	return string(out)
}
