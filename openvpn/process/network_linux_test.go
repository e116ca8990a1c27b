package process_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/netns"
	"github.com/fieldgate/fieldgate/internal/pki"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/process"
)

// realProgram is what the tests run on both ends.
const realProgram = "/usr/sbin/openvpn"

// network is two hosts: ours with 192.0.2.2, and the peer with 192.0.2.1.
type network struct {
	ours, theirs *netns.Namespace
	folder       string
	runner       *process.Runner
	authority    *authority
	tlsCrypt     []byte
}

// skip ends a test that this machine cannot run; in CI it fails.
func skip(t *testing.T, why string) {
	if os.Getenv("CI") == "true" {
		require.Fail(t, why)
	}
	t.Skip(why)
}

func connect(t *testing.T) *network {
	if _, err := os.Stat(realProgram); err != nil {
		skip(t, "openvpn is not installed")
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		skip(t, "there is no /dev/net/tun")
	}
	n := &network{ours: namespace(t), theirs: namespace(t), folder: folder(t), authority: newAuthority(t), tlsCrypt: pki.NewStaticKey().PEM()}
	require.NoError(t, n.ours.Connect("eth0", n.theirs, "eth0"))
	require.NoError(t, n.ours.IP("addr", "add", "192.0.2.2/24", "dev", "eth0"))
	require.NoError(t, n.theirs.IP("addr", "add", "192.0.2.1/24", "dev", "eth0"))
	n.runner = n.newRunner(t, process.Options{})
	return n
}

func namespace(t *testing.T) *netns.Namespace {
	n, err := netns.New()
	if errors.Is(err, netns.ErrUnavailable) {
		skip(t, err.Error())
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	return n
}

// program returns a program that is openvpn on our host.
func (n *network) program(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "openvpn")
	text := "#!/bin/sh\nexec ip netns exec " + n.ours.String() + " " + realProgram + " \"$@\"\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o700))
	return path
}

func (n *network) newRunner(t *testing.T, o process.Options) *process.Runner {
	o.Program, o.Folder, o.ByteCountInterval = n.program(t), n.folder, time.Second
	r, err := process.New(o)
	require.NoError(t, err)
	return r
}

// common is what both ends of a tunnel have.
var common = []string{
	"proto udp", "dev-type tun", "ca ca.crt", "cert cert.crt", "key key.key", "tls-crypt tc.key", "persist-key", "persist-tun",
	"tls-version-min 1.2", "data-ciphers AES-256-GCM",
}

func text(lines ...[]string) string {
	var all []string
	for _, l := range lines {
		all = append(all, l...)
	}
	return strings.Join(all, "\n") + "\n"
}

func clientLines(more ...string) []string {
	return append([]string{"client", "dev tun0", "remote 192.0.2.1 1194", "nobind", "remote-cert-tls server"}, more...)
}

func serverLines(more ...string) []string {
	return append([]string{"dev tun0", "port 1194", "server 10.8.0.0 255.255.255.0", "topology subnet", "dh none",
		"remote-cert-tls client", "keepalive 1 30"}, more...)
}

// client and server return what our end runs.
func (n *network) client(more ...string) openvpn.Launch {
	return openvpn.Launch{Name: "ours", Config: []byte(text(common, clientLines(more...))), Digest: "d",
		Files: n.authority.files("ours", x509.ExtKeyUsageClientAuth, n.tlsCrypt)}
}

func (n *network) server(more ...string) openvpn.Launch {
	return openvpn.Launch{Name: "ours", Config: []byte(text(common, serverLines(more...))), Digest: "d",
		Files: n.authority.files("ours", x509.ExtKeyUsageServerAuth, n.tlsCrypt)}
}

// peer is a plain openvpn on the other host, whose only interface is its log.
type plain struct {
	cmd   *exec.Cmd
	ended chan struct{}

	mu  sync.Mutex
	log bytes.Buffer
}

func (p *plain) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *plain) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// saw waits for a text in the log.
func (p *plain) saw(t *testing.T, what string) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(p.String(), what) }, patience, 10*time.Millisecond, "%s: %s", what, p)
}

// stop ends it in good order.
func (p *plain) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// other starts a plain openvpn on a host.
func (n *network) other(t *testing.T, host *netns.Namespace, config string, files map[string][]byte) *plain {
	dir := t.TempDir()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o700))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600))
	p := &plain{cmd: host.Command(context.Background(), realProgram, "--cd", dir, "--config", "config", "--verb", "3"), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	require.NoError(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(p.stop)
	return p
}

// plainServer and plainClient start the other end, and wait until it is ready.
func (n *network) plainServer(t *testing.T, more ...string) *plain {
	p := n.other(t, n.theirs, text(common, serverLines(more...)), n.authority.files("theirs", x509.ExtKeyUsageServerAuth, n.tlsCrypt))
	p.saw(t, "Initialization Sequence Completed")
	return p
}

func (n *network) plainClient(t *testing.T, name string, more ...string) *plain {
	lines := append([]string{"client", "dev " + name, "remote 192.0.2.2 1194", "nobind", "remote-cert-tls server"}, more...)
	return n.other(t, n.theirs, text(common, lines), n.authority.files(name, x509.ExtKeyUsageClientAuth, n.tlsCrypt))
}

// ping pings an address of a host.
func ping(t *testing.T, host *netns.Namespace, address string) {
	t.Helper()
	out, err := host.Command(t.Context(), "ping", "-c", "3", "-i", "0.02", "-W", "5", address).CombinedOutput()
	require.NoError(t, err, string(out))
}
