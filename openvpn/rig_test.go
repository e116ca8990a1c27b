package openvpn_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
)

// rig is a service on fakes, within a bubble of testing/synctest.
type rig struct {
	*openvpn.Service

	runner *openvpntest.Runner
	store  *openvpntest.Store
	folder *folder
	log    *logbook
	seen   *journal
	config openvpn.Config
}

// newRig returns a rig that is not started, and is stopped at the end.
func newRig(t *testing.T, c openvpn.Config) *rig {
	t.Helper()
	r := &rig{
		runner: openvpntest.NewRunner(), store: openvpntest.NewStore(),
		folder: &folder{}, log: &logbook{}, seen: &journal{}, config: c,
	}
	r.fill(t, c.Instances...)
	r.Service = r.service(t, r.runner)
	return r
}

func (r *rig) service(t *testing.T, runner openvpn.Runner) *openvpn.Service {
	t.Helper()
	s, err := openvpn.New(r.config, openvpn.Options{
		Runner: runner, Store: r.store, OnChange: r.seen.add,
		OpenFolder: func(string) fs.FS { return r.folder },
		Logger:     slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	return s
}

// fill puts the files of instances into the store.
func (r *rig) fill(t *testing.T, instances ...openvpn.Instance) {
	t.Helper()
	for _, i := range instances {
		for _, name := range i.Files {
			require.NoError(t, r.store.Put(i.Name, name, []byte("content of "+name)))
		}
	}
}

// started returns a rig that runs and has settled.
func started(t *testing.T, instances ...openvpn.Instance) *rig {
	t.Helper()
	r := newRig(t, openvpn.Config{Enabled: true, Instances: instances})
	require.NoError(t, r.Start(t.Context()))
	settle()
	return r
}

// settle gives processes the time to connect.
func settle() {
	time.Sleep(time.Second)
	synctest.Wait()
}

func (r *rig) apply(t *testing.T, instances ...openvpn.Instance) {
	t.Helper()
	r.config.Instances = instances
	require.NoError(t, r.Apply(t.Context(), r.config))
	settle()
}

// status returns that of an instance.
func (r *rig) status(t *testing.T, name string) openvpn.InstanceStatus {
	t.Helper()
	synctest.Wait()
	return find(t, r.Service, name)
}

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

// in runs a test in a bubble.
func in(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func clientInstance(name string) openvpn.Instance {
	return openvpn.Instance{
		Name: name, Enabled: true, Role: openvpn.RoleClient,
		Remotes: []openvpn.Remote{{Host: "vpn.example.org"}},
		Files:   map[openvpn.FileKind]string{"ca": "ca.crt", "cert": "client.crt", "key": "client.key"},
		Options: []openvpn.Option{{Name: "remote-cert-tls", Args: []string{"server"}}},
	}
}

func serverInstance(name string) openvpn.Instance {
	return openvpn.Instance{
		Name: name, Enabled: true, Role: openvpn.RoleServer, Server: "10.8.0.0/24",
		Files: map[openvpn.FileKind]string{
			"ca": "ca.crt", "cert": "server.crt", "key": "server.key", "tls-crypt": "tc.key", "crl-verify": "crl.pem",
		},
	}
}

// folder is a file system that tests change.
type folder struct {
	mu    sync.Mutex
	files fstest.MapFS
	fault error
}

func (f *folder) Open(name string) (fs.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault != nil {
		return nil, f.fault
	}
	return f.files.Open(name)
}

// put writes a file now, put-old one that has lain there for long.
func (f *folder) put(name, content string) { f.write(name, content, time.Now()) }
func (f *folder) putOld(name, content string) {
	f.write(name, content, time.Now().Add(-time.Hour))
}

func (f *folder) write(name, content string, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := fstest.MapFS{}
	for n, file := range f.files {
		next[n] = file
	}
	next[name] = &fstest.MapFile{Data: []byte(content), ModTime: at, Mode: 0o600}
	f.files = next
}

func (f *folder) remove(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := fstest.MapFS{}
	for n, file := range f.files {
		if n != name {
			next[n] = file
		}
	}
	f.files = next
}

func (f *folder) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = err
}

// logbook keeps what is logged.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// journal keeps what OnChange was told.
type journal struct {
	mu   sync.Mutex
	list []openvpn.InstanceStatus
}

func (j *journal) add(st openvpn.InstanceStatus) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.list = append(j.list, st)
}

// states returns the states of an instance in their order, without repeats.
func (j *journal) states(name string) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []string
	for _, st := range j.list {
		text := string(st.State)
		if st.Cause != "" {
			text += fmt.Sprintf("(%s)", st.Cause)
		}
		if st.Name == name && (len(out) == 0 || out[len(out)-1] != text) {
			out = append(out, text)
		}
	}
	return out
}

func now() time.Time { return time.Now() }
