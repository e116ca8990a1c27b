package openvpn

import (
	"fmt"
	"net/netip"
	"strings"
)

const maxCommonName = 64 // of X.520

// clients checks the settings of single clients.
func (c *checker) clients() {
	if !c.only("clients", len(c.Clients) > 0, RoleServer) || c.tooMany("clients", len(c.Clients)) {
		return
	}
	names, addresses := make(map[string]int), make(map[netip.Addr]int)
	for n, client := range c.Clients {
		at := fmt.Sprintf("clients[%d].", n)
		if client.CommonName == "" {
			c.addf(at+"common_name", "required: the name in the client's certificate, or of its login")
		} else if first, twice := names[client.CommonName]; twice {
			c.addf(at+"common_name", "%q is taken by clients[%d]", client.CommonName, first)
		} else if len(client.CommonName) > maxCommonName*4 || strings.ContainsFunc(client.CommonName, isControl) {
			c.addf(at+"common_name", "%q is no name of a certificate", client.CommonName)
		}
		names[client.CommonName] = n
		if client.Address != "" {
			a, ok := c.clientAddress(at+"address", client.Address)
			if first, twice := addresses[a]; ok && twice {
				c.addf(at+"address", "%s is taken by clients[%d]", a, first)
			}
			addresses[a] = n
		}
		c.clientNetworks(at, client.Networks)
		if c.tooMany(at+"options", len(client.Options)) {
			continue
		}
		for m, o := range client.Options {
			if err := c.catalogue.check(o, inClient); err != nil {
				c.addf(fmt.Sprintf("%soptions[%d]", at, m), "%v", err)
			}
		}
	}
}

func (c *checker) clientAddress(field, text string) (netip.Addr, bool) {
	a, ok := c.address(field, text)
	if !ok {
		return a, false
	}
	net, err := netip.ParsePrefix(c.Server)
	if b := c.ServerBridge; b != nil {
		gateway, _ := netip.ParseAddr(b.Gateway)
		length, _ := maskBits(b.Netmask)
		net, err = netip.PrefixFrom(gateway, length), nil
	}
	if err == nil && net.IsValid() && !net.Contains(a) {
		c.addf(field, "%s is not in the network of the server, %s", a, net.Masked())
		return a, false
	}
	return a, true
}

func (c *checker) clientNetworks(at string, networks []string) {
	if c.tooMany(at+"networks", len(networks)) {
		return
	}
	if len(networks) > 0 && c.deviceType() == DeviceTap {
		c.addf(at+"networks", "need device_type tun")
		return
	}
	for n, text := range networks {
		field := fmt.Sprintf("%snetworks[%d]", at, n)
		p, err := netip.ParsePrefix(text)
		if err != nil {
			c.addf(field, "%q is no network such as 192.168.7.0/24", text)
		} else if p.Masked() != p {
			c.addf(field, "%s is an address within a network, write %s", text, p.Masked())
		}
	}
}
