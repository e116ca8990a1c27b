package together_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/filestore"
	"github.com/fieldgate/fieldgate/openvpn/process"
)

// gatewayWord is what the test binary is called with to be a program that can
// be killed. Its arguments are openvpn, the folders of the runner and of the
// store, and a file with a Config.
const gatewayWord = "gateway"

// gateway runs a service, tells the pids of its instances as they connect, and
// stays. It returns why it cannot.
func gateway(args []string) error {
	runner, err := process.New(process.Options{Program: args[0], Folder: args[1]})
	if err != nil {
		return err
	}
	store, err := filestore.Open(args[2])
	if err != nil {
		return err
	}
	text, err := os.ReadFile(args[3])
	if err != nil {
		return err
	}
	var c openvpn.Config
	if err := json.Unmarshal(text, &c); err != nil {
		return err
	}
	s, err := openvpn.New(c, openvpn.Options{Runner: runner, Store: store, OnChange: func(st openvpn.InstanceStatus) {
		if st.State == openvpn.StateConnected {
			fmt.Println("connected", st.Name, st.PID)
		}
	}})
	if err != nil {
		return err
	}
	if err := s.Start(context.Background()); err != nil {
		return err
	}
	<-s.Done()
	return s.Err()
}

// startGateway runs a program with instances on our host until all of them
// are connected, and returns their pids.
func (b *bench) startGateway(t *testing.T, instances ...openvpn.Instance) (program *exec.Cmd, pids map[string]int) {
	t.Helper()
	text, err := json.Marshal(openvpn.Config{Enabled: true, Instances: instances})
	require.NoError(t, err)
	path := filepath.Join(b.folder, "config.json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	self, err := os.Executable()
	require.NoError(t, err)
	program = b.ours.Command(context.Background(), self, gatewayWord, openvpnProgram(t), b.run, filepath.Join(b.folder, "store"), path)
	out, err := program.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, program.Start())
	t.Cleanup(func() { _ = program.Process.Kill() }) // if it still lives
	pids = make(map[string]int)
	for lines := bufio.NewScanner(out); len(pids) < len(instances) && lines.Scan(); {
		var name string
		var pid int
		if n, _ := fmt.Sscanf(lines.Text(), "connected %s %d", &name, &pid); n == 2 {
			pids[name] = pid
		} else {
			t.Log(lines.Text())
		}
	}
	require.Len(t, pids, len(instances), "the gateway ended")
	return program, pids
}

// kill -9 of the program: the tunnel stands while nobody is there, and the next
// life takes it over; the other end sees nothing. What is configured
// otherwise, or not at all, by then is ended.
func TestIntegrationProgramIsKilled(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	hub := b.plain(t, fmt.Sprintf(plainServer, "tun", "udp4")+"server 10.8.0.0 255.255.255.0\ntopology subnet\n", b.issue(t, "hub", true))
	hub.up(t)
	office := b.made(t, "client_tun", openvpn.Answers{Name: "office", Remote: "192.0.2.2", Protocol: openvpn.ProtocolUDP4})
	changed := b.made(t, "server_pki", openvpn.Answers{Name: "changed", Port: 2001, Network: "10.0.101.0/24", Protocol: openvpn.ProtocolUDP4})
	gone := b.made(t, "server_pki", openvpn.Answers{Name: "gone", Port: 2002, Network: "10.0.102.0/24", Protocol: openvpn.ProtocolUDP4})
	program, pids := b.startGateway(t, office, changed, gone)
	ping(t, b.ours, "10.8.0.1")

	through := b.ours.Command(t.Context(), "ping", "-q", "-i", "0.05", "-c", "40", "-W", "5", "10.8.0.1")
	var told strings.Builder
	through.Stdout = &told
	require.NoError(t, through.Start())
	require.NoError(t, program.Process.Kill())
	_ = program.Wait()
	changed.Port = 2003
	s := b.serve(t, office, changed)
	assert.Equal(t, pids["office"], connected(t, s, "office").PID)
	assert.NotEqual(t, pids["changed"], connected(t, s, "changed").PID)
	require.NoError(t, through.Wait(), told.String())
	assert.Contains(t, told.String(), " 0% packet loss")
	assert.Equal(t, 1, hub.times("Peer Connection Initiated"), "the other end saw a reconnect")
	assert.Equal(t, "10.8.0.2", find(t, s, "office").Tunnel.String())
	require.Eventually(t, func() bool { return syscall.Kill(pids["gone"], 0) != nil && syscall.Kill(pids["changed"], 0) != nil },
		patience, tick, "what nobody wants any more still runs")
}

// kill -9 of the program and of the child: the instance starts anew.
func TestIntegrationBothAreKilled(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	b.plain(t, fmt.Sprintf(plainServer, "tun", "udp4")+"server 10.8.0.0 255.255.255.0\ntopology subnet\n", b.issue(t, "hub", true)).up(t)
	office := b.made(t, "client_tun", openvpn.Answers{Name: "office", Remote: "192.0.2.2", Protocol: openvpn.ProtocolUDP4})
	program, pids := b.startGateway(t, office)
	require.NoError(t, program.Process.Kill())
	_ = program.Wait()
	require.NoError(t, syscall.Kill(pids["office"], syscall.SIGKILL))
	s := b.serve(t, office)
	assert.NotEqual(t, pids["office"], connected(t, s, "office").PID)
	ping(t, b.ours, "10.8.0.1")
}

// Two programs on one folder: the second one gets nothing, and does no harm.
func TestIntegrationTwoPrograms(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	hub := b.made(t, "server_pki", openvpn.Answers{Name: "hub", Protocol: openvpn.ProtocolUDP4})
	_, pids := b.startGateway(t, hub)
	t.Cleanup(func() { assert.NoError(t, syscall.Kill(pids["hub"], syscall.SIGTERM)) }) // it outlives its program
	second := b.serve(t, hub)
	st := until(t, second, "hub", func(st openvpn.InstanceStatus) bool { return st.State == openvpn.StateFailed })
	assert.Equal(t, openvpn.CauseUnmanaged, st.Cause)
	assert.Contains(t, st.Detail, openvpn.ErrBusy.Error())
	assert.False(t, st.Started)
	require.NoError(t, second.StopInstance(t.Context(), "hub"))
	require.NoError(t, second.Stop(t.Context()))
	assert.NoError(t, syscall.Kill(pids["hub"], 0), "the process of the first one is gone")
}
