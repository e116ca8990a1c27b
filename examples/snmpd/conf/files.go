package conf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Limits of what is read.
const (
	MaxFile    = 1 << 20 // bytes of a file
	maxLines   = 100_000 // of all files together
	maxNesting = 8       // includes within includes
)

// Host is how the parser reaches what is outside of the text.
type Host struct {
	// Read returns a file of at most limit bytes.
	Read func(path string, limit int) ([]byte, error)
	// Glob returns the names that match a pattern of filepath.Match, sorted.
	Glob func(pattern string) ([]string, error)
	// Resolve returns the addresses of a host.
	Resolve func(host string) ([]netip.Addr, error)
}

// OS is this host.
func OS() Host { return Host{Read: ReadFile, Glob: filepath.Glob, Resolve: resolve} }

func resolve(host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

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
	text, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err == nil && len(text) > limit {
		err = errors.New(path + ": too large to be a configuration")
	}
	return text, err
}
