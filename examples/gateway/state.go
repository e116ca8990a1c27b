package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/telemetry/bootcount"
)

// stateDir is the folder that the gateway keeps between starts. It belongs
// to one running gateway at a time, and to nobody else: mode 0700.
//
//	gateway.yaml  the configuration, written at the first start
//	secrets.yaml, history, pending.json  what package confstore keeps beside it
//	boot          how often the telemetry agent has started
//	hub.yaml      the devices and tags of the hub, from the last sync
//	hub.previous.yaml  those of the sync before
//	api-tls.pem, web-tls.pem  certificates that the API and the pages made for themselves
//	users, audit log  what package account keeps
//	openvpn       keys and certificates of instances
//	openvpn.d     *.conf files that become instances by themselves
//	authority     the gateway's own certificate authority
//	snmp          the SNMP engine's identity and its boots
//	run           sockets and files of what runs, unless -run names another folder
//	simulated     the same files of -simulate
type stateDir struct {
	path string
	lock *os.File // the folder itself
}

// errLocked tells that another gateway runs on the folder.
var errLocked = errors.New("another gateway is running on this state folder")

// openState makes the folder if needed and takes it for this process. The
// kernel gives the lock back when the process ends, however it ends. A
// folder that others may enter is refused, and left as it is.
func openState(path string) (*stateDir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	folder, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	d := &stateDir{path: path, lock: folder}
	if err := d.take(); err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	return d, nil
}

func (d *stateDir) take() error {
	info, err := d.lock.Stat()
	if err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("state folder %s: others may enter it (mode %04o): use another folder, or chmod 700", d.path, mode)
	}
	switch err := unix.Flock(int(d.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
	case errors.Is(err, unix.EWOULDBLOCK):
		return fmt.Errorf("%s: %w", d.path, errLocked)
	case err != nil:
		return fmt.Errorf("state folder: lock: %w", err)
	}
	d.sweep()
	return nil
}

// takeRun takes the folder of what runs for this process, so that no other
// gateway manages the same tunnels. One that cannot be made or locked, on a
// read-only disk for example, is left to those who need it.
func takeRun(path string) (release func(), err error) {
	if os.MkdirAll(path, 0o700) != nil {
		return func() {}, nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return func() {}, nil
	}
	release = func() { _ = folder.Close() }
	if errors.Is(unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK) {
		release()
		return nil, fmt.Errorf("%s: another gateway runs its tunnels from this folder: give this one a -run folder of its own", path)
	}
	return release, nil
}

// sweep removes the temporary files of a gateway that was killed. What
// cannot be removed does no harm.
func (d *stateDir) sweep() {
	for _, pattern := range []string{".gateway.yaml*", "*.pem.new", "*.new", "history/*.new"} {
		left, _ := filepath.Glob(filepath.Join(d.path, pattern)) // a constant pattern is never bad
		for _, path := range left {
			_ = os.Remove(path)
		}
	}
}

func (d *stateDir) close() error { return d.lock.Close() }

// configPath is where the configuration lies when no -config names another.
func (d *stateDir) configPath() string { return filepath.Join(d.path, "gateway.yaml") }

// write replaces a file of the folder in one step: after a power cut it
// holds either the old content or the new, never a part.
func (d *stateDir) write(name string, content []byte) error {
	path := filepath.Join(d.path, name)
	if err := renameio.WriteFile(path, content, 0o600, renameio.WithTempDir(d.path)); err != nil {
		return err
	}
	folder, err := os.Open(d.path) // the rename itself must reach the disk too
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// folder returns a folder of that name in the state folder.
func (d *stateDir) folder(name string) (string, error) {
	path := filepath.Join(d.path, name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", fmt.Errorf("state folder: %w", err)
	}
	return path, nil
}

// nextBoot returns the number of this start of the telemetry agent and
// stores it, see [bootcount.Next]: the number is good also with an error.
func (d *stateDir) nextBoot() (uint32, error) {
	return bootcount.Next(filepath.Join(d.path, "boot"))
}
