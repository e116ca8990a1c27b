package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What root does for a gateway that runs as a user of its own belongs to that
// user.
func TestIntegrationCommandsOfRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		skip(t, "only root can be another user")
	}
	path, err := binary()
	require.NoError(t, err)
	const owner = 4242
	state := filepath.Join(t.TempDir(), "state")
	require.NoError(t, os.Mkdir(state, 0o700))
	require.NoError(t, os.Chown(state, owner, owner))
	for folder := state; folder != os.TempDir() && folder != "/"; folder = filepath.Dir(folder) {
		info, err := os.Stat(folder)
		require.NoError(t, err)
		require.NoError(t, os.Chmod(folder, info.Mode().Perm()|0o011), "the owner must get there")
	}
	require.NoError(t, os.Chmod(state, 0o700))

	out, err := exec.Command(path, "-state", state, "-new-password", "admin").CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "user admin, password")
	info, err := os.Stat(filepath.Join(state, "users.yaml"))
	require.NoError(t, err)
	assert.EqualValues(t, owner, info.Sys().(*syscall.Stat_t).Uid)
	assert.EqualValues(t, owner, info.Sys().(*syscall.Stat_t).Gid)

	// -check and -doctor read with the owner's rights, not with root's.
	for flag, status := range map[string]int{"-check": exitOK, "-doctor": exitFailed} {
		config := filepath.Join(state, "gateway.yaml")
		require.NoError(t, os.WriteFile(config, []byte("telemetry: {enabled: false}\n"), 0o600))
		require.NoError(t, os.Chown(config, 0, 0))
		out, err = exec.Command(path, "-state", state, flag).CombinedOutput()
		require.Error(t, err, "%s", out)
		assert.Contains(t, string(out), "permission denied", flag)
		require.NoError(t, os.Chown(config, owner, owner))
		cmd := exec.Command(path, "-state", state, flag)
		out, _ = cmd.CombinedOutput()
		assert.Equal(t, status, cmd.ProcessState.ExitCode(), "%s: %s", flag, out)
	}
}

// -quiet leaves no secret in the output, which systemd and procd keep.
func TestIntegrationQuiet(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	p := startGateway(t, state, "-quiet")
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
	assert.Empty(t, p.stdout.String())
	assert.NotContains(t, p.stderr.String(), "password")
	users, err := os.ReadFile(filepath.Join(state, "users.yaml"))
	require.NoError(t, err)
	assert.Contains(t, string(users), "name: admin", "there is a user, so that the page can be opened; nobody has the password")
}
