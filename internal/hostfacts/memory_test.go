package hostfacts_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
)

func TestMemoryOfOldKernel(t *testing.T) {
	for name, c := range map[string]struct {
		meminfo   string
		available uint64
	}{
		"estimated": {"MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 20 kB\nCached: 300 kB\n", 420},
		"bounded":   {"MemTotal: 400 kB\nMemFree: 100 kB\nBuffers: 20 kB\nCached: 300 kB\n", 400},
		"bare":      {"MemTotal: 400 kB\nMemFree: 100 kB\n", 100},
	} {
		t.Run(name, func(t *testing.T) {
			memory, err := hostfacts.New(hostfacts.Options{Root: tree(t, map[string]string{"proc/meminfo": c.meminfo})}).Memory()
			require.NoError(t, err)
			assert.Equal(t, c.available, memory.Available)
			assert.Zero(t, memory.SwapTotal)
		})
	}
}
