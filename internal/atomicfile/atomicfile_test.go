package atomicfile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/atomicfile"
)

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, content := range []string{"first", "a longer second", "", "third"} {
		require.NoError(t, atomicfile.Write(path, []byte(content)))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, content, string(got))
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
		alone(t, path)
	}
}

// A power cut between writing and renaming leaves a file that must not hinder.
func TestWriteAfterAPowerCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path+".new", []byte("longer than what comes"), 0o600))
	require.NoError(t, atomicfile.Write(path, []byte("new")))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "new", string(got))
	alone(t, path)
}

func TestWriteFails(t *testing.T) {
	t.Run("no folder", func(t *testing.T) {
		require.ErrorIs(t, atomicfile.Write(filepath.Join(t.TempDir(), "gone", "file"), nil), fs.ErrNotExist)
	})
	t.Run("a folder in its place", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.Mkdir(path, 0o700))
		require.Error(t, atomicfile.Write(path, nil))
		alone(t, path)
	})
	t.Run("disk full", func(t *testing.T) {
		if runtime.GOOS != "linux" {
			t.Skip("needs /dev/full")
		}
		path := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
		require.NoError(t, os.Symlink("/dev/full", path+".new"))
		require.ErrorIs(t, atomicfile.Write(path, []byte("new")), syscall.ENOSPC)
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, "old", string(got))
		alone(t, path)
	})
}

// alone demands that nothing is left beside the file.
func alone(t *testing.T, path string) {
	t.Helper()
	list, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, list, 1)
}
