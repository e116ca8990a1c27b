package openvpn

import (
	"fmt"
	"math/bits"
	"net/netip"
)

// What openvpn 2.6 takes as networks of clients (helper.c, pool.h).
const (
	minServerBits, maxServerBits   = 16, 29 // tun; tap has one more
	minServer6Bits, maxServer6Bits = 64, 124
)

// addresses checks the networks and addresses of the tunnel.
func (c *checker) addresses() {
	server := c.only("server", c.Server != "", RoleServer)
	server6 := c.only("server_ipv6", c.ServerIPv6 != "", RoleServer)
	bridge := c.only("server_bridge", c.ServerBridge != nil, RoleServer)
	if server {
		most := maxServerBits
		if c.deviceType() == DeviceTap {
			most++
		}
		c.network("server", c.Server, true, minServerBits, most)
	}
	if server6 {
		c.network("server_ipv6", c.ServerIPv6, false, minServer6Bits, maxServer6Bits)
	}
	if bridge {
		if server || server6 {
			c.addf("server_bridge", "is instead of server and server_ipv6, not beside them")
		}
		if c.deviceType() != DeviceTap {
			c.addf("server_bridge", "needs device_type tap")
		}
		c.bridge(*c.ServerBridge)
	}
	if c.role() == RoleServer && !server && !server6 && !bridge {
		c.addf("server", "required: the network of the clients, such as 10.8.0.0/24")
	}
	c.only("server_no_pool", c.ServerNoPool, RoleServer)
	c.only("remember_addresses", c.RememberAddresses, RoleServer)
	c.only("listed_clients_only", c.ListedClientsOnly, RoleServer)
	if c.Topology != "" && c.deviceType() == DeviceTap {
		c.addf("topology", "is for device_type tun, a tap device has none")
	}
	if c.only("ifconfig", c.Ifconfig != nil, RolePeer) {
		c.ends4(*c.Ifconfig)
	}
	if c.only("ifconfig_ipv6", c.IfconfigIPv6 != nil, RolePeer) {
		c.ends6(*c.IfconfigIPv6)
	}
	if c.role() == RolePeer && c.deviceType() == DeviceTun && c.Ifconfig == nil && c.IfconfigIPv6 == nil {
		c.addf("ifconfig", "required: the addresses of both ends of the tunnel")
	}
}

// network checks a prefix without host bits.
func (c *checker) network(field, text string, v4 bool, least, most int) netip.Prefix {
	family, example := "IPv4", "10.8.0.0/24"
	if !v4 {
		family, example = "IPv6", "fd00:8::/64"
	}
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil || p.Addr().Is4() != v4:
		c.addf(field, "%q is no %s network such as %s", text, family, example)
	case p.Masked() != p:
		c.addf(field, "%s is an address within a network, write %s", text, p.Masked())
	case p.Bits() < least || p.Bits() > most:
		c.addf(field, "/%d is out of range, openvpn takes /%d to /%d", p.Bits(), least, most)
	default:
		return p
	}
	return netip.Prefix{}
}

func (c *checker) bridge(b ServerBridge) {
	if b.Gateway == "" && b.Netmask == "" && b.Start == "" && b.End == "" {
		return // a DHCP server behind the bridge gives the addresses
	}
	if b.NoGateway {
		c.addf("server_bridge.no_gateway", "is for a bridge without addresses here")
	}
	gateway, ok := c.address("server_bridge.gateway", b.Gateway)
	start, okStart := c.address("server_bridge.start", b.Start)
	end, okEnd := c.address("server_bridge.end", b.End)
	mask, okMask := maskBits(b.Netmask)
	if !okMask {
		c.addf("server_bridge.netmask", "%q is no netmask such as 255.255.255.0", b.Netmask)
	}
	if !ok || !okStart || !okEnd || !okMask {
		return
	}
	net := netip.PrefixFrom(gateway, mask)
	const outside = "%s is not in the network of gateway and netmask, %s"
	if !net.Contains(start) {
		c.addf("server_bridge.start", outside, start, net.Masked())
	}
	if !net.Contains(end) {
		c.addf("server_bridge.end", outside, end, net.Masked())
	}
	if end.Less(start) {
		c.addf("server_bridge.end", "%s is before start, %s", end, start)
	}
}

// ends4 checks the addresses of a tunnel; a tap device has a netmask instead
// of the other end.
func (c *checker) ends4(e Ifconfig) {
	local, ok := c.address("ifconfig.local", e.Local)
	if c.deviceType() == DeviceTap {
		if _, ok := maskBits(e.Remote); !ok {
			c.addf("ifconfig.remote", "%q is no netmask such as 255.255.255.0, which a tap device has here", e.Remote)
		}
		return
	}
	remote, okRemote := c.address("ifconfig.remote", e.Remote)
	if ok && okRemote && local == remote {
		c.addf("ifconfig.remote", "is the same as local, the other end needs an address of its own")
	}
}

func (c *checker) ends6(e Ifconfig) {
	local, err := parse6(e.Local)
	if err != nil {
		c.addf("ifconfig_ipv6.local", "%q is no IPv6 address such as fd00::1/64", e.Local)
	}
	remote, err := netip.ParseAddr(e.Remote)
	if err != nil || !remote.Is6() || remote.Zone() != "" {
		c.addf("ifconfig_ipv6.remote", "%q is no IPv6 address such as fd00::2", e.Remote)
	} else if local.Addr() == remote {
		c.addf("ifconfig_ipv6.remote", "is the same as local, the other end needs an address of its own")
	}
}

// parse6 reads an IPv6 address with or without the length of its prefix,
// which is 64 then.
func parse6(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		text = a.String() + "/64"
	}
	p, err := netip.ParsePrefix(text)
	if err != nil || !p.Addr().Is6() || p.Addr().Is4In6() {
		return netip.Prefix{}, fmt.Errorf("%q is no IPv6 address", text)
	}
	return p, nil
}

func (c *checker) address(field, text string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(text)
	if err != nil || !a.Is4() {
		c.addf(field, "%q is no IPv4 address", text)
		return netip.Addr{}, false
	}
	return a, true
}

// maskBits reads a netmask such as 255.255.255.0.
func maskBits(text string) (int, bool) {
	a, err := netip.ParseAddr(text)
	if err != nil || !a.Is4() {
		return 0, false
	}
	b := a.As4()
	v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	n := bits.LeadingZeros32(^v)
	return n, n > 0 && v<<n == 0
}

// netmask is the other way round.
func netmask(length int) string {
	v := ^uint32(0) << (32 - length)
	if length == 0 {
		v = 0
	}
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}).String()
}
