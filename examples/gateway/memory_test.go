package main

import (
	"math"
	"os"
	"os/exec"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMemoryLimit(t *testing.T) {
	const none = math.MaxInt64
	for name, c := range map[string]struct {
		now  int64
		host uint64 // KiB
		want int64
	}{
		"a_small_device":     {none, 59 << 10, 16 << 20},
		"one_of_128_MB":      {none, 128 << 10, 32 << 20},
		"a_large_host":       {none, 16 << 20, 4 << 30},
		"GOMEMLIMIT":         {20 << 20, 59 << 10, 20 << 20},
		"GOMEMLIMIT_is_more": {1 << 30, 59 << 10, 1 << 30},
		"nobody_knows":       {none, 0, none},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, memoryLimit(c.now, c.host)) })
	}
}

func TestGCPercent(t *testing.T) {
	for name, c := range map[string]struct {
		now  int
		host uint64 // KiB
		want int
	}{
		"a_small_device": {100, 59 << 10, 50},
		"a_large_host":   {100, 16 << 20, 100},
		"GOGC":           {70, 59 << 10, 70},
		"GOGC_off":       {-1, 59 << 10, -1},
		"nobody_knows":   {100, 0, 100},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, gcPercent(c.now, c.host)) })
	}
}

// The runtime has read GOMEMLIMIT and GOGC when the program begins.
func TestMemoryOfTheEnvironment(t *testing.T) {
	if os.Getenv("GOMEMLIMIT") == "123MiB" {
		tuneMemory()
		assert.Equal(t, int64(123<<20), debug.SetMemoryLimit(-1))
		assert.Equal(t, 77, debug.SetGCPercent(100))
		return
	}
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "GOMEMLIMIT=123MiB", "GOGC=77")
	out, err := cmd.CombinedOutput()
	assert.NoError(t, err, "%s", out)
}
