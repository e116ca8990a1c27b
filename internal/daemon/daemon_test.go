package daemon_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/daemon"
)

// role tells the test program what to be.
const role = "DAEMON_TEST_ROLE"

// TestMain makes the test program a daemon, where a test starts it as one.
func TestMain(m *testing.M) {
	if os.Getenv(role) == "" {
		os.Exit(m.Run())
	}
	if err := run(os.Getenv(role), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(what, folder string) error {
	parent, child := daemon.Inherited()
	if !child {
		return daemon.Detach(os.Args[1:])
	}
	if what == "fails" {
		return errors.New("no port is free")
	}
	if _, again := daemon.Inherited(); again {
		return errors.New("a child of this one would take itself for the daemon")
	}
	if _, err := daemon.WritePID(filepath.Join(folder, "pid")); err != nil {
		return err
	}
	if err := parent.Leave(); err != nil {
		return err
	}
	cwd, err := os.Getwd()
	if err != nil {
		return err
	}
	stdout, err := os.Readlink("/proc/self/fd/1")
	if err != nil {
		return err
	}
	tell, err := os.OpenFile(filepath.Join(folder, "fifo"), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(tell, cwd, " ", stdout)
	return errors.Join(err, tell.Close())
}

func TestDetach(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, exec.Command("mkfifo", filepath.Join(folder, "fifo")).Run())
	cmd := exec.Command(os.Args[0], folder)
	cmd.Env = append(os.Environ(), role+"=works")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	text, err := os.ReadFile(filepath.Join(folder, "pid"))
	require.NoError(t, err, "it is ready when the parent returns")
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	assert.NotEqual(t, cmd.Process.Pid, pid)
	fifo, err := os.Open(filepath.Join(folder, "fifo"))
	require.NoError(t, err)
	defer func() { _ = fifo.Close() }()
	said, err := io.ReadAll(fifo)
	require.NoError(t, err)
	assert.Equal(t, "/ /dev/null", string(said))
}

func TestDetachFails(t *testing.T) {
	cmd := exec.Command(os.Args[0], t.TempDir())
	cmd.Env = append(os.Environ(), role+"=fails")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "no port is free", "the child's own words")
	assert.Contains(t, string(out), daemon.ErrNotStarted.Error())
}

func TestPIDFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pid")
	remove, err := daemon.WritePID(path)
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, strconv.Itoa(os.Getpid())+"\n", string(text))
	require.NoError(t, remove())
	assert.NoFileExists(t, path)
	_, err = daemon.WritePID("/none/pid")
	require.Error(t, err)
}

func TestLeaveWithoutParent(t *testing.T) {
	var nobody *daemon.Parent
	require.NoError(t, nobody.Leave())
}
