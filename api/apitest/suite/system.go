package suite

import (
	"context"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
)

// TestSystem runs the conformance tests of [api.System], each on what open
// returns. The device behind it is up and knows at least its host name.
func TestSystem(t *testing.T, open func(t *testing.T) api.System) {
	for name, run := range map[string]func(*testing.T, api.System){
		"facts_are_sound":     factsAreSound,
		"uptime_never_falls":  uptimeNeverFalls,
		"ended_context":       endedContext,
		"concurrent_readings": concurrentReadings,
	} {
		t.Run(name, func(t *testing.T) { run(t, open(t)) })
	}
}

func factsAreSound(t *testing.T, s api.System) {
	info, err := s.SystemInfo(t.Context())
	require.NoError(t, err)
	assert.NotEmpty(t, info.Hostname)
	for fact, text := range map[string]string{
		"host name":        info.Hostname,
		"model":            info.Model,
		"serial":           info.Serial,
		"firmware version": info.FirmwareVersion,
		"kernel":           info.Kernel,
	} {
		assert.True(t, utf8.ValidString(text), "%s is not UTF-8: %q", fact, text)
		assert.Equal(t, strings.TrimSpace(text), text, "%s has white space around it", fact)
		assert.NotContains(t, text, "\x00", "%s holds a NUL", fact)
	}
	assert.False(t, info.Uptime < 0, "uptime %v", info.Uptime)
	if l := info.Load; l != nil {
		for _, v := range []float64{l.One, l.Five, l.Fifteen} {
			assert.GreaterOrEqual(t, v, 0.0, "load")
		}
	}
	within := func(what string, part, whole *uint64) {
		if part != nil && whole != nil {
			assert.LessOrEqual(t, *part, *whole, "available %s is more than there is", what)
		}
	}
	within("memory", info.MemoryAvailable, info.MemoryTotal)
	within("disk", info.DiskAvailable, info.DiskTotal)
}

func uptimeNeverFalls(t *testing.T, s api.System) {
	before, err := s.SystemInfo(t.Context())
	require.NoError(t, err)
	after, err := s.SystemInfo(t.Context())
	require.NoError(t, err)
	assert.GreaterOrEqual(t, after.Uptime, before.Uptime)
	assert.Equal(t, before.Hostname, after.Hostname)
}

func endedContext(t *testing.T, s api.System) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.SystemInfo(ctx)
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.SystemInfo(t.Context())
	require.NoError(t, err, "one caller's end is not another's")
}

func concurrentReadings(t *testing.T, s api.System) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := s.SystemInfo(t.Context())
			assert.NoError(t, err)
		})
	}
	wg.Wait()
}
