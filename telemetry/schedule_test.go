package telemetry

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestPhaseSpreadsAFleet(t *testing.T) {
	const devices, slots = 6000, 60
	var count [slots]int
	for i := range devices {
		p := phase(fmt.Sprintf("GK%06d", i), time.Minute)
		count[p/time.Second]++ // panics outside the period
	}
	for slot, n := range count {
		assert.InDelta(t, devices/slots, n, 50, "second %d", slot)
	}
	assert.Equal(t, phase("GK0001", time.Minute), phase("GK0001", time.Minute), "the same after a restart")
	assert.Less(t, phase("GK0001", time.Second), time.Second)
}

func TestFollowing(t *testing.T) {
	due := time.Now()
	for name, c := range map[string]struct {
		late, next time.Duration
		missed     uint64
	}{
		"on time":        {0, 10, 0},
		"early":          {-3, 10, 0},
		"late":           {9, 10, 0},
		"at the next":    {10, 20, 1},
		"after the next": {11, 20, 1},
		"many later":     {105, 110, 10},
	} {
		t.Run(name, func(t *testing.T) {
			next, missed := following(due, due.Add(c.late*time.Second), 10*time.Second)
			assert.Equal(t, due.Add(c.next*time.Second), next)
			assert.Equal(t, c.missed, missed)
		})
	}
}
