package packaging

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	code := m.Run()
	removeReleases()
	os.Exit(code)
}

// skip ends a test that this machine cannot run; in CI it fails.
func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		require.Fail(t, why)
	}
	t.Skip(why)
}

// needs skips a test where it is not root or a program is missing.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		skip(t, "only root can do this")
	}
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			skip(t, err.Error()+" (make peers)")
		}
	}
}

// commandTime bounds a command; a debootstrap may take minutes.
const commandTime = 10 * time.Minute

// command runs a command and returns what it printed.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := tryCommand(t, name, args...)
	require.NoError(t, err, "%s %s: %s", name, strings.Join(args, " "), out)
	return out
}

func tryCommand(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	return string(out), err
}

// soon waits for a fact.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(50 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "not in time: %s", what)
	}
}

// repository is the root of the source.
func repository() string {
	path, err := filepath.Abs("../../..")
	if err != nil {
		panic(err) // the working folder of a test is there
	}
	return path
}

// read returns a file as text.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}
