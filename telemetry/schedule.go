package telemetry

import (
	"hash/fnv"
	"time"
)

// phase is the moment of a device within the period. It depends on the
// serial alone, so that a fleet that starts together, as after a power cut,
// does not report together.
func phase(serial string, period time.Duration) time.Duration {
	h := fnv.New64a()
	h.Write([]byte(serial)) // a hash never fails
	return time.Duration(h.Sum64() % uint64(period))
}

// following returns the first moment after now of those that lie whole
// periods after due, and how many of them have passed unused.
func following(due, now time.Time, period time.Duration) (next time.Time, missed uint64) {
	n := max(now.Sub(due)/period, 0)
	return due.Add((n + 1) * period), uint64(n)
}
