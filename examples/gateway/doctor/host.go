package doctor

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Host is how the doctor looks at the host. What is nil is not looked at.
type Host struct {
	// Clock returns the time of day and whether it can be trusted.
	Clock func() (time.Time, bool)
	// Earliest is a time that is past for sure: a clock before it is not set,
	// one after it that cannot be trusted is not kept right by anybody. Zero:
	// one that cannot be trusted is not set.
	Earliest time.Time
	// Folders are those that the gateway writes to; Free returns how many
	// bytes can still be written to one.
	Folders []string
	Free    func(folder string) (uint64, error)
	// Resolve looks a host name up.
	Resolve func(ctx context.Context, name string) error
	// Exists tells whether there is a file, such as a device.
	Exists func(path string) bool
	// Holder returns the process that has a device open, other than this one.
	Holder func(device string) (Process, bool)
	// Listener returns the process that has a port of this host; network is
	// tcp or udp.
	Listener func(network string, port int) (Process, bool)
}

// Process is a process of the host.
type Process struct {
	ID   int
	Name string
}

// String names the process.
func (p Process) String() string { return p.Name + " (process " + strconv.Itoa(p.ID) + ")" }

// ThisHost looks at this host. clock and earliest are as in [Host].
func ThisHost(clock func() (time.Time, bool), earliest time.Time, folders ...string) Host {
	return Host{
		Clock: clock, Earliest: earliest, Folders: folders, Free: free,
		Resolve: func(ctx context.Context, name string) error {
			_, err := net.DefaultResolver.LookupHost(ctx, name)
			return err
		},
		Exists:   func(path string) bool { _, err := os.Stat(path); return err == nil },
		Holder:   func(device string) (Process, bool) { return proc("/proc").holder(device) },
		Listener: func(network string, port int) (Process, bool) { return proc("/proc").listener(network, port) },
	}
}

// free returns how many bytes users without privileges may still write.
func free(folder string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: folder, Err: err}
	}
	return uint64(s.Bavail) * uint64(s.Bsize), nil //nolint:gosec // neither is negative
}

// proc is where the kernel shows its processes; see proc(5).
type proc string

// holder finds who has a device open. Without privileges only the processes
// of the same user can be seen.
func (p proc) holder(device string) (Process, bool) {
	real, err := filepath.EvalSymlinks(device)
	if err != nil {
		return Process{}, false
	}
	return p.with(func(target string) bool { return target == real })
}

// with finds a process, other than this one, with a file open whose link
// leads to something.
func (p proc) with(wanted func(target string) bool) (Process, bool) {
	entries, err := os.ReadDir(string(p))
	if err != nil {
		return Process{}, false
	}
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil || id == os.Getpid() {
			continue
		}
		folder := filepath.Join(string(p), e.Name(), "fd")
		files, err := os.ReadDir(folder)
		if err != nil {
			continue // gone meanwhile, or not ours to see
		}
		for _, f := range files {
			if target, err := os.Readlink(filepath.Join(folder, f.Name())); err == nil && wanted(target) {
				name, _ := os.ReadFile(filepath.Join(string(p), e.Name(), "comm"))
				return Process{id, strings.TrimSpace(string(name))}, true
			}
		}
	}
	return Process{}, false
}

// listener finds who listens on a port: the kernel lists sockets with their
// inode, and processes with the inodes of their sockets.
func (p proc) listener(network string, port int) (Process, bool) {
	inodes := make(map[string]bool)
	for _, name := range []string{network, network + "6"} {
		text, err := os.ReadFile(filepath.Join(string(p), "net", name))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line) // sl local remote state queues timer retransmits uid timeout inode
			if len(fields) < 10 || network == "tcp" && fields[3] != "0A" {
				continue
			}
			_, hex, _ := strings.Cut(fields[1], ":")
			if n, err := strconv.ParseUint(hex, 16, 16); err == nil && int(n) == port {
				inodes["socket:["+fields[9]+"]"] = true
			}
		}
	}
	if len(inodes) == 0 {
		return Process{}, false
	}
	return p.with(func(target string) bool { return inodes[target] })
}
