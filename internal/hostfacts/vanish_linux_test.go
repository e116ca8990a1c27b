package hostfacts_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A pipe in the place of an attribute holds the reader in the middle of the
// interface until the test has removed the rest of it.
func TestInterfaceVanishesInMidRead(t *testing.T) {
	root := fixtureWith(t, nil)
	pipe := filepath.Join(root, eth1, "mtu")
	require.NoError(t, os.Remove(pipe))
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))

	unplugged := make(chan error, 1)
	go func() {
		w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // returns when the reader is there
		if err == nil {
			err = os.RemoveAll(filepath.Join(root, eth1))
			_, _ = w.WriteString("1500\n")
			_ = w.Close()
		}
		unplugged <- err
	}()

	var names []string
	for _, i := range interfaces(t, root) {
		names = append(names, i.Name)
	}
	require.NoError(t, <-unplugged)
	assert.Equal(t, []string{"lo", "eth0", "br-lan", "wwan0"}, names)
}
