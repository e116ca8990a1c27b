package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/netns"
	"github.com/fieldgate/fieldgate/internal/syncbuf"
	"github.com/fieldgate/fieldgate/internal/twohosts"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/filestore"
	"github.com/fieldgate/fieldgate/openvpn/pki"
)

// skip ends a test that this machine cannot run; in CI it fails.
func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		require.Fail(t, why)
	}
	t.Skip(why)
}

// newState makes a state folder with a configuration.
func newState(t *testing.T, config string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fg") // a short name: there are sockets below
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.WriteFile(filepath.Join(dir, "gateway.yaml"), []byte(config), 0o600))
	return dir
}

// itemState is the state of a tunnel as programs are told.
func (p *process) itemState(service, name string) string {
	p.t.Helper()
	status, body := p.get("/services/items/"+service, "")
	if status == http.StatusUnauthorized {
		p.login()
		status, body = p.get("/services/items/"+service, "")
	}
	require.Equal(p.t, http.StatusOK, status, body)
	var all struct {
		Items []struct{ Name, State string }
	}
	require.NoError(p.t, json.Unmarshal([]byte(body), &all), body)
	for _, item := range all.Items {
		if item.Name == name {
			return item.State
		}
	}
	return ""
}

// vpn is two hosts, the gateway's tunnels on ours.
type vpn struct {
	t            *testing.T
	ours, theirs *netns.Namespace
	program      string // openvpn on our host
	state        string
	server       *syncbuf.Buffer // of the other end
	password     string
}

const openvpnProgram = "/usr/sbin/openvpn"

// newVPN makes an OpenVPN server on the other host and a state folder with a
// client for it.
func newVPN(t *testing.T) *vpn {
	t.Helper()
	for _, needed := range []string{openvpnProgram, "/dev/net/tun"} {
		if _, err := os.Stat(needed); err != nil {
			skip(t, "there is no "+needed)
		}
	}
	v := &vpn{t: t, server: new(syncbuf.Buffer)}
	for _, n := range []**netns.Namespace{&v.ours, &v.theirs} {
		made, err := netns.New()
		if errors.Is(err, netns.ErrUnavailable) {
			skip(t, err.Error())
		}
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, made.Close()) })
		*n = made
	}
	require.NoError(t, v.ours.Connect("eth0", v.theirs, "eth0"))
	require.NoError(t, v.ours.IP("addr", "add", "192.0.2.2/24", "dev", "eth0"))
	require.NoError(t, v.theirs.IP("addr", "add", "192.0.2.1/24", "dev", "eth0"))

	ca, err := pki.CreateAuthority(filepath.Join(t.TempDir(), "ca"), pki.AuthorityConfig{})
	require.NoError(t, err)
	server, err := ca.IssueServer(pki.Request{Name: "server"})
	require.NoError(t, err)
	client, err := ca.IssueClient(pki.Request{Name: "client"})
	require.NoError(t, err)

	v.state = newState(t, `
telemetry: {enabled: false}
openvpn:
  enabled: true
  instances:
    - name: office
      enabled: true
      remotes: [{host: 192.0.2.1}]
      files: {ca: ca.crt, cert: client.crt, key: client.key}
      options:
        - {name: remote-cert-tls, args: [server]}
        - {name: persist-tun, args: []}
`)
	files, err := filestore.Open(filepath.Join(v.state, "openvpn"))
	require.NoError(t, err)
	for name, content := range map[string][]byte{"ca.crt": ca.CAPEM(), "client.crt": client.CertificatePEM(), "client.key": client.KeyPEM()} {
		require.NoError(t, files.Put("office", name, content))
	}
	v.program = filepath.Join(t.TempDir(), "openvpn")
	require.NoError(t, os.WriteFile(v.program, []byte("#!/bin/sh\nexec ip netns exec "+v.ours.String()+" "+openvpnProgram+" \"$@\"\n"), 0o700))

	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"ca.crt": ca.CAPEM(), "cert.crt": server.CertificatePEM(), "key.key": server.KeyPEM(),
		"config": []byte("proto udp\ndev-type tun\ndev tun0\nca ca.crt\ncert cert.crt\nkey key.key\ndh none\nport 1194\n" +
			"server 10.8.0.0 255.255.255.0\ntopology subnet\nkeepalive 1 60\nverb 3\n"),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	peer := v.theirs.Command(context.Background(), openvpnProgram, "--cd", dir, "--config", "config")
	peer.Stdout, peer.Stderr = v.server, v.server
	require.NoError(t, peer.Start())
	t.Cleanup(func() { _ = peer.Process.Kill(); _ = peer.Wait() })
	t.Cleanup(func() {
		for _, pid := range v.children() { // of a test that failed
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	return v
}

// children are the openvpns of the gateway, as the kernel knows them.
func (v *vpn) children() []int {
	v.t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(v.t, err)
	var pids []int
	for _, path := range all {
		line, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(line, []byte(openvpnProgram+"\x00")) || !bytes.Contains(line, []byte(v.state)) {
			continue
		}
		var pid int
		_, err = fmt.Sscanf(path, "/proc/%d/", &pid)
		require.NoError(v.t, err)
		pids = append(pids, pid)
	}
	return pids
}

func (v *vpn) start() *process {
	v.t.Helper()
	p := startGateway(v.t, v.state, "-openvpn", v.program)
	require.NotEmpty(v.t, p.url, "stderr: %s", &p.stderr)
	if v.password == "" {
		p.login()
		v.password = p.password
	}
	p.password = v.password
	return p
}

func (v *vpn) ping() {
	v.t.Helper()
	out, err := v.ours.Command(v.t.Context(), "ping", "-c", "2", "-W", "5", "10.8.0.1").CombinedOutput()
	require.NoError(v.t, err, "%s", out)
}

// edit replaces a text of the configuration while no gateway runs.
func (v *vpn) edit(old, new string) {
	v.t.Helper()
	edit(v.t, v.state, old, new)
}

// However a gateway ends but by SIGTERM, its OpenVPN tunnels go on, and the
// next one takes over those that are still wanted: with the same process, and
// the other end sees nothing of it.
func TestIntegrationOpenVPNSurvives(t *testing.T) {
	v := newVPN(t)
	p := v.start()
	soon(t, "the tunnel is up", func() bool { return p.itemState("openvpn", "office") == string(openvpn.StateConnected) })
	v.ping()
	before := v.children()
	require.Len(t, before, 1)

	for how, end := range map[string]func(){
		"kill -9": func() { p.end(syscall.SIGKILL) },
		"SIGUSR2": func() { assert.Equal(t, exitOK, p.end(syscall.SIGUSR2), "stderr: %s", &p.stderr) },
	} {
		end()
		assert.Equal(t, before, v.children(), how)
		v.ping()
		p = v.start()
		soon(t, "the tunnel is known", func() bool { return p.itemState("openvpn", "office") == string(openvpn.StateConnected) })
		assert.Equal(t, before, v.children(), how)
		v.ping()
	}
	assert.Equal(t, 1, strings.Count(v.server.String(), "Peer Connection Initiated"), "the other end sees no reconnect: %s", v.server)

	// What is not wanted any more is ended by the next gateway.
	p.end(syscall.SIGKILL)
	v.edit("name: office\n      enabled: true", "name: other\n      enabled: false")
	p = v.start()
	soon(t, "nothing is left running", func() bool { return len(v.children()) == 0 })
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM))
}

// SIGTERM ends the tunnels; and a service that was switched off while no
// gateway ran has none.
func TestIntegrationOpenVPNEnds(t *testing.T) {
	v := newVPN(t)
	p := v.start()
	soon(t, "the tunnel is up", func() bool { return p.itemState("openvpn", "office") == string(openvpn.StateConnected) })
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
	assert.Empty(t, v.children())

	p = v.start()
	soon(t, "the tunnel is up again", func() bool { return p.itemState("openvpn", "office") == string(openvpn.StateConnected) })
	p.end(syscall.SIGKILL)
	require.Len(t, v.children(), 1)
	v.edit("openvpn:\n  enabled: true", "openvpn:\n  enabled: false")
	p = v.start()
	soon(t, "nothing is left running", func() bool { return len(v.children()) == 0 })
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM))
}

const ipsecPeer = `
connections {
  gw {
    version = 2
    local_addrs = 192.0.2.2
    remote_addrs = 192.0.2.1
    proposals = aes256-sha256-modp2048
    local { auth = psk }
    remote { auth = psk }
    children { net { local_ts = 10.10.10.0/24
      remote_ts = 10.10.12.0/24
      esp_proposals = aes128-sha256 } }
  }
}
secrets { ike-gw { secret = "thebigsecret" } }
`

// IPsec tunnels keep their SPIs through the end of a gateway, but for SIGTERM.
func TestIntegrationIPsecSurvives(t *testing.T) {
	pair, err := twohosts.New(twohosts.Options{})
	if errors.Is(err, twohosts.ErrUnavailable) {
		skip(t, err.Error())
	}
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, pair.Close()) })
	require.NoError(t, pair.B.Load(t.Context(), ipsecPeer))
	state := newState(t, `
telemetry: {enabled: false}
ipsec:
  enabled: true
  connections:
    - {name: demo0, enabled: true, gateway: 192.0.2.2, local_subnets: 10.10.12.0/24, remote_subnets: 10.10.10.0/24,
       pre_shared_key: thebigsecret, phase1: ike, phase2: esp, start_action: start}
  phase1_proposals: [{name: ike, encryption: aes256, hash: sha256, dh: 14}]
  phase2_proposals: [{name: esp, encryption: aes128, hash: sha256}]
`)
	var password string
	start := func() *process {
		p := startGateway(t, state, "-charon", pair.A.Socket())
		require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
		if password == "" {
			p.login()
			password = p.password
		}
		p.password = password
		return p
	}
	up := func(p *process) {
		t.Helper()
		soon(t, "the tunnel is up", func() bool { return p.itemState("ipsec", "demo0") == "up" })
	}
	// spis are those of the data channels, as charon itself tells.
	spis := func() (all []string) {
		t.Helper()
		children, err := pair.A.Installed(t.Context(), "")
		require.NoError(t, err)
		for _, c := range children {
			all = append(all, c.Values["spi-in"]+" "+c.Values["spi-out"])
		}
		return all
	}
	p := start()
	up(p)
	before := spis()
	require.Len(t, before, 1)
	for how, end := range map[string]func(){
		"kill -9": func() { p.end(syscall.SIGKILL) },
		"SIGUSR2": func() { assert.Equal(t, exitOK, p.end(syscall.SIGUSR2), "stderr: %s", &p.stderr) },
	} {
		end()
		assert.Equal(t, before, spis(), how)
		p = start()
		up(p)
		assert.Equal(t, before, spis(), how)
	}
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
	assert.Empty(t, spis(), "SIGTERM ends the tunnels")

	p = start()
	up(p)
	p.end(syscall.SIGKILL)
	require.Len(t, spis(), 1)
	edit(t, state, "ipsec:\n  enabled: true", "ipsec:\n  enabled: false")
	p = start()
	soon(t, "what is switched off is not left up", func() bool { return len(spis()) == 0 })
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM))
}

// A device with a disk that cannot be written runs with what it can read, and
// says so.
func TestIntegrationReadOnlyDisk(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	first := startGateway(t, state)
	require.NotEmpty(t, first.url)
	first.login()
	require.Equal(t, exitOK, first.end(syscall.SIGTERM))
	if out, err := exec.Command("mount", "--bind", state, state).CombinedOutput(); err != nil {
		skip(t, "no mounts here: "+string(out))
	}
	t.Cleanup(func() { assert.NoError(t, exec.Command("umount", state).Run()) })
	require.NoError(t, exec.Command("mount", "-o", "remount,bind,ro", state).Run())

	p := startGateway(t, state)
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	p.password = first.password
	assert.Contains(t, p.page(), "running")
	assert.Contains(t, p.stderr.String(), "read-only file system")
	status, body := p.post("/config/device", map[string][]string{"base": {"1"}, "model": {"x"}})
	assert.NotEqual(t, http.StatusOK, status)
	assert.Contains(t, body, "read-only")
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
}

// A device with a full disk can be reached over TLS, and says what is wrong.
func TestIntegrationFullDisk(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	require.NoError(t, os.Mkdir(state, 0o700))
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "tmpfs", state).CombinedOutput(); err != nil {
		skip(t, "no mounts here: "+string(out))
	}
	t.Cleanup(func() { assert.NoError(t, exec.Command("umount", state).Run()) })
	first := startGateway(t, state)
	require.NotEmpty(t, first.url, "stderr: %s", &first.stderr)
	first.login()
	require.Equal(t, exitOK, first.end(syscall.SIGTERM))
	edit(t, state, "tls: auto", "tls: on")
	full, err := os.Create(filepath.Join(state, "full"))
	require.NoError(t, err)
	for err == nil {
		_, err = full.Write(make([]byte, 4096))
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NoError(t, full.Close())

	p := startGateway(t, state)
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	assert.True(t, strings.HasPrefix(p.url, "https://"), p.url)
	p.password = first.password
	assert.Contains(t, p.page(), "running")
	status, body := p.post("/config/device", map[string][]string{"base": {"2"}, "model": {"x"}})
	assert.NotEqual(t, http.StatusOK, status)
	assert.Contains(t, body, "no space left")
	require.NoError(t, os.Remove(filepath.Join(state, "full")))
	soon(t, "with room again it is stored", func() bool {
		status, _ := p.post("/config/device", map[string][]string{"base": {"2"}, "model": {"x"}})
		return status == http.StatusOK
	})
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
}
