package process_test

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/process"
)

// startGateway runs a gateway of its own process with the client, until it is
// connected.
func (n *network) startGateway(t *testing.T, l openvpn.Launch, inside bool) (gateway *exec.Cmd, pid int) {
	text, err := json.Marshal(l)
	require.NoError(t, err)
	self, err := os.Executable()
	require.NoError(t, err)
	if inside { // the gateway itself is on our host
		gateway = n.ours.Command(t.Context(), self, gatewayWord, realProgram, n.folder, string(text))
	} else {
		gateway = exec.CommandContext(t.Context(), self, gatewayWord, n.program(t), n.folder, string(text))
	}
	out, err := gateway.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, gateway.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if c, _ := fmt.Sscanf(lines.Text(), "connected %d", &pid); c == 1 {
			return gateway, pid
		}
	}
	require.Fail(t, "the gateway ended")
	return nil, 0
}

// The gateway is killed: the tunnel stays up, and the next life has it.
func TestIntegrationGatewayIsKilled(t *testing.T) {
	n := connect(t)
	server := n.plainServer(t)
	gateway, pid := n.startGateway(t, n.client(), false)
	require.NoError(t, gateway.Process.Kill())
	_ = gateway.Wait()
	ping(t, n.ours, "10.8.0.1")

	adopted, err := n.runner.Adopt(t.Context())
	require.NoError(t, err)
	require.Len(t, adopted, 1)
	t.Cleanup(func() { end(t, adopted[0]) })
	assert.Equal(t, pid, adopted[0].PID())
	assert.Equal(t, "d", adopted[0].Digest())
	up := state(t, adopted[0], "CONNECTED")
	assert.Equal(t, "10.8.0.2", up.Tunnel.String())
	ping(t, n.ours, "10.8.0.1")
	assert.Equal(t, 1, strings.Count(server.String(), "Peer Connection Initiated"), "the peer sees no reconnect")
	require.NoError(t, adopted[0].Signal(t.Context(), openvpn.SIGTERM))
	next(t, adopted[0], anyOf[openvpn.Exited])
}

// Both are killed: nothing is adopted, and the instance starts anew.
func TestIntegrationBothAreKilled(t *testing.T) {
	n := connect(t)
	n.plainServer(t)
	gateway, pid := n.startGateway(t, n.client(), false)
	require.NoError(t, gateway.Process.Kill())
	_ = gateway.Wait()
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	adopted, err := n.runner.Adopt(t.Context())
	require.NoError(t, err)
	assert.Empty(t, adopted)
	state(t, start(t, n.runner, n.client()), "CONNECTED")
	ping(t, n.ours, "10.8.0.1")
}

func TestIntegrationChildIsKilled(t *testing.T) {
	n := connect(t)
	n.plainServer(t, "duplicate-cn")
	p := start(t, n.runner, n.client())
	state(t, p, "CONNECTED")
	require.NoError(t, syscall.Kill(p.PID(), syscall.SIGKILL))
	assert.Equal(t, "signal: killed", next(t, p, anyOf[openvpn.Exited]).Status)
	state(t, start(t, n.runner, n.client()), "CONNECTED")
	ping(t, n.ours, "10.8.0.1")
}

// A client that is stopped is noticed, and found again when it goes on.
func TestIntegrationStopped(t *testing.T) {
	n := connect(t)
	n.plainServer(t)
	p := start(t, n.newRunner(t, process.Options{Timeout: 2 * time.Second}), n.client())
	state(t, p, "CONNECTED")
	stop(t, p.PID())
	next(t, p, anyOf[openvpn.SocketLost])
	require.NoError(t, syscall.Kill(p.PID(), syscall.SIGCONT))
	state(t, p, "CONNECTED")
	stop(t, p.PID())
	next(t, p, anyOf[openvpn.SocketLost])
	require.NoError(t, p.Kill())
	next(t, p, anyOf[openvpn.Exited])
}

// A second openvpn takes the management socket away.
func TestIntegrationStolen(t *testing.T) {
	n := connect(t)
	n.plainServer(t)
	p := start(t, n.newRunner(t, process.Options{Timeout: 2 * time.Second}), n.client())
	state(t, p, "CONNECTED")
	socket := filepath.Join(n.folder, "ours", "socket")
	n.other(t, n.ours, "dev tun8\ndev-type tun\nmanagement "+socket+" unix\nmanagement-hold\nremote 192.0.2.1\nclient\nca ca.crt\ncert cert.crt\nkey key.key\n",
		n.authority.files("thief", x509.ExtKeyUsageClientAuth, n.tlsCrypt))
	assert.Contains(t, next(t, p, anyOf[openvpn.SocketLost]).Reason, "another process")
	require.NoError(t, p.Signal(t.Context(), openvpn.SIGTERM))
	next(t, p, anyOf[openvpn.Exited])
}

// What a trusted text puts into the background by a file that it names is
// ended: nothing of it goes on unseen.
func TestIntegrationDaemon(t *testing.T) {
	n := connect(t)
	n.plainServer(t)
	l := n.client("config nested.conf")
	l.Trusted = true
	l.Files["nested.conf"] = []byte("daemon\n")
	p := start(t, n.runner, l)
	exited := next(t, p, anyOf[openvpn.Exited])
	assert.Contains(t, exited.Fatal, "background")
	adopted, err := n.runner.Adopt(t.Context())
	require.NoError(t, err)
	assert.Empty(t, adopted)
	left, err := exec.CommandContext(t.Context(), "pgrep", "-f", n.folder).Output()
	assert.Error(t, err, string(left))

	l = n.client("daemon")
	l.Trusted = true
	p = start(t, n.runner, l)
	state(t, p, "CONNECTED")
	ping(t, n.ours, "10.8.0.1")
}
