package packaging

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// debootstrapped returns a Debian of the host's release with nothing but what
// is always there, and packages. It is made once and kept in bin/packaging.
func debootstrapped(t *testing.T, packages ...string) string {
	t.Helper()
	needs(t, "debootstrap", "apt-get", "dpkg")
	mirror := strings.Fields(command(t, "apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)", "Created-By: Packages", "Component: main"))
	if len(mirror) < 2 {
		skip(t, "apt knows no mirror (apt-get update?)")
	}
	arch := strings.TrimSpace(command(t, "dpkg", "--print-architecture"))
	if arch != "amd64" {
		skip(t, "the package that is installed is that of amd64")
	}
	sum := sha256.Sum256([]byte(mirror[0] + mirror[1] + strings.Join(packages, ",")))
	cache := filepath.Join(repository(), "bin", "packaging")
	root := filepath.Join(cache, "root-"+hex.EncodeToString(sum[:6]))
	if _, err := os.Stat(root); err == nil {
		return root
	}
	go func() { _, _ = releases() }() // the test wants them next, and there is more than one core
	require.NoError(t, os.MkdirAll(cache, 0o755))
	scratch, err := os.MkdirTemp(cache, "new")
	require.NoError(t, err)
	defer func() { assert.NoError(t, os.RemoveAll(scratch)) }()
	require.NoError(t, os.Chmod(scratch, 0o755))
	args := []string{"--variant=minbase"}
	if len(packages) > 0 {
		args = append(args, "--include="+strings.Join(packages, ","))
	}
	if out, err := tryCommand(t, "debootstrap", append(args, mirror[1], filepath.Join(scratch, "root"), mirror[0])...); err != nil {
		skip(t, "debootstrap cannot make a root here: "+out)
	}
	require.NoError(t, os.RemoveAll(filepath.Join(scratch, "root", "var", "cache", "apt", "archives")))
	require.NoError(t, os.Rename(filepath.Join(scratch, "root"), root)) // last: says that all is there
	return root
}

// machine is a root folder with processes and a network of its own.
type machine struct {
	t      *testing.T
	root   string
	holder int // the pid of its first process
}

// layered puts a writable layer over a folder, for the length of the test.
func layered(t *testing.T, lower string) string {
	t.Helper()
	scratch, err := os.MkdirTemp("", "fg")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(scratch)) })
	require.NoError(t, os.Chmod(scratch, 0o755))
	mount := func(kind, on, options string) {
		require.NoError(t, os.MkdirAll(on, 0o755))
		if err := unix.Mount(kind, on, kind, 0, options); err != nil {
			skip(t, "no mounts here: "+err.Error())
		}
		t.Cleanup(func() { assert.NoError(t, unix.Unmount(on, unix.MNT_DETACH)) })
	}
	upper, root := filepath.Join(scratch, "upper"), filepath.Join(scratch, "root")
	mount("tmpfs", upper, "mode=0755") // an overlay is not to lie on an overlay
	for _, folder := range []string{"content", "work"} {
		require.NoError(t, os.Mkdir(filepath.Join(upper, folder), 0o755))
	}
	mount("overlay", root, "lowerdir="+lower+",upperdir="+filepath.Join(upper, "content")+",workdir="+filepath.Join(upper, "work"))
	return root
}

// guard kills a process when this program has ended without its clean-up: in a
// panic, at the time limit of go test, or killed.
func guard(t *testing.T, pid int) {
	t.Helper()
	held, hold, err := os.Pipe()
	require.NoError(t, err)
	watch := exec.Command("sh", "-c", "cat >/dev/null; kill -KILL "+strconv.Itoa(pid))
	watch.Stdin = held
	watch.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is not for it
	err = watch.Start()
	_ = held.Close()
	require.NoError(t, err)
	t.Cleanup(func() { _ = watch.Process.Kill(); _ = watch.Wait(); _ = hold.Close() })
}

// newMachine starts one on a root folder.
func newMachine(t *testing.T, root string) *machine {
	t.Helper()
	needs(t, "unshare", "nsenter", "ip", "curl", "sleep")
	m := &machine{t: t, root: root}
	proc := filepath.Join(root, "proc")
	require.NoError(t, os.MkdirAll(proc, 0o755))
	holder := exec.Command("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc="+proc,
		"chroot", root, "/bin/sh", "-c", "trap : CHLD; while :; do wait; sleep 1 & wait; done")
	require.NoError(t, holder.Start())
	t.Cleanup(func() { _ = holder.Process.Kill(); _ = holder.Wait() })
	guard(t, holder.Process.Pid)
	soon(t, "the machine runs", func() bool {
		children, err := os.ReadFile("/proc/" + strconv.Itoa(holder.Process.Pid) + "/task/" + strconv.Itoa(holder.Process.Pid) + "/children")
		if err != nil || len(strings.Fields(string(children))) != 1 {
			return false
		}
		m.holder, err = strconv.Atoi(strings.Fields(string(children))[0])
		require.NoError(t, err)
		inside, err := os.Readlink("/proc/" + strconv.Itoa(m.holder) + "/root")
		return err == nil && inside == root
	})
	m.outside("ip", "link", "set", "lo", "up")
	return m
}

// outside runs a program of the host in the network of the machine.
func (m *machine) outside(args ...string) string {
	m.t.Helper()
	return command(m.t, "nsenter", append([]string{"--target", strconv.Itoa(m.holder), "--net"}, args...)...)
}

// entry are the arguments of nsenter for a program of the machine.
func (m *machine) entry(args ...string) []string {
	return append([]string{"--target", strconv.Itoa(m.holder), "--mount", "--net", "--pid", "--root", "--wd", "--"}, args...)
}

// inside runs a program of the machine.
func (m *machine) inside(args ...string) string {
	m.t.Helper()
	return command(m.t, "nsenter", m.entry(args...)...)
}

// processes lists what runs in the machine besides its first process: the
// commands.
func (m *machine) processes() (all []string) {
	m.t.Helper()
	inside, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(m.holder), "root", "proc", "[0-9]*", "cmdline"))
	require.NoError(m.t, err)
	for _, path := range inside {
		line, err := os.ReadFile(path)
		if name := strings.TrimRight(strings.ReplaceAll(string(line), "\x00", " "), " "); err == nil && name != "" &&
			!strings.HasPrefix(name, "/bin/sh -c trap") && name != "sleep 1" {
			all = append(all, name)
		}
	}
	return all
}
