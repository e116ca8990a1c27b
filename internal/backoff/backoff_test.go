package backoff_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/internal/backoff"
)

func TestNextDoublesUpToMax(t *testing.T) {
	for range 100 { // the pauses are drawn at random
		b := backoff.Backoff{Min: time.Second, Max: 10 * time.Second}
		for i, full := range []time.Duration{1, 2, 4, 8, 10, 10, 10} {
			full *= time.Second
			got := b.Next()
			assert.Greater(t, got, full/2, "pause %d", i)
			assert.LessOrEqual(t, got, full, "pause %d", i)
		}
		b.Reset()
		assert.LessOrEqual(t, b.Next(), time.Second, "Reset begins again")
	}
}

func TestNextIsSpread(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 20 {
		b := backoff.Backoff{Min: time.Hour, Max: time.Hour}
		seen[b.Next()] = true
	}
	assert.Greater(t, len(seen), 15, "retries of a fleet fall together")
}

func TestNextAtTheLimits(t *testing.T) {
	tiny := backoff.Backoff{Min: 1, Max: 1}
	assert.Equal(t, time.Duration(1), tiny.Next())
	huge := backoff.Backoff{Min: math.MaxInt64, Max: math.MaxInt64}
	for range 3 {
		assert.Positive(t, huge.Next(), "no overflow")
	}
}
