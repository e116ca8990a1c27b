//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package tty_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/ptypair"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest/suite"
	"github.com/fieldgate/fieldgate/ser2net/tty"
)

// needsSerial skips a test where no serial device can be used.
func needsSerial(t *testing.T) {
	t.Helper()
	if err := ptypair.Serial(); err != nil {
		t.Skip(err)
	}
}

func newAdapter(t *testing.T) *ptypair.Adapter {
	t.Helper()
	needsSerial(t)
	a, err := ptypair.NewAdapter(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { _ = a.Pair().Close() })
	return a
}

func TestConformance(t *testing.T) {
	suite.TestOpener(t, func(t *testing.T) suite.Rig {
		a := newAdapter(t)
		return suite.Rig{
			Opener: &tty.Opener{}, Device: a.Name(), Alias: a.Pair().Name(), Peer: a,
			Unplug:  func() { assert.NoError(t, a.Unplug()) },
			Plug:    func() { assert.NoError(t, a.Plug()) },
			AnyRate: true, HalfStop: true, Carrier: true, Flow: true, StopsAtXOFF: true,
		}
	})
}
