package twohosts

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/netns"
)

// The interfaces of each host.
const (
	wan = "wan0"
	lan = "lan0"
)

// commandTime bounds a program that the kit runs.
const commandTime = 60 * time.Second

// Host is one of the two. Its methods are safe for concurrent use.
type Host struct {
	// NS is the network of the host.
	NS *netns.Namespace
	// Address is the one that the other host reaches.
	Address netip.Addr
	// LAN is the network behind the host, with its own address in it.
	LAN netip.Prefix

	letter, folder string

	mu     sync.Mutex
	daemon *exec.Cmd
	ended  chan struct{} // closed when daemon has ended
}

func newHost(letter, folder, address, network string, o Options) (*Host, error) {
	// LAN has an address in it, since user space ESP wants one inside the
	// local subnet.
	h := &Host{Address: netip.MustParseAddr(address), LAN: netip.MustParsePrefix(network), letter: letter, folder: folder}
	if err := os.MkdirAll(h.Path("swanctl"), 0o700); err != nil {
		return nil, fmt.Errorf("twohosts: %w", err)
	}
	if err := os.WriteFile(h.Path("strongswan.conf"), []byte(h.settings(o)), 0o600); err != nil {
		return nil, fmt.Errorf("twohosts: %w", err)
	}
	// A name that is not in the hosts file is refused at once.
	if err := os.WriteFile(h.Path("resolv.conf"), []byte("nameserver 127.0.0.1\n"), 0o644); err != nil {
		return nil, fmt.Errorf("twohosts: %w", err)
	}
	var err error
	if h.NS, err = netns.New(); err != nil {
		return nil, unavailable(err)
	}
	if err := h.NS.IP("link", "add", lan, "type", "bridge"); err != nil {
		return nil, unavailable(errors.Join(err, h.NS.Close()))
	}
	if err := h.NS.IP("link", "set", lan, "up"); err != nil {
		return nil, unavailable(errors.Join(err, h.NS.Close()))
	}
	return h, nil
}

// String is "A" or "B".
func (h *Host) String() string { return strings.ToUpper(h.letter) }

// Path is that of a file of the host, in the folder of the pair.
func (h *Host) Path(name string) string { return filepath.Join(h.folder, h.letter+"."+name) }

// AddLAN gives the host one more address in its LAN, with the network around.
func (h *Host) AddLAN(p netip.Prefix) error { return h.NS.IP("addr", "add", p.String(), "dev", lan) }

// AddWAN gives the host one more address that the other host sees.
func (h *Host) AddWAN(p netip.Prefix) error { return h.NS.IP("addr", "add", p.String(), "dev", wan) }

// SetNames makes the names that the daemon of the host can resolve; there are
// no others.
func (h *Host) SetNames(names map[string]netip.Addr) error {
	var b strings.Builder
	b.WriteString("127.0.0.1 localhost\n")
	for name, addr := range names {
		fmt.Fprintf(&b, "%s %s\n", addr, name)
	}
	// Written in place: the daemon has this file mounted, not this name.
	if err := os.WriteFile(h.Path("hosts"), []byte(b.String()), 0o644); err != nil {
		return fmt.Errorf("twohosts: %w", err)
	}
	return nil
}

// Ping sends count requests from an address of this host and returns an error
// unless all are answered.
func (h *Host) Ping(ctx context.Context, from, to netip.Addr, count int) error {
	_, err := h.Run(ctx, "ping", "-q", "-n", "-i", "0.1", "-W", "2",
		"-c", fmt.Sprint(count), "-I", from.String(), to.String())
	return err
}

// Run runs a program on the host and returns what it printed.
func (h *Host) Run(ctx context.Context, name string, args ...string) (string, error) {
	return h.run(ctx, nil, name, args...)
}

func (h *Host) run(ctx context.Context, env []string, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	cmd := h.NS.Command(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("twohosts: on %s: %s %s: %w: %s", h, name, strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// lose sends what goes to the address to nobody.
func (h *Host) lose(to netip.Addr) error {
	return h.NS.IP("neigh", "replace", to.String(), "lladdr", "02:00:00:00:00:99", "nud", "permanent", "dev", wan)
}

// find undoes lose.
func (h *Host) find(to netip.Addr) error {
	return h.NS.IP("neigh", "del", to.String(), "dev", wan)
}

func (h *Host) close() error { return errors.Join(h.Kill(), h.NS.Close()) }
