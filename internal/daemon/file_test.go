package daemon_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/daemon"
)

func TestReadFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "daemon.conf")
	require.NoError(t, os.WriteFile(path, []byte("12345"), 0o600))
	text, err := daemon.ReadFile(path, 5)
	require.NoError(t, err)
	assert.Equal(t, "12345", string(text))

	_, err = daemon.ReadFile(path, 4)
	require.EqualError(t, err, path+": too large to be a configuration, allowed are 4 bytes")
	_, err = daemon.ReadFile(folder, 4)
	require.EqualError(t, err, folder+": not a regular file")
	_, err = daemon.ReadFile(filepath.Join(folder, "none"), 4)
	require.ErrorIs(t, err, fs.ErrNotExist)

	pipe := filepath.Join(folder, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	_, err = daemon.ReadFile(pipe, 4)
	require.EqualError(t, err, pipe+": not a regular file", "nobody waits for a writer")
}

func TestReadAll(t *testing.T) {
	text, err := daemon.ReadAll(strings.NewReader("12345"), 5)
	require.NoError(t, err)
	assert.Equal(t, "12345", string(text))
	_, err = daemon.ReadAll(strings.NewReader("12345"), 4)
	require.ErrorContains(t, err, "allowed are 4 bytes")
}
