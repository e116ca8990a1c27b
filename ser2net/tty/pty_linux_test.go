//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package tty_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net/internal/ptypair"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest/suite"
	"github.com/fieldgate/fieldgate/ser2net/tty"
)

// adapter is a pseudo terminal under a name of its own that it keeps when it
// is unplugged and plugged in again, as names in /dev/serial/by-id do.
type adapter struct {
	t    *testing.T
	name string
	mu   sync.Mutex
	pty  *ptypair.Pair
}

func newAdapter(t *testing.T) *adapter {
	a := &adapter{t: t, name: filepath.Join(t.TempDir(), "adapter")}
	a.plug()
	t.Cleanup(func() { _ = a.current().Close() })
	return a
}

func (a *adapter) current() *ptypair.Pair {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.pty
}

func (a *adapter) plug() {
	a.mu.Lock()
	defer a.mu.Unlock()
	var err error
	a.pty, err = ptypair.Open()
	require.NoError(a.t, err)
	require.NoError(a.t, os.Symlink(a.pty.Name(), a.name))
}

func (a *adapter) unplug() {
	require.NoError(a.t, os.Remove(a.name))
	require.NoError(a.t, a.current().Close())
}

func (a *adapter) Read(b []byte) (int, error)  { return a.current().Read(b) }
func (a *adapter) Write(b []byte) (int, error) { return a.current().Write(b) }

func TestConformance(t *testing.T) {
	suite.TestOpener(t, func(t *testing.T) suite.Rig {
		a := newAdapter(t)
		return suite.Rig{
			Opener: &tty.Opener{}, Device: a.name, Alias: a.current().Name(), Peer: a,
			Unplug: a.unplug, Plug: a.plug,
			Any: true, Flow: true,
		}
	})
}
