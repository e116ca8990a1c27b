package process_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest/managementfake"
	"github.com/fieldgate/fieldgate/openvpn/process"
)

func launch(name string, lines ...string) openvpn.Launch {
	return openvpn.Launch{Name: name, Config: []byte(strings.Join(lines, "\n")), Digest: "digest of " + name}
}

func TestNewRefuses(t *testing.T) {
	for name, o := range map[string]process.Options{
		"relative folder":  {Folder: "run"},
		"long folder":      {Folder: "/" + strings.Repeat("x", 80)},
		"relative program": {Program: "openvpn"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := process.New(o)
			assert.Error(t, err)
		})
	}
	r, err := process.New(process.Options{})
	require.NoError(t, err)
	assert.NotNil(t, r)
}

func TestVersion(t *testing.T) {
	version, err := fake(t, process.Options{}).Version(t.Context())
	require.NoError(t, err)
	assert.Equal(t, managementfake.Version, version)
}

func TestNotInstalled(t *testing.T) {
	for name, program := range map[string]string{
		"missing": "/nonexistent/openvpn", "a folder": "/etc", "no program": "/etc/passwd", "another program": "/bin/true",
	} {
		t.Run(name, func(t *testing.T) {
			r, err := process.New(process.Options{Folder: folder(t), Program: program})
			require.NoError(t, err)
			_, err = r.Version(t.Context())
			require.ErrorIs(t, err, openvpn.ErrNotInstalled)
			if program != "/bin/true" {
				_, err = r.Start(t.Context(), launch("a"))
				require.ErrorIs(t, err, openvpn.ErrNotInstalled)
			}
			adopted, err := r.Adopt(t.Context())
			require.NoError(t, err)
			assert.Empty(t, adopted)
		})
	}
}

func TestStartRefuses(t *testing.T) {
	r := fake(t, process.Options{})
	for name, l := range map[string]openvpn.Launch{
		"no name":     {},
		"path":        {Name: "../a"},
		"dash":        {Name: "-a"},
		"long":        {Name: strings.Repeat("a", 33)},
		"file path":   {Name: "a", Files: map[string][]byte{"../b": nil}},
		"file parent": {Name: "a", Files: map[string][]byte{"..": nil}},
		"NUL":         {Name: "a", Config: []byte("a\x00b")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.Start(t.Context(), l)
			assert.Error(t, err)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.Start(ctx, launch("a"))
	assert.ErrorIs(t, err, context.Canceled)
}

func TestConnects(t *testing.T) {
	p := start(t, fake(t, process.Options{}), launch("a"))
	assert.Equal(t, "a", p.Name())
	assert.Equal(t, "digest of a", p.Digest())
	assert.WithinDuration(t, time.Now(), p.Started(), patience)
	assert.Equal(t, []string{"CONNECTING", "WAIT", "AUTH", "GET_CONFIG", "ASSIGN_IP", "CONNECTED"}, states(t, p, "CONNECTED"))

	require.NoError(t, p.Signal(t.Context(), openvpn.SIGUSR1))
	again := state(t, p, "RECONNECTING")
	assert.Equal(t, "SIGUSR1", again.Detail)
	connected := state(t, p, "CONNECTED")
	assert.Equal(t, "10.8.0.2", connected.Tunnel.String())
	assert.Equal(t, "192.0.2.1:1194", connected.Remote.String())

	require.NoError(t, p.Signal(t.Context(), openvpn.SIGTERM))
	assert.Equal(t, "SIGTERM", state(t, p, "EXITING").Detail)
	exited := next(t, p, anyOf[openvpn.Exited])
	assert.Equal(t, "exit status 0", exited.Status)
	_, open := <-p.Events()
	assert.False(t, open)
	assert.NoError(t, p.Kill(), "of what has ended")
	assert.NoError(t, p.Signal(t.Context(), openvpn.SIGTERM), "of what has ended")
	assert.Error(t, p.Signal(t.Context(), openvpn.SIGHUP))
	assert.NoError(t, p.Release())
}

// What is written is for the owner only, and goes when the process has ended;
// what openvpn made itself stays.
func TestFiles(t *testing.T) {
	dir := folder(t)
	r := fake(t, process.Options{Folder: dir})
	l := launch("a")
	l.Files = map[string][]byte{"ca.crt": []byte("ca"), "config": []byte("a file of that name")}
	p := start(t, r, l)
	state(t, p, "CONNECTED")
	home := filepath.Join(dir, "a")
	for _, d := range []string{dir, home, filepath.Join(home, "files")} {
		info, err := os.Stat(d)
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o700), info.Mode().Perm(), d)
	}
	for _, f := range []string{"config", "output", "record", "lock", "files/ca.crt", "files/config"} {
		info, err := os.Stat(filepath.Join(home, f))
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), f)
	}
	require.NoError(t, p.WriteFile("ca.crt", []byte("new")))
	text, err := os.ReadFile(filepath.Join(home, "files", "ca.crt"))
	require.NoError(t, err)
	assert.Equal(t, "new", string(text))
	assert.Error(t, p.WriteFile("addresses.txt", nil), "it is none of the instance")
	assert.Error(t, p.WriteFile("../config", nil))
	require.NoError(t, os.WriteFile(filepath.Join(home, "files", "addresses.txt"), nil, 0o600))

	end(t, p)
	assert.ErrorIs(t, p.WriteFile("ca.crt", nil), os.ErrProcessDone)
	left, err := filepath.Glob(filepath.Join(home, "*", "*"))
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(home, "files", "addresses.txt")}, left)
	again := start(t, r, launch("a"))
	state(t, again, "CONNECTED")
	assert.FileExists(t, filepath.Join(home, "files", "addresses.txt"))
}

// A file that lies in the folder as a link leads nowhere.
func TestNothingIsWrittenThroughLinks(t *testing.T) {
	dir := folder(t)
	victim := filepath.Join(t.TempDir(), "victim")
	require.NoError(t, os.WriteFile(victim, []byte("precious"), 0o600))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "a", "files"), 0o700))
	require.NoError(t, os.Symlink(victim, filepath.Join(dir, "a", "files", "ca.crt")))
	l := launch("a")
	l.Files = map[string][]byte{"ca.crt": []byte("ca")}
	state(t, start(t, fake(t, process.Options{Folder: dir}), l), "CONNECTED")
	text, err := os.ReadFile(victim)
	require.NoError(t, err)
	assert.Equal(t, "precious", string(text))

	require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(dir, "b")))
	_, err = fake(t, process.Options{Folder: dir}).Start(t.Context(), launch("b"))
	assert.ErrorContains(t, err, "no folder")
}

func TestOptionsError(t *testing.T) {
	p := start(t, fake(t, process.Options{}), launch("a", `#fake options-error "Unrecognized option in config:3: nonsense"`))
	exited := next(t, p, anyOf[openvpn.Exited])
	assert.Equal(t, "exit status 1", exited.Status)
	assert.Equal(t, []string{"Options error: Unrecognized option in config:3: nonsense"}, exited.Output)
}

func TestFatal(t *testing.T) {
	p := start(t, fake(t, process.Options{}), launch("a", `#fake fatal "ERROR: could not read"`))
	exited := next(t, p, anyOf[openvpn.Exited])
	assert.Equal(t, "ERROR: could not read", exited.Fatal)
}

func TestCredentials(t *testing.T) {
	p := start(t, fake(t, process.Options{}), launch("a", `#fake ask Auth joe "se\"cr et"`, `#fake ask "Private Key" "" key`))
	need := next(t, p, anyOf[openvpn.NeedCredentials])
	assert.Equal(t, openvpn.NeedCredentials{What: "Auth", User: true}, need)
	require.NoError(t, p.Answer(t.Context(), openvpn.Credentials{What: "Auth", Username: "joe", Password: openvpn.NewSecret("wrong")}))
	assert.Equal(t, "Auth", next(t, p, anyOf[openvpn.CredentialsRefused]).What)
	assert.Equal(t, need, next(t, p, anyOf[openvpn.NeedCredentials]))
	require.NoError(t, p.Answer(t.Context(), openvpn.Credentials{What: "Auth", Username: "joe", Password: openvpn.NewSecret(`se"cr et`)}))
	assert.Equal(t, openvpn.NeedCredentials{What: "Private Key"}, next(t, p, anyOf[openvpn.NeedCredentials]))
	err := p.Answer(t.Context(), openvpn.Credentials{What: "Auth", Password: openvpn.NewSecret("early")})
	require.ErrorContains(t, err, "we need one of type 'Private Key'")
	assert.NotContains(t, err.Error(), "early")
	require.NoError(t, p.Answer(t.Context(), openvpn.Credentials{What: "Private Key", Password: openvpn.NewSecret("key")}))
	state(t, p, "CONNECTED")
	assert.Error(t, p.Answer(t.Context(), openvpn.Credentials{What: "Auth", Password: openvpn.NewSecret(strings.Repeat("x", 256))}))
}

// Neither the log nor the last output holds what was answered.
func TestLogHoldsNoSecret(t *testing.T) {
	p, err := fake(t, process.Options{}).Start(t.Context(), launch("a", `#fake ask Auth joesname secretword`))
	require.NoError(t, err)
	logs := 0
	for e := range p.Events() {
		switch e := e.(type) {
		case openvpn.NeedCredentials:
			assert.NoError(t, p.Answer(t.Context(), openvpn.Credentials{What: "Auth", Username: "joesname", Password: openvpn.NewSecret("secretword")}))
		case openvpn.StateChanged:
			if e.Name == "CONNECTED" {
				assert.NoError(t, p.Signal(t.Context(), openvpn.SIGTERM))
			}
		}
		text := fmt.Sprintf("%+v", e)
		assert.NotContains(t, text, "joesname")
		assert.NotContains(t, text, "secretword")
		if _, ok := e.(openvpn.LogLine); ok {
			logs++
		}
	}
	assert.NotZero(t, logs)
}

func TestServer(t *testing.T) {
	l := launch("a", "mode server", "#fake peer alice a secret", "#fake peer bob")
	l.AskClients = true
	p := start(t, fake(t, process.Options{}), l)
	state(t, p, "CONNECTED")
	asks := next(t, p, anyOf[openvpn.ClientAsks])
	assert.Equal(t, "alice", asks.CommonName)
	assert.Equal(t, "secret", asks.Password.Reveal())
	assert.Equal(t, "192.0.2.7:40001", asks.Remote.String())
	require.NoError(t, p.Admit(t.Context(), asks.CID, asks.KID, []openvpn.Option{{Name: "ifconfig-push", Args: []string{"10.8.0.9", "255.255.255.0"}}}))
	assert.Equal(t, "alice", next(t, p, anyOf[openvpn.ClientCame]).CommonName)
	require.NoError(t, p.Deny(t.Context(), asks.CID+1, 1, "he is not known"))

	clients, err := p.Clients(t.Context())
	require.NoError(t, err)
	require.Len(t, clients, 1)
	assert.Equal(t, "alice", clients[0].CommonName)
	require.NoError(t, p.Kick(t.Context(), asks.CID))
	assert.Equal(t, "alice", next(t, p, anyOf[openvpn.ClientLeft]).CommonName)
	back := next(t, p, anyOf[openvpn.ClientAsks])
	assert.NotEqual(t, asks.CID, back.CID)
	require.NoError(t, p.Admit(t.Context(), back.CID, back.KID, nil))
	require.NoError(t, p.Kick(t.Context(), back.CID))
	assert.ErrorContains(t, p.Kick(t.Context(), 99), "no client 99")
	clients, err = p.Clients(t.Context())
	require.NoError(t, err)
	assert.Empty(t, clients)
}

func TestKilled(t *testing.T) {
	p := start(t, fake(t, process.Options{}), launch("a"))
	state(t, p, "CONNECTED")
	begin := time.Now()
	require.NoError(t, syscall.Kill(p.PID(), syscall.SIGKILL))
	exited := next(t, p, anyOf[openvpn.Exited])
	assert.Equal(t, "signal: killed", exited.Status)
	assert.Less(t, time.Since(begin), patience/2)
}

// Faults of the socket are told, and so is that the process can be killed all
// the same.
func TestSocketFaults(t *testing.T) {
	for name, reason := range map[string]string{
		"mute": "does not greet", "junk": "not openvpn's management protocol", "pid 1": "another process",
		"close-in-reply": "EOF", "silent": "does not answer",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, fake(t, process.Options{Timeout: 2 * time.Second}), launch("a", "#fake "+name))
			lost := next(t, p, anyOf[openvpn.SocketLost])
			assert.Contains(t, lost.Reason, reason)
			require.NoError(t, p.Signal(t.Context(), openvpn.SIGTERM))
			next(t, p, anyOf[openvpn.Exited])
		})
	}
}

// stop stops a process, and waits until it is.
func stop(t *testing.T, pid int) {
	t.Helper()
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err == nil && strings.Contains(string(text), ") T ")
	}, patience, time.Millisecond)
}

// A process that is stopped is noticed, and so is that it goes on.
func TestStopped(t *testing.T) {
	p := start(t, fake(t, process.Options{Timeout: time.Second}), launch("a"))
	state(t, p, "CONNECTED")
	stop(t, p.PID())
	next(t, p, anyOf[openvpn.SocketLost])
	assert.Error(t, p.Signal(t.Context(), openvpn.SIGUSR1))
	require.NoError(t, syscall.Kill(p.PID(), syscall.SIGCONT))
	state(t, p, "CONNECTED")
	stop(t, p.PID())
	require.NoError(t, p.Kill())
	assert.Equal(t, "signal: killed", next(t, p, anyOf[openvpn.Exited]).Status)
}

// Another openvpn that takes the socket over is noticed.
func TestStolen(t *testing.T) {
	dir := folder(t)
	p := start(t, fake(t, process.Options{Folder: dir, Timeout: time.Second}), launch("a"))
	state(t, p, "CONNECTED")
	program, err := os.Executable()
	require.NoError(t, err)
	home := filepath.Join(dir, "a")
	thief := exec.Command(program, "--config", filepath.Join(home, "config"), "--management", filepath.Join(home, "socket"), "unix")
	require.NoError(t, thief.Start())
	defer func() {
		_ = thief.Process.Kill()
		_ = thief.Wait()
	}()
	assert.Contains(t, next(t, p, anyOf[openvpn.SocketLost]).Reason, "another process")
	require.NoError(t, p.Kill())
	next(t, p, anyOf[openvpn.Exited])
}

// Many at once, each with its own.
func TestMany(t *testing.T) {
	r := fake(t, process.Options{})
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			p, err := r.Start(t.Context(), launch(fmt.Sprintf("i%d", i)))
			if !assert.NoError(t, err) {
				return
			}
			for e := range p.Events() {
				if s, ok := e.(openvpn.StateChanged); ok && s.Name == "CONNECTED" {
					assert.NoError(t, p.Signal(t.Context(), openvpn.SIGTERM))
				}
			}
		})
	}
	all.Wait()
}

// A folder of another user is none that keys go to.
func TestFolderOfAnother(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder away")
	}
	for _, name := range []string{"", "a", "a/files"} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t)
			require.NoError(t, os.MkdirAll(filepath.Join(dir, name), 0o700))
			err := os.Chown(filepath.Join(dir, name), 65534, 65534)
			if errors.Is(err, syscall.EINVAL) {
				t.Skip("this user namespace has no other user")
			}
			require.NoError(t, err)
			_, err = fake(t, process.Options{Folder: dir}).Start(t.Context(), launch("a"))
			assert.ErrorContains(t, err, "belongs to another user")
		})
	}
	for _, name := range []string{"lock", "output"} {
		t.Run("link "+name, func(t *testing.T) {
			dir := folder(t)
			victim := filepath.Join(t.TempDir(), "victim")
			require.NoError(t, os.WriteFile(victim, []byte("precious"), 0o600))
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "a"), 0o700))
			require.NoError(t, os.Symlink(victim, filepath.Join(dir, "a", name)))
			p, err := fake(t, process.Options{Folder: dir}).Start(t.Context(), launch("a"))
			if err == nil {
				end(t, p)
			}
			text, err := os.ReadFile(victim)
			require.NoError(t, err)
			assert.Equal(t, "precious", string(text))
		})
	}
}

// Nothing of our environment reaches openvpn, and nothing that is secret
// stands among its arguments.
func TestChildInheritsNothing(t *testing.T) {
	t.Setenv("FIELDGATE_TOKEN", "precious")
	l := launch("a")
	l.Files = map[string][]byte{"key.key": []byte("precious")}
	p := start(t, fake(t, process.Options{}), l)
	state(t, p, "CONNECTED")
	for _, name := range []string{"environ", "cmdline"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.PID(), name))
		require.NoError(t, err)
		assert.NotEmpty(t, text)
		assert.NotContains(t, string(text), "precious", name)
	}
}
