package receiver

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"
)

// What the kernel tells of a destination, and what it may tell besides.
func TestDestination(t *testing.T) {
	v4 := unix.PktInfo4(&unix.Inet4Pktinfo{Ifindex: 3, Spec_dst: [4]byte{192, 0, 2, 1}, Addr: [4]byte{192, 0, 2, 255}})
	v6 := func(addr string) []byte {
		return unix.PktInfo6(&unix.Inet6Pktinfo{Addr: netip.MustParseAddr(addr).As16(), Ifindex: 3})
	}
	for name, c := range map[string]struct {
		b    []byte
		want netip.Addr
	}{
		"nothing":            {nil, netip.Addr{}},
		"IPv4":               {v4, netip.MustParseAddr("192.0.2.1")},
		"IPv6":               {v6("2001:db8::1"), netip.MustParseAddr("2001:db8::1")},
		"IPv4 by a 6 socket": {append(v6("::ffff:192.0.2.255"), v4...), netip.MustParseAddr("192.0.2.1")},
		"multicast":          {v6("ff02::1"), netip.Addr{}},
		"cut off":            {v4[:len(v4)-8], netip.Addr{}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, destination(c.b))
		})
	}
}
