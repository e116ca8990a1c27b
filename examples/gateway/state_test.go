package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNextBoot(t *testing.T) {
	state, err := openState(filepath.Join(t.TempDir(), "state"))
	require.NoError(t, err)
	defer state.close()
	file := filepath.Join(state.path, "boot")
	for want := range uint32(3) {
		boot, err := state.nextBoot()
		require.NoError(t, err)
		assert.Equal(t, want+1, boot)
	}
	require.NoError(t, os.WriteFile(file, []byte("x7"), 0o600))
	boot, err := state.nextBoot()
	require.NoError(t, err)
	assert.InDelta(t, time.Now().Unix(), boot, 5, "a number that is lost comes from the clock")
	next, err := state.nextBoot()
	require.NoError(t, err)
	assert.Equal(t, boot+1, next)
}

// Where nothing can be stored there is still a number, and an error says so.
func TestNextBootNotStored(t *testing.T) {
	state := &stateDir{path: filepath.Join(t.TempDir(), "gone")}
	boot, err := state.nextBoot()
	require.Error(t, err)
	assert.Equal(t, uint32(1), boot)
}

func TestStateFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	require.NoError(t, os.Mkdir(dir, 0o755))
	_, err := openState(dir)
	require.ErrorContains(t, err, "others may enter it (mode 0755)")
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o755), info.Mode().Perm(), "a foreign folder is left as it is")

	require.NoError(t, os.Chmod(dir, 0o700))
	left := filepath.Join(dir, ".gateway.yaml123")
	require.NoError(t, os.WriteFile(left, nil, 0o600))
	state, err := openState(dir)
	require.NoError(t, err)
	defer state.close()
	assert.NoFileExists(t, left, "what a killed gateway left is swept away")
	_, err = openState(dir)
	require.ErrorIs(t, err, errLocked)
}

func TestTakeRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	release, err := takeRun(path)
	require.NoError(t, err)
	_, err = takeRun(path)
	require.ErrorContains(t, err, "give this one a -run folder of its own")
	release()
	release, err = takeRun(path)
	require.NoError(t, err)
	release()

	blocked := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(blocked, nil, 0o600))
	release, err = takeRun(filepath.Join(blocked, "run"))
	require.NoError(t, err, "whoever needs it will say what is wrong")
	release()
}
