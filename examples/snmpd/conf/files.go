package conf

import (
	"context"
	"net"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/fieldgate/fieldgate/internal/daemon"
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
func OS() Host { return Host{Read: daemon.ReadFile, Glob: filepath.Glob, Resolve: resolve} }

func resolve(host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}
