package cconfig

import (
	"path/filepath"

	"github.com/fieldgate/fieldgate/internal/daemon"
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
func OS() Files { return Files{Read: daemon.ReadFile, Glob: filepath.Glob} }
