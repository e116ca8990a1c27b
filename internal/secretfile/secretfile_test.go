package secretfile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/secretfile"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	require.NoError(t, os.WriteFile(path, []byte("sesame\n"), 0o600))
	text, err := secretfile.Read(path, 7)
	require.NoError(t, err)
	assert.Equal(t, "sesame\n", text)

	_, err = secretfile.Read(path, 6)
	require.EqualError(t, err, "it is longer than 6 bytes")
	_, err = secretfile.Read(filepath.Join(dir, "none"), 7)
	require.ErrorIs(t, err, fs.ErrNotExist)

	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o601} {
		require.NoError(t, os.Chmod(path, mode))
		_, err = secretfile.Read(path, 7)
		require.ErrorContains(t, err, "make it 0600", "%#o", mode)
		assert.NotContains(t, err.Error(), "sesame")
	}
}

// A pipe is refused at once; opening it would wait for a writer.
func TestNoRegularFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for _, path := range []string{pipe, filepath.Dir(pipe)} {
		_, err := secretfile.Read(path, 7)
		require.EqualError(t, err, "it is no regular file")
	}
}
