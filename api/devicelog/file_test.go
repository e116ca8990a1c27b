package devicelog_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest/suite"
	"github.com/fieldgate/fieldgate/api/devicelog"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func appendTo(t *testing.T, path string, lines ...string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	defer f.Close()
	for _, line := range lines {
		_, err := io.WriteString(f, "Nov 22 20:56:33 plant-7 test: "+line+"\n")
		require.NoError(t, err)
	}
}

func TestFileConforms(t *testing.T) {
	suite.TestSyslog(t, func(t *testing.T) suite.SyslogRig {
		path := filepath.Join(t.TempDir(), "messages")
		write(t, path, "")
		return suite.SyslogRig{
			Syslog: devicelog.File{Path: path, Rotated: path + ".1"},
			Append: func(t *testing.T, lines ...string) { appendTo(t, path, lines...) },
		}
	})
}

// A rotation in the middle of the lines changes nothing for the reader.
func TestRotatedFileConforms(t *testing.T) {
	suite.TestSyslog(t, func(t *testing.T) suite.SyslogRig {
		path := filepath.Join(t.TempDir(), "messages")
		write(t, path, "")
		rotated := false
		return suite.SyslogRig{
			Syslog: devicelog.File{Path: path, Rotated: path + ".0"},
			Append: func(t *testing.T, lines ...string) {
				appendTo(t, path, lines[0])
				if !rotated {
					require.NoError(t, os.Rename(path, path+".0"))
					rotated = true
				}
				appendTo(t, path, lines[1:]...)
			},
		}
	})
}

func read(t *testing.T, s api.Syslog) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, s.WriteLog(t.Context(), &b))
	return b.String()
}

func TestFileOrderAndEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages")
	write(t, path+".1", "old\nold and cut")
	write(t, path, "new\nnew and cut")
	assert.Equal(t, "old\nold and cut\nnew\nnew and cut\n", read(t, devicelog.File{Path: path, Rotated: path + ".1"}))
	assert.Equal(t, "new\nnew and cut\n", read(t, devicelog.File{Path: path}))
	write(t, path, "")
	assert.Empty(t, read(t, devicelog.File{Path: path}))
}

func TestFileFaults(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "messages")
	discard := func(f devicelog.File) error { return f.WriteLog(t.Context(), io.Discard) }

	err := discard(devicelog.File{Path: path})
	require.ErrorIs(t, err, api.ErrNotReady, "not written yet")
	assert.ErrorContains(t, err, path)

	require.ErrorContains(t, discard(devicelog.File{Path: folder}), folder+" is no regular file")

	require.NoError(t, syscall.Mkfifo(path, 0o600))
	require.ErrorContains(t, discard(devicelog.File{Path: path}), "is no regular file", "and no waiting for a writer")
	require.NoError(t, os.Remove(path))

	write(t, path, "text\n")
	require.NoError(t, os.Symlink(path, path+".1"))
	require.ErrorContains(t, discard(devicelog.File{Path: path, Rotated: path + ".1"}), "are the same file")
}

// What is written after the begin is not waited for, and a file that is cut
// meanwhile is an error and not a short log.
func TestFileThatChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages")
	text := strings.Repeat("a line of the log\n", 10_000)
	t.Run("grows", func(t *testing.T) {
		write(t, path, text)
		var b bytes.Buffer
		err := devicelog.File{Path: path}.WriteLog(t.Context(), writerFunc(func(p []byte) (int, error) {
			appendTo(t, path, strings.Repeat("more", 20_000))
			return b.Write(p)
		}))
		require.NoError(t, err)
		assert.Equal(t, text, b.String())
	})
	t.Run("is_cut", func(t *testing.T) {
		write(t, path, text)
		err := devicelog.File{Path: path}.WriteLog(t.Context(), writerFunc(func(p []byte) (int, error) {
			return len(p), os.Truncate(path, 10)
		}))
		require.ErrorContains(t, err, "was cut while it was read")
	})
	t.Run("is_rotated", func(t *testing.T) {
		write(t, path, text)
		var b bytes.Buffer
		err := devicelog.File{Path: path}.WriteLog(t.Context(), writerFunc(func(p []byte) (int, error) {
			_ = os.Rename(path, path+".1")
			return b.Write(p)
		}))
		require.NoError(t, err)
		assert.Equal(t, text, b.String())
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// endAfterFirst returns a context that ends with the first piece, and the
// writer that ends it.
func endAfterFirst(t *testing.T) (context.Context, io.Writer) {
	ctx, cancel := context.WithCancel(t.Context())
	return ctx, writerFunc(func(p []byte) (int, error) {
		cancel()
		return len(p), nil
	})
}

func TestFileEndsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages")
	write(t, path, strings.Repeat("a line of the log\n", 10_000))
	ctx, w := endAfterFirst(t)
	require.ErrorIs(t, devicelog.File{Path: path}.WriteLog(ctx, w), context.Canceled)
}
