package together_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/netns"
	"github.com/fieldgate/fieldgate/internal/pki"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/filestore"
	"github.com/fieldgate/fieldgate/openvpn/process"
)

// patience is how long a real peer may take on a loaded machine.
const patience = 40 * time.Second

// bench is two hosts: on ours the service runs, on theirs plain openvpn.
type bench struct {
	ours, theirs *netns.Namespace
	store        *filestore.Store
	ca           *pki.Authority
	folder       string
	run          string // of the runner
	runner       openvpn.Runner
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{folder: t.TempDir()}
	b.ours, b.theirs = namespace(t), namespace(t)
	require.NoError(t, b.ours.Connect("eth0", b.theirs, "eth0"))
	for _, h := range []struct {
		ns *netns.Namespace
		v4 string
		v6 string
	}{{b.ours, "192.0.2.1/24", "2001:db8::1/64"}, {b.theirs, "192.0.2.2/24", "2001:db8::2/64"}} {
		require.NoError(t, h.ns.IP("addr", "add", h.v4, "dev", "eth0"))
		require.NoError(t, h.ns.IP("addr", "add", h.v6, "dev", "eth0", "nodad"))
	}
	var err error
	b.store, err = filestore.Open(filepath.Join(b.folder, "store"))
	require.NoError(t, err)
	b.ca, err = pki.CreateAuthority(filepath.Join(b.folder, "ca"), pki.AuthorityConfig{})
	require.NoError(t, err)
	// The path of a socket is short.
	short, err := os.MkdirTemp("", "fgo")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(short)) })
	b.run = filepath.Join(short, "run")
	b.use(t, process.Options{})
	return b
}

// use makes a runner of the bench, on our host.
func (b *bench) use(t *testing.T, o process.Options) {
	t.Helper()
	o.Folder, o.Program = b.run, openvpnProgram(t)
	real, err := process.New(o)
	require.NoError(t, err)
	b.runner = inside{real, b.ours}
}

// missing skips, or fails where everything has to be there.
func missing(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		require.Fail(t, "CI lacks a peer", reason)
	}
	t.Skip(reason)
}

func openvpnProgram(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("openvpn")
	if err != nil {
		missing(t, "openvpn is not installed")
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		missing(t, "there is no /dev/net/tun")
	}
	return path
}

func namespace(t *testing.T) *netns.Namespace {
	t.Helper()
	openvpnProgram(t)
	ns, err := netns.New()
	if errors.Is(err, netns.ErrUnavailable) {
		missing(t, err.Error())
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ns.Close()) })
	return ns
}

// inside is a runner whose processes live in a namespace: a child belongs to
// that of the thread that starts it.
type inside struct {
	openvpn.Runner

	ns *netns.Namespace
}

func (r inside) Start(ctx context.Context, l openvpn.Launch) (p openvpn.Process, err error) {
	err = r.ns.Do(func() error {
		p, err = r.Runner.Start(ctx, l)
		return err
	})
	return p, err
}

// serve runs a service with instances until the end of the test.
func (b *bench) serve(t *testing.T, instances ...openvpn.Instance) *openvpn.Service {
	t.Helper()
	s, err := openvpn.New(openvpn.Config{Enabled: true, Instances: instances}, b.options(t))
	require.NoError(t, err)
	b.start(t, s)
	return s
}

func (b *bench) options(t *testing.T) openvpn.Options {
	return openvpn.Options{
		Runner: b.runner, Store: b.store,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
}

func (b *bench) start(t *testing.T, s *openvpn.Service) {
	t.Helper()
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() {
		for _, i := range s.Status().Instances {
			if lines, err := s.Log(i.Name); err == nil && t.Failed() {
				for _, line := range lines {
					t.Log(i.Name, line.Flags, line.Text)
				}
			}
		}
		require.NoError(t, s.Stop(context.Background()))
	})
}

// connected waits until an instance is.
func connected(t *testing.T, s *openvpn.Service, name string) openvpn.InstanceStatus {
	t.Helper()
	return until(t, s, name, func(st openvpn.InstanceStatus) bool { return st.State == openvpn.StateConnected })
}

func until(t *testing.T, s *openvpn.Service, name string, good func(openvpn.InstanceStatus) bool) openvpn.InstanceStatus {
	t.Helper()
	var st openvpn.InstanceStatus
	require.Eventually(t, func() bool {
		for _, one := range s.Status().Instances {
			if one.Name == name {
				st = one
			}
		}
		return good(st)
	}, patience, 20*time.Millisecond, "instance %s", name)
	return st
}

// peer is a plain openvpn.
type peer struct {
	folder string
	cmd    *exec.Cmd
	ended  chan struct{}

	mu  sync.Mutex
	log bytes.Buffer
}

func (p *peer) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *peer) said(text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Contains(p.log.String(), text)
}

// plain starts openvpn on the other host with a configuration and files.
func (b *bench) plain(t *testing.T, config string, files map[string][]byte) *peer {
	t.Helper()
	p := &peer{folder: t.TempDir(), ended: make(chan struct{})}
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(p.folder, name), content, 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(p.folder, "peer.conf"), []byte(config), 0o600))
	p.cmd = b.theirs.Command(context.Background(), "openvpn", "--cd", p.folder, "--config", "peer.conf")
	p.cmd.Stdout, p.cmd.Stderr = p, p
	require.NoError(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.end(t)
		if t.Failed() {
			t.Log("the plain openvpn said:\n" + p.log.String())
		}
	})
	return p
}

func (p *peer) end(t *testing.T) {
	t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	select {
	case <-p.ended:
	case <-time.After(patience):
		require.Fail(t, "the plain openvpn does not end")
	}
}

// up waits until the plain openvpn is.
func (p *peer) up(t *testing.T) {
	t.Helper()
	p.says(t, "Initialization Sequence Completed")
}

func (p *peer) says(t *testing.T, text string) {
	t.Helper()
	require.Eventually(t, func() bool { return p.said(text) }, patience, 20*time.Millisecond, "the plain openvpn never said %q", text)
}

// ping sends three pings, once the first has come back.
func ping(t *testing.T, from *netns.Namespace, to string) {
	t.Helper()
	try := func(args ...string) error {
		return from.Command(t.Context(), "ping", append(args, to)...).Run()
	}
	require.Eventually(t, func() bool { return try("-c", "1", "-W", "1") == nil }, patience, 50*time.Millisecond, "no answer from %s", to)
	require.NoError(t, try("-c", "3", "-i", "0.05", "-W", "5"), "pings to %s are lost", to)
}

// file returns what the store has.
func (b *bench) file(t *testing.T, instance, name string) []byte {
	t.Helper()
	content, err := b.store.Get(instance, name)
	require.NoError(t, err)
	return content
}

// issue returns the files of a plain peer from the authority.
func (b *bench) issue(t *testing.T, name string, server bool) map[string][]byte {
	t.Helper()
	issue := b.ca.IssueClient
	if server {
		issue = b.ca.IssueServer
	}
	id, err := issue(pki.Request{Name: name})
	require.NoError(t, err)
	key, err := b.ca.TLSCryptKey()
	require.NoError(t, err)
	return map[string][]byte{
		"ca.crt": b.ca.CAPEM(), "peer.crt": id.CertificatePEM(), "peer.key": id.KeyPEM(), "tc.key": key,
	}
}

// made returns the instance of a recipe, enabled, with its files in the store.
func (b *bench) made(t *testing.T, recipe string, a openvpn.Answers) openvpn.Instance {
	t.Helper()
	i, err := openvpn.FromRecipe(recipe, a)
	require.NoError(t, err)
	i.Enabled = true
	if i.Files[openvpn.FileCA] != "" {
		require.NoError(t, openvpn.IssueFiles(i, a.Name, b.ca, b.store))
	}
	_, err = openvpn.MakeFiles(i, b.store)
	require.NoError(t, err)
	return i
}

// pkcs12 lets openssl make a file as an operator of a server hands it out.
func pkcs12(t *testing.T, id pki.Identity, password string) []byte {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		missing(t, "openssl is not installed")
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "all.pem")
	all := slices.Concat(id.KeyPEM(), id.CertificatePEM(), id.CAPEM())
	require.NoError(t, os.WriteFile(path, all, 0o600))
	out := filepath.Join(folder, "client.p12")
	cmd := exec.CommandContext(t.Context(), "openssl", "pkcs12", "-export", "-in", path, "-out", out, "-passout", "stdin")
	cmd.Stdin = strings.NewReader(password + "\n")
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, string(text))
	file, err := os.ReadFile(out)
	require.NoError(t, err)
	return file
}

// find returns the status of an instance.
func find(t *testing.T, s *openvpn.Service, name string) openvpn.InstanceStatus {
	t.Helper()
	for _, st := range s.Status().Instances {
		if st.Name == name {
			return st
		}
	}
	require.Failf(t, "no status", "instance %q", name)
	return openvpn.InstanceStatus{}
}
