package xl2tpd

import (
	"net/netip"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A kernel takes the guard, knows it again, and lets go of it. Only a machine
// of the test's own may be guarded so.
func TestLiveGuard(t *testing.T) {
	if os.Getenv("FIELDGATE_MACHINE") == "" {
		t.Skip("runs in an emulated machine only: make test-mips-machine")
	}
	for _, g := range []guard{{}, {local: netip.MustParseAddr("192.0.2.1")}} {
		stands, err := g.stands()
		require.NoError(t, err)
		assert.False(t, stands)
		require.NoError(t, g.raise())
		stands, err = g.stands()
		require.NoError(t, err)
		assert.True(t, stands)
		require.NoError(t, g.raise(), "one that is there is taken over")
		require.NoError(t, g.lower())
		stands, err = g.stands()
		require.NoError(t, err)
		assert.False(t, stands)
		require.NoError(t, g.lower(), "none is there")
	}
}
