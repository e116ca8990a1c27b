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
//	boot          how often the telemetry agent has started
//	lock          held while a gateway runs
type stateDir struct {
	path string
	lock *os.File
}

// errLocked tells that another gateway runs on the folder.
var errLocked = errors.New("another gateway is running on this state folder")

// openState makes the folder if needed and takes it for this process. The
// kernel gives the lock back when the process ends, however it ends.
func openState(path string) (*stateDir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	if err := os.Chmod(path, 0o700); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = lock.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: %w", path, errLocked)
		}
		return nil, fmt.Errorf("state folder: lock: %w", err)
	}
	return &stateDir{path: path, lock: lock}, nil
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

// nextBoot returns the number of this start of the telemetry agent and
// stores it, see [bootcount.Next]: the number is good also with an error.
func (d *stateDir) nextBoot() (uint32, error) {
	return bootcount.Next(filepath.Join(d.path, "boot"))
}
