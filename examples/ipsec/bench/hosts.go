package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/internal/netns"
)

// host is a network namespace with a charon in it: the one that is measured,
// or its peer. ESP is done in user space.
type host struct {
	dir    string
	ns     *netns.Namespace
	daemon *exec.Cmd
}

// settings are the daemon's and swanctl's.
const settings = `charon-systemd {
  load = random nonce pem openssl kdf kernel-libipsec kernel-netlink socket-default vici
  plugins {
    vici {
      socket = unix://%s
    }
  }
}
swanctl {
  load = pem openssl random
}
`

// newHosts returns two hosts that are joined by a cable.
func newHosts(ctx context.Context, dir string) (hosts []*host, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, closeAll(hosts))
		}
	}()
	for i, name := range []string{"a", "b"} {
		h := &host{dir: filepath.Join(dir, name)}
		if err := os.MkdirAll(h.dir, 0o700); err != nil {
			return hosts, err
		}
		if h.ns, err = netns.New(); err != nil {
			return hosts, err
		}
		hosts = append(hosts, h)
		// User space ESP needs an address within the local subnet.
		for _, args := range [][]string{
			{"link", "add", "lan0", "type", "bridge"}, {"link", "set", "lan0", "up"},
			{"addr", "add", fmt.Sprintf("10.10.%d.1/24", 12-2*i), "dev", "lan0"},
		} {
			if err := h.ns.IP(args...); err != nil {
				return hosts, err
			}
		}
	}
	if err := hosts[0].ns.Connect("wan0", hosts[1].ns, "wan0"); err != nil {
		return hosts, err
	}
	for i, h := range hosts {
		if err := h.ns.IP("addr", "add", fmt.Sprintf("192.0.2.%d/24", i+1), "dev", "wan0"); err != nil {
			return hosts, err
		}
		if err := h.start(ctx); err != nil {
			return hosts, err
		}
	}
	return hosts, nil
}

func (h *host) socket() string { return filepath.Join(h.dir, "vici") }

func (h *host) environment() []string {
	return append(os.Environ(), "STRONGSWAN_CONF="+filepath.Join(h.dir, "strongswan.conf"), "SWANCTL_DIR="+h.dir)
}

// start starts the daemon.
func (h *host) start(ctx context.Context) error {
	if err := os.WriteFile(filepath.Join(h.dir, "strongswan.conf"), fmt.Appendf(nil, settings, h.socket()), 0o600); err != nil {
		return err
	}
	h.daemon = h.ns.Command(ctx, "charon-systemd")
	h.daemon.Env = h.environment()
	if err := h.daemon.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(h.socket()); err == nil {
			return nil
		} else if !errors.Is(err, fs.ErrNotExist) || time.Now().After(end) {
			return fmt.Errorf("charon does not start: %w", err)
		}
	}
}

// configure writes what swanctl loads.
func (h *host) configure(text string) error {
	return os.WriteFile(filepath.Join(h.dir, "swanctl.conf"), []byte(text), 0o600)
}

// swanctl runs swanctl and returns how long that took.
func (h *host) swanctl(ctx context.Context, args ...string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, "swanctl", append(args, "--uri", "unix://"+h.socket())...)
	cmd.Env = h.environment()
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("swanctl %s: %w: %s", args[0], err, out)
	}
	return time.Since(began), nil
}

func closeAll(hosts []*host) error {
	var errs []error
	for _, h := range hosts {
		if h.daemon != nil && h.daemon.Process != nil {
			_ = h.daemon.Process.Signal(syscall.SIGTERM) // it may be dead
			_ = h.daemon.Wait()                          // of a signal, of course
		}
		errs = append(errs, h.ns.Close())
	}
	return errors.Join(errs...)
}
