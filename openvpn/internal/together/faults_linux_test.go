package together_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/process"
)

// A child that is stopped (SIGSTOP) is unknown, not connected; it is what it
// says once it goes on. Stopped for good it still can be ended.
func TestIntegrationChildIsStopped(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	b.use(t, process.Options{Timeout: 2 * time.Second})
	b.plain(t, fmt.Sprintf(plainServer, "tun", "udp4")+"server 10.8.0.0 255.255.255.0\ntopology subnet\n", b.issue(t, "hub", true)).up(t)
	s := b.serve(t, b.made(t, "client_tun", openvpn.Answers{Name: "office", Remote: "192.0.2.2", Protocol: openvpn.ProtocolUDP4}))
	pid := connected(t, s, "office").PID
	unknown := func(st openvpn.InstanceStatus) bool { return st.State == openvpn.StateUnknown }
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	st := until(t, s, "office", unknown)
	assert.Equal(t, openvpn.CauseUnmanaged, st.Cause)
	assert.True(t, st.Started, "the process is there")
	require.NoError(t, syscall.Kill(pid, syscall.SIGCONT))
	assert.Equal(t, pid, connected(t, s, "office").PID)
	ping(t, b.ours, "10.8.0.1")

	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	until(t, s, "office", unknown)
	require.NoError(t, s.StopInstance(t.Context(), "office"))
	assert.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
}

// Another openvpn takes the management socket: the tunnel goes on and the
// state says that nobody knows; it can still be ended.
func TestIntegrationSocketIsStolen(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	b.use(t, process.Options{Timeout: 2 * time.Second})
	b.plain(t, fmt.Sprintf(plainServer, "tun", "udp4")+"server 10.8.0.0 255.255.255.0\ntopology subnet\n", b.issue(t, "hub", true)).up(t)
	s := b.serve(t, b.made(t, "client_tun", openvpn.Answers{Name: "office", Remote: "192.0.2.2", Protocol: openvpn.ProtocolUDP4}))
	pid := connected(t, s, "office").PID
	socket := filepath.Join(b.run, "office", "socket")
	thief := b.plain(t, fmt.Sprintf(plainClient, "tun", "udp4")+"remote 192.0.2.1\nmanagement "+socket+" unix\nmanagement-hold\n", b.issue(t, "thief", false))
	st := until(t, s, "office", func(st openvpn.InstanceStatus) bool { return st.State == openvpn.StateUnknown })
	assert.Equal(t, openvpn.CauseUnmanaged, st.Cause)
	assert.Contains(t, st.Detail, "another process")
	assert.Equal(t, pid, st.PID)
	ping(t, b.ours, "10.8.0.1")
	require.NoError(t, s.StopInstance(t.Context(), "office"))
	assert.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
	thief.end(t)
	require.NoError(t, s.StartInstance("office"))
	connected(t, s, "office")
}

// The server restarts: the client says so and comes back, in the same process.
func TestIntegrationServerRestarts(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	config := fmt.Sprintf(plainServer, "tun", "udp4") + "server 10.8.0.0 255.255.255.0\ntopology subnet\nexplicit-exit-notify 1\n"
	files := b.issue(t, "hub", true)
	hub := b.plain(t, config, files)
	hub.up(t)
	s := b.serve(t, b.made(t, "client_tun", openvpn.Answers{Name: "office", Remote: "192.0.2.2", Protocol: openvpn.ProtocolUDP4}))
	pid := connected(t, s, "office").PID
	require.NoError(t, hub.cmd.Process.Signal(syscall.SIGTERM))
	until(t, s, "office", func(st openvpn.InstanceStatus) bool {
		return st.State == openvpn.StateReconnecting && !st.Tunnel.IsValid()
	})
	hub.end(t)
	b.plain(t, config, files).up(t)
	assert.Equal(t, pid, connected(t, s, "office").PID)
	ping(t, b.ours, "10.8.0.1")
}

// Our server restarts: the plain client comes back by itself.
func TestIntegrationOwnServerRestarts(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	s := b.serve(t, b.made(t, "server_pki", openvpn.Answers{Name: "hub", Protocol: openvpn.ProtocolUDP4}))
	pid := connected(t, s, "hub").PID
	p := b.plain(t, fmt.Sprintf(plainClient, "tun", "udp4")+"remote 192.0.2.1 1194\nconnect-retry 1 2\n", b.issue(t, "field", false))
	p.up(t)
	require.NoError(t, s.RestartInstance("hub"))
	until(t, s, "hub", func(st openvpn.InstanceStatus) bool {
		return st.State == openvpn.StateConnected && st.PID != pid && len(st.Clients) == 1
	})
	assert.Equal(t, 2, p.times("Initialization Sequence Completed"))
	ping(t, b.theirs, "10.0.100.1")
}

// Either end gets another address: the tunnel goes with it.
func TestIntegrationRoaming(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	roam := func(from, to string, ip func(...string) error) {
		require.NoError(t, ip("addr", "add", to, "dev", "eth0"))
		require.NoError(t, ip("addr", "del", from, "dev", "eth0"))
	}
	t.Run("theirs", func(t *testing.T) {
		s := b.serve(t, b.made(t, "server_pki", openvpn.Answers{Name: "hub", Protocol: openvpn.ProtocolUDP4}))
		connected(t, s, "hub")
		p := b.plain(t, fmt.Sprintf(plainClient, "tun", "udp4")+"remote 192.0.2.1 1194\n", b.issue(t, "field", false))
		p.up(t)
		ping(t, b.theirs, "10.0.100.1")
		roam("192.0.2.2/24", "192.0.2.22/25", b.theirs.IP)
		ping(t, b.theirs, "10.0.100.1")
		list, err := s.Clients(t.Context(), "hub")
		require.NoError(t, err)
		require.Len(t, list, 1)
		assert.Contains(t, list[0].Real, "192.0.2.22:")
		assert.Equal(t, 1, p.times("Initialization Sequence Completed"), "it need not connect again")
		roam("192.0.2.22/25", "192.0.2.2/24", b.theirs.IP)
	})
	t.Run("ours", func(t *testing.T) {
		hub := b.plain(t, fmt.Sprintf(plainServer, "tun", "udp4")+"server 10.8.0.0 255.255.255.0\ntopology subnet\n", b.issue(t, "far-hub", true))
		hub.up(t)
		s := b.serve(t, b.made(t, "client_tun", openvpn.Answers{Name: "office", Remote: "192.0.2.2", Protocol: openvpn.ProtocolUDP4}))
		pid := connected(t, s, "office").PID
		ping(t, b.ours, "10.8.0.1")
		roam("192.0.2.1/24", "192.0.2.11/25", b.ours.IP)
		ping(t, b.ours, "10.8.0.1")
		assert.Equal(t, pid, connected(t, s, "office").PID)
		assert.Equal(t, 1, hub.times("Peer Connection Initiated"))
	})
}

// Fifty at once: none is lost at the start, when all are killed, and at the
// end; and each costs little here.
func TestIntegrationFifty(t *testing.T) {
	const n = 50
	b := newBench(t)
	var all []openvpn.Instance
	for k := range n {
		all = append(all, b.made(t, "server_pki", openvpn.Answers{
			Name: fmt.Sprintf("s%02d", k), Port: uint16(3000 + k), Network: fmt.Sprintf("10.%d.0.0/24", 100+k), Protocol: openvpn.ProtocolUDP4,
		}))
	}
	before := measure()
	begin := time.Now()
	s := b.serve(t, all...)
	count := func(state openvpn.State) (pids []int) {
		for _, st := range s.Status().Instances {
			if st.State == state {
				pids = append(pids, st.PID)
			}
		}
		return pids
	}
	require.Eventually(t, func() bool { return len(count(openvpn.StateConnected)) == n }, 2*patience, tick)
	took, after := time.Since(begin), measure()
	t.Logf("%d connected after %s; each costs %d KiB of heap and %.1f goroutines here", n, took.Round(time.Millisecond),
		(after.heap-before.heap)/n/1024, float64(after.goroutines-before.goroutines)/n)
	assert.Less(t, after.heap-before.heap, int64(n*512<<10))
	assert.LessOrEqual(t, after.goroutines-before.goroutines, 8*n)

	first := count(openvpn.StateConnected)
	for _, pid := range first {
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	}
	require.Eventually(t, func() bool {
		for _, st := range s.Status().Instances {
			if st.State != openvpn.StateConnected || st.Restarts == 0 {
				return false
			}
		}
		return true
	}, 2*patience, tick, "not all came back")
	second := count(openvpn.StateConnected)
	require.NoError(t, s.Stop(t.Context()))
	for _, pid := range append(first, second...) {
		assert.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
	}
}

// usage is what a program has taken.
type usage struct {
	heap       int64
	goroutines int
}

func measure() usage {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{int64(m.HeapAlloc), runtime.NumGoroutine()} //nolint:gosec // far from the limit
}

// times returns how often a plain openvpn said something.
func (p *peer) times(text string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Count(p.log.String(), text)
}

// tick is how often a fact is looked for.
const tick = 20 * time.Millisecond
