package openvpn

import "net"

// listen checks the own end of the connection.
func (c *checker) listen() {
	l := c.Listen
	if l.Address != "" {
		c.faults.CheckHost(c.at+"listen.address", l.Address)
	}
	if l.IPv6Only && c.protocol() != ProtocolUDP6 && c.protocol() != ProtocolTCP6 {
		c.addf("listen.ipv6_only", "needs protocol udp6 or tcp6")
	}
	if l.Multihome && c.protocol().isTCP() {
		c.addf("listen.multihome", "needs UDP")
	}
	if l.ShareHost == "" && l.SharePort == 0 {
		return
	}
	if !c.only("listen.share_host", true, RoleServer) {
		return
	}
	if !c.protocol().isTCP() {
		c.addf("listen.share_host", "needs TCP")
	}
	c.faults.CheckHost(c.at+"listen.share_host", l.ShareHost)
	c.faults.CheckPort(c.at+"listen.share_port", int(l.SharePort))
}

func (c *checker) system() {
	s := c.System
	if s.Nice < -20 || s.Nice > 19 {
		c.addf("system.nice", "%d is out of range, allowed is -20 to 19", s.Nice)
	}
	if s.BindDevice != "" && !validBase(s.BindDevice) {
		c.addf("system.bind_device", "%q is no name of an interface", s.BindDevice)
	}
	if s.HardwareAddress != "" {
		if mac, err := net.ParseMAC(s.HardwareAddress); err != nil || len(mac) != 6 {
			c.addf("system.hardware_address", "%q is no address such as 02:00:5e:00:53:01", s.HardwareAddress)
		} else if mac[0]&1 != 0 {
			c.addf("system.hardware_address", "%s is an address of a group, its first byte must be even", mac)
		}
		if c.deviceType() != DeviceTap {
			c.addf("system.hardware_address", "needs device_type tap")
		}
	}
	if s.NoDelay && !c.protocol().isTCP() {
		c.addf("system.no_delay", "needs TCP")
	}
}

func (c *checker) proxy() {
	if c.Proxy == nil || !c.only("proxy", true, RoleClient, RolePeer) {
		return
	}
	p := *c.Proxy
	if !checkWord(c, "proxy.kind", p.Kind, new(ProxyKind)) {
		return
	}
	c.faults.CheckHost(c.at+"proxy.host", p.Host)
	if p.Kind != ProxySOCKS && !c.protocol().isTCP() && !c.remotesAreTCP() {
		c.addf("proxy.kind", "a proxy of kind http needs protocol TCP")
	}
	c.loginText("proxy.username", p.Username)
	c.loginText("proxy.password", p.Password.Reveal())
	switch {
	case p.Username != "" && p.Password.IsZero():
		c.addf("proxy.password", "required with username")
	case p.Username == "" && !p.Password.IsZero():
		c.addf("proxy.username", "required with password")
	}
}

// remotesAreTCP reports whether each remote says that it is.
func (c *checker) remotesAreTCP() bool {
	for _, r := range c.Remotes {
		if !r.Protocol.isTCP() {
			return false
		}
	}
	return len(c.Remotes) > 0
}
