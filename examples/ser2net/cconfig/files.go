package cconfig

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// Limits of what is read.
const (
	MaxFile    = 1 << 20  // bytes of a configuration file
	maxText    = 64 << 10 // bytes of a single value, with all that is put into it
	maxTotal   = 8 << 20  // bytes of all files together
	maxFiles   = 512
	maxNesting = 8 // includes within includes
)

// Files is how other files are reached: by include, *{file} and ={file}.
type Files struct {
	// Read returns a file of at most limit bytes.
	Read func(path string, limit int) ([]byte, error)
	// Glob returns the names that match a pattern of filepath.Match, sorted.
	Glob func(pattern string) ([]string, error)
}

// OS are the files of the host.
func OS() Files { return Files{Read: ReadFile, Glob: filepath.Glob} }

// ReadFile reads a regular file of at most limit bytes. It does not wait for
// a pipe that nobody writes to.
func ReadFile(path string, limit int) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read from
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	return ReadAll(f, limit)
}

// ReadAll reads at most limit bytes, and fails when there is more.
func ReadAll(r io.Reader, limit int) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(text) > limit {
		return nil, errors.New("too large, allowed are " + fmt.Sprint(limit) + " bytes")
	}
	return text, nil
}
