package ipsec

import (
	"errors"
	"fmt"
	"math/bits"
	"net/netip"
	"strings"
)

// parseSubnet reads a network with a prefix length or a dotted mask, or a
// single address. It tells whether bits behind the mask were set; they are
// cut.
func parseSubnet(text string) (p netip.Prefix, cut bool, err error) {
	host, mask, masked := strings.Cut(strings.TrimSpace(text), "/")
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return p, false, errors.New("want a network such as 192.168.11.0/24")
	}
	if addr.Zone() != "" || addr.Is4In6() {
		return p, false, errors.New("want a plain IPv4 or IPv6 network")
	}
	length := addr.BitLen()
	if masked {
		if length, err = maskLength(mask, addr); err != nil {
			return p, false, err
		}
	}
	p = netip.PrefixFrom(addr, length).Masked()
	return p, p.Addr() != addr, nil
}

// maskLength reads a prefix length, or for IPv4 a mask such as 255.255.255.0.
func maskLength(text string, addr netip.Addr) (int, error) {
	if mask, err := netip.ParseAddr(text); err == nil && mask.Is4() && addr.Is4() {
		b := mask.As4()
		m := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		if n := bits.LeadingZeros32(^m); m == ^uint32(0)<<(32-n) {
			return n, nil
		}
		return 0, fmt.Errorf("the mask %s has a hole", text)
	}
	p, err := netip.ParsePrefix(addr.String() + "/" + text)
	if err != nil {
		return 0, fmt.Errorf("want a prefix length of 0 to %d behind the slash", addr.BitLen())
	}
	return p.Bits(), nil
}

// parseRange reads a network, or a range of addresses with a dash, and
// returns the first and the last address.
func parseRange(text string) (first, last netip.Addr, err error) {
	if a, b, ok := strings.Cut(text, "-"); ok {
		first, errA := netip.ParseAddr(strings.TrimSpace(a))
		last, errB := netip.ParseAddr(strings.TrimSpace(b))
		if errA != nil || errB != nil || first.BitLen() != last.BitLen() || last.Less(first) || first.Zone()+last.Zone() != "" {
			return first, last, errors.New("want a range such as 10.9.0.10-10.9.0.99")
		}
		return first, last, nil
	}
	p, cut, err := parseSubnet(text)
	switch {
	case err != nil:
		return first, last, errors.New("want a network such as 10.9.0.0/24, or a range such as 10.9.0.10-10.9.0.99")
	case cut:
		return first, last, fmt.Errorf("%s is no network, that would be %s", text, p)
	}
	return p.Addr(), lastOf(p), nil
}

// lastOf returns the last address of a network.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < 8*len(b); i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	addr, _ := netip.AddrFromSlice(b)
	return addr
}

// networks returns the networks of a list that can be read.
func (s Subnets) networks() []netip.Prefix {
	var list []netip.Prefix
	for _, text := range s {
		if p, _, err := parseSubnet(text); err == nil {
			list = append(list, p)
		}
	}
	return list
}
