package telemetry_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// A jump of the clock moves the time in the messages and nothing else: seq
// and period go by the monotonic clock. A clock that is lost is left out.
func TestClockJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		var clock atomic.Int64 // Unix seconds; 0 = not set
		o := options()
		o.Clock = func() (time.Time, bool) { return time.Unix(clock.Load(), 0), clock.Load() != 0 }
		start(t, config(time.Minute, "a"), o, &n)
		jumps := []int64{0, 1794993408, 1794993408 + 10*365*86400, 1794993408 - 86400, 0, -5}
		for _, now := range jumps {
			clock.Store(now)
			pass(time.Minute)
		}
		got := n.received("")
		require.Len(t, got, len(jumps))
		for i, d := range got {
			assert.Equal(t, uint64(i), d.message.Seq)
			assert.Equal(t, time.Duration(i)*time.Minute, d.at.Sub(got[0].at))
			want := telemetry.Maybe[uint64]{}
			if jumps[i] > 0 {
				want = num(uint64(jumps[i]))
			}
			assert.Equal(t, want, d.message.Time)
		}
	})
}

// Counters that begin again are reported as they are: what it means is the
// server's to find out, from boot and uptime.
func TestCounterReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		source := telemetrytest.NewSource()
		o := options()
		o.Source = source
		start(t, config(time.Minute, "a"), o, &n)
		readings := []uint64{4294967290, 4294967295, 4, 0}
		for _, rx := range readings {
			source.Set(telemetry.Sample{Uptime: num(rx), Interfaces: []telemetry.Interface{{Name: "eth0", RxBytes: num(rx)}}})
			pass(time.Minute)
		}
		got := n.received("")
		require.Len(t, got, len(readings))
		for i, d := range got {
			assert.Equal(t, num(readings[i]), d.message.Interfaces[0].RxBytes)
			assert.Equal(t, num(readings[i]), d.message.Uptime)
			assert.Equal(t, uint64(i), d.message.Seq)
		}
	})
}
