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
		if l.allow(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 161), now) {
			allowed++
		}
	}
	assert.Equal(t, 200, allowed)
	assert.Len(t, l.networks.of, maxBuckets)
	assert.Len(t, l.ports.of, maxBuckets)

	later := now.Add(time.Second)
	assert.True(t, l.allow(netip.MustParseAddrPort("192.0.2.1:161"), later))
	assert.Len(t, l.networks.of, 1, "the others were forgotten")
	assert.Len(t, l.ports.of, 1)
}

// A host may have a whole /64 to send from.
func TestLimiterTakesNetworksOfIPv6(t *testing.T) {
	now := time.Now()
	l := newLimiter(2, now)
	allowed := 0
	for _, addr := range []string{"[2001:db8::1]:1", "[2001:db8::2%eth0]:1", "[2001:db8::ffff:1]:1", "[2001:db8:0:1::1]:1"} {
		if l.allow(netip.MustParseAddrPort(addr), now) {
			allowed++
		}
	}
	assert.Equal(t, 3, allowed)
	mapped := netip.MustParseAddrPort("[::ffff:192.0.2.1]:1")
	assert.True(t, l.allow(mapped, now))
	assert.Contains(t, l.networks.of, netip.MustParsePrefix("192.0.2.1/32"))
	assert.False(t, l.allow(netip.AddrPort{}, now))
}

// What one port of a host does leaves something to the others there.
func TestLimiterSharesAHost(t *testing.T) {
	now := time.Now()
	l := newLimiter(20, now)
	count := func(source string) (allowed int) {
		for range 100 {
			if l.allow(netip.MustParseAddrPort(source), now) {
				allowed++
			}
		}
		return allowed
	}
	assert.Equal(t, 10, count("192.0.2.1:1"))
	assert.Equal(t, 10, count("192.0.2.1:2"))
	assert.Zero(t, count("192.0.2.1:3"))
	assert.Equal(t, 10, count("192.0.2.2:1"))
	assert.Equal(t, 1, func() int { l = newLimiter(1, now); return count("192.0.2.1:1") }(), "the least rate is one")
}
