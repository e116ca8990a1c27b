package snmp

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A flood from forged addresses takes no more memory than from some, and
// leaves no more answers than the rate of all.
func TestLimiterIsBounded(t *testing.T) {
	now := time.Now()
	l := newLimiter(20, now)
	allowed := 0
	for i := range 100_000 {
		if l.allow(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), now) {
			allowed++
		}
	}
	assert.Equal(t, 200, allowed)
	assert.Len(t, l.sources, maxSources)

	later := now.Add(time.Second)
	assert.True(t, l.allow(netip.MustParseAddr("192.0.2.1"), later))
	assert.Len(t, l.sources, 1, "the others were forgotten")
}

// A host may have a whole /64 to send from.
func TestLimiterTakesNetworksOfIPv6(t *testing.T) {
	now := time.Now()
	l := newLimiter(2, now)
	allowed := 0
	for _, addr := range []string{"2001:db8::1", "2001:db8::2%eth0", "2001:db8::ffff:1", "2001:db8:0:1::1"} {
		if l.allow(netip.MustParseAddr(addr), now) {
			allowed++
		}
	}
	assert.Equal(t, 3, allowed)
	mapped := netip.MustParseAddr("::ffff:192.0.2.1")
	assert.True(t, l.allow(mapped, now))
	assert.Contains(t, l.sources, netip.MustParsePrefix("192.0.2.1/32"))
	assert.False(t, l.allow(netip.Addr{}, now))
}
