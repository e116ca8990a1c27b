//go:build linux

package ptypair

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
)

// Adapter is a pseudo terminal under a name of its own that it keeps when it
// is unplugged and plugged in again, as names in /dev/serial/by-id do.
type Adapter struct {
	name string

	mu  sync.Mutex
	pty *Pair
}

// NewAdapter plugs an adapter in and puts its name into folder.
func NewAdapter(folder string) (*Adapter, error) {
	a := &Adapter{name: filepath.Join(folder, "adapter")}
	return a, a.Plug()
}

// Name is the path of the adapter.
func (a *Adapter) Name() string { return a.name }

// Pair is the pseudo terminal that the adapter is now.
func (a *Adapter) Pair() *Pair {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.pty
}

// Plug plugs the adapter in.
func (a *Adapter) Plug() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var err error
	if a.pty, err = Open(); err != nil {
		return err
	}
	return os.Symlink(a.pty.Name(), a.name)
}

// Unplug takes the adapter away.
func (a *Adapter) Unplug() error {
	return errors.Join(os.Remove(a.name), a.Pair().Close())
}

// Read reads what was written to the device.
func (a *Adapter) Read(b []byte) (int, error) { return a.Pair().Read(b) }

// Write writes what the device reads.
func (a *Adapter) Write(b []byte) (int, error) { return a.Pair().Write(b) }
