package hostfacts

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/prometheus/procfs"
)

// Options are what a program or a test may replace. The zero value reads the
// host itself.
type Options struct {
	// Root is the folder that stands for "/", with proc, sys, etc, usr and
	// tmp below it. Empty means "/".
	Root string
	// Statfs measures the filesystem that holds path, a path of the host
	// (without Root). Nil means the statfs system call on that path below
	// Root.
	Statfs func(path string) (Space, error)
}

// Host is one host to read. Make it with [New]. It has no state: its methods
// are safe for concurrent use.
type Host struct {
	root   string
	statfs func(path string) (Space, error)
}

// New returns the host that o describes. It reads nothing yet.
func New(o Options) *Host {
	h := &Host{root: o.Root, statfs: o.Statfs}
	if h.root == "" {
		h.root = "/"
	}
	if h.statfs == nil {
		h.statfs = func(path string) (Space, error) { return statfs(h.path(path)) }
	}
	return h
}

// path returns where the file of the host called name is to be found.
func (h *Host) path(name string) string { return filepath.Join(h.root, name) }

// proc opens the proc folder for procfs.
func (h *Host) proc() (procfs.FS, error) {
	proc, err := procfs.NewFS(h.path("proc"))
	if err != nil {
		return procfs.FS{}, h.fault("proc", err)
	}
	return proc, nil
}

// maxFile bounds what is read of one file. Real ones hold a few hundred
// bytes at most.
const maxFile = 64 << 10

// read returns the text of a small file without the blanks, line ends and
// NULs (of the device tree) around it.
func (h *Host) read(name string) (string, error) {
	f, err := os.Open(h.path(name))
	if err != nil {
		return "", h.fault(name, err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return "", h.fault(name, err)
	}
	return strings.Trim(string(text), " \t\r\n\x00"), nil
}

// fault returns err with the name of its file, which errors of the operating
// system have already.
func (h *Host) fault(name string, err error) error {
	var named *fs.PathError
	if errors.As(err, &named) {
		return fmt.Errorf("hostfacts: %w", err)
	}
	return fmt.Errorf("hostfacts: %s: %w", h.path(name), err)
}
