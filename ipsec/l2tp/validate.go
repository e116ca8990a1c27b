package l2tp

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/ipsec"
)

// What a Config may hold at most.
const (
	maxName    = 32
	maxClients = 64
	maxUsers   = 1024
	maxPool    = 1024
	maxRoutes  = 256
	maxText    = 255 // octets of a name or password, as in pppd
)

// Validate returns every fault of c as a [ConfigError]. It does no I/O. What
// the Config of package ipsec knows, such as whether the named proposals
// exist, is told by that package for the result of [Config.Extend].
func (c Config) Validate() error {
	var e config.Errors
	if c.ListenAddress != "" {
		address(&e, "listen_address", c.ListenAddress)
	}
	if len(c.Clients) > maxClients {
		e.Addf("clients", "%d are too many, allowed are %d", len(c.Clients), maxClients)
	}
	seen := make(map[string]int)
	gateways := make(map[string]int)
	routed := -1
	for i, client := range c.Clients {
		path := fmt.Sprintf("clients[%d]", i)
		if client.DefaultRoute {
			if routed >= 0 {
				e.Addf(path+".default_route", "clients[%d] has it too, and only one can", routed)
			} else {
				routed = i
			}
		}
		if first, twice := seen[normalName(client.Name)]; twice && client.Name != "" {
			e.Addf(path+".name", "%q is the name of clients[%d] too", client.Name, first)
		} else {
			seen[normalName(client.Name)] = i
		}
		if first, twice := gateways[strings.ToLower(client.Gateway)]; twice && client.Gateway != "" {
			e.Addf(path+".gateway", "it is the gateway of clients[%d] too: there is one channel to a host", first)
		} else {
			gateways[strings.ToLower(client.Gateway)] = i
		}
		client.check(&e, path)
	}
	c.Server.check(&e, "server")
	if c.Enabled && !c.Server.Enabled && !slices.ContainsFunc(c.Clients, func(c Client) bool { return c.Enabled }) {
		e.Addf("enabled", "neither a client nor the server is enabled: enable one, or switch this off")
	}
	return e.Err()
}

func (c Client) check(e *config.Errors, path string) {
	if name := normalName(c.Name); !isName(name) {
		e.Addf(path+".name", "%q is no name: 1 to %d letters, digits and underscores", c.Name, maxName)
	}
	e.CheckHost(path+".gateway", c.Gateway)
	if addr, err := netip.ParseAddr(c.Gateway); err == nil && !addr.Is4() {
		e.Addf(path+".gateway", "%s is no IPv4 address: L2TP is spoken over IPv4 only", c.Gateway)
	}
	c.IPsec.check(e, path+".ipsec")
	checkText(e, path+".username", c.Username)
	checkText(e, path+".password", c.Password.Reveal())
	c.PPP.check(e, path+".ppp")
	if len(c.Routes) > maxRoutes {
		e.Addf(path+".routes", "%d are too many, allowed are %d", len(c.Routes), maxRoutes)
	}
	for i, text := range c.Routes {
		at := fmt.Sprintf("%s.routes[%d]", path, i)
		if p, err := netip.ParsePrefix(text); err != nil || !p.Addr().Is4() {
			e.Addf(at, "%q is no IPv4 network, such as 10.1.0.0/16", text)
		} else if p != p.Masked() {
			e.Addf(at, "%q has bits set beyond its prefix: the network is %s", text, p.Masked())
		} else if p.Bits() == 0 {
			e.Addf(at, "%q is everything: that is default_route", text)
		}
	}
}

func (c Channel) check(e *config.Errors, path string) {
	n := c.normal()
	if n.KeyExchange != ipsec.IKEv1 && n.KeyExchange != ipsec.IKEv2 {
		e.Addf(path+".key_exchange", "unknown word %q, want %s, %s", c.KeyExchange, ipsec.IKEv1, ipsec.IKEv2)
	}
	switch n.Authentication {
	case ipsec.AuthPSK:
		if c.PreSharedKey.IsZero() {
			e.Addf(path+".pre_shared_key", "required with authentication psk")
		}
	case ipsec.AuthRSA:
		if c.CertificateSet == "" {
			e.Addf(path+".certificate_set", "required with authentication rsa: the name of a certificate set")
		}
	default:
		e.Addf(path+".authentication", "unknown word %q, want %s, %s", c.Authentication, ipsec.AuthPSK, ipsec.AuthRSA)
	}
}

func (p PPP) check(e *config.Errors, path string) {
	p = p.normal()
	for _, f := range []struct {
		name  string
		value int
	}{{"mtu", p.MTU}, {"mru", p.MRU}} {
		if f.value < 576 || f.value > 1500 {
			e.Addf(path+"."+f.name, "%d is out of range, allowed is 576 to 1500", f.value)
		}
	}
	if d := p.EchoInterval.Std(); d < time.Second || d > time.Hour || d%time.Second != 0 {
		e.Addf(path+".echo_interval", "%s is out of range, allowed is 1 s to 1 h in whole seconds", p.EchoInterval)
	}
	if p.EchoFailures < 1 || p.EchoFailures > 100 {
		e.Addf(path+".echo_failures", "%d is out of range, allowed is 1 to 100", p.EchoFailures)
	}
}

func (s Server) check(e *config.Errors, path string) {
	if !s.Enabled && s.untouched() {
		return // it is allowed to be empty
	}
	s.IPsec.check(e, path+".ipsec")
	local, ok := address(e, path+".local_ip", s.LocalIP)
	if first, last, err := parseRange(s.Range); err != nil {
		e.Addf(path+".range", "%q is no range of IPv4 addresses, such as 10.20.30.10-10.20.30.20: %s", s.Range, err)
	} else if ok && !local.Less(first) && !last.Less(local) {
		e.Addf(path+".local_ip", "%s is in the range of the clients", local)
	}
	if len(s.DNS) > 2 {
		e.Addf(path+".dns", "%d are too many, clients can be told 2", len(s.DNS))
	}
	for i, text := range s.DNS {
		address(e, fmt.Sprintf("%s.dns[%d]", path, i), text)
	}
	switch n := len(s.Users); {
	case n == 0:
		e.Addf(path+".users", "required: at least one who may connect")
	case n > maxUsers:
		e.Addf(path+".users", "%d are too many, allowed are %d", n, maxUsers)
	}
	seen := make(map[string]int)
	for i, u := range s.Users {
		at := fmt.Sprintf("%s.users[%d]", path, i)
		if first, twice := seen[u.Name]; twice && u.Name != "" {
			e.Addf(at+".name", "it is the name of users[%d] too", first)
		} else {
			seen[u.Name] = i
		}
		checkText(e, at+".name", u.Name)
		checkText(e, at+".password", u.Password.Reveal())
		if u.Name == "*" {
			e.Addf(at+".name", "a star would stand for every name")
		}
		if strings.HasPrefix(u.Password.Reveal(), "@/") {
			e.Addf(at+".password", `it must not begin with "@/": pppd would take it as the name of a file`)
		}
	}
	s.PPP.check(e, path+".ppp")
}

// untouched tells whether the server was left out of the configuration.
func (s Server) untouched() bool {
	return s.IPsec.PreSharedKey.IsZero() && s.IPsec.CertificateSet == "" && s.LocalIP == "" &&
		s.Range == "" && len(s.DNS) == 0 && len(s.Users) == 0
}

// Warnings returns what works but is weak or surprising. Those about the
// channels come from package ipsec, for the result of [Config.Extend].
func (c Config) Warnings() []Warning {
	var list []Warning
	warn := func(path, text string) { list = append(list, Warning{Path: path, Text: text}) }
	for i, client := range c.Clients {
		client.PPP.warn(fmt.Sprintf("clients[%d].ppp", i), warn)
	}
	if c.Server.Enabled {
		c.Server.PPP.warn("server.ppp", warn)
		if c.Server.IPsec.normal().Authentication == ipsec.AuthPSK {
			warn("server.ipsec.pre_shared_key", "everyone who may connect knows it, and could pose as this server: certificates are better")
		}
	}
	return list
}

func (p PPP) warn(path string, warn func(path, text string)) {
	if p = p.normal(); p.MTU > 1420 {
		warn(path+".mtu", "packets of this size are split up on most networks, once ESP, L2TP and PPP are around them: 1400 is better")
	}
}

// checkText checks a name or password, which goes into a file of pppd. It never
// shows the text.
func checkText(e *config.Errors, path, text string) {
	switch {
	case text == "":
		e.Addf(path, "required")
	case len(text) > maxText:
		e.Addf(path, "it is longer than %d octets", maxText)
	case !utf8.ValidString(text):
		e.Addf(path, "it is no UTF-8 text")
	case strings.ContainsFunc(text, unicode.IsControl):
		e.Addf(path, "it has control characters, such as the end of a line")
	}
}

// address checks an IPv4 address.
func address(e *config.Errors, path, text string) (addr netip.Addr, ok bool) {
	if text == "" {
		e.Addf(path, "required: an IPv4 address")
		return addr, false
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is4() || addr.IsUnspecified() || addr.IsMulticast() {
		e.Addf(path, "%q is no IPv4 address of a host", text)
		return addr, false
	}
	return addr, true
}

// parseRange reads two addresses with a dash between them.
func parseRange(text string) (first, last netip.Addr, err error) {
	a, b, _ := strings.Cut(text, "-")
	first, err = netip.ParseAddr(strings.TrimSpace(a))
	if err != nil {
		return first, last, fmt.Errorf("the first address cannot be read")
	}
	last, err = netip.ParseAddr(strings.TrimSpace(b))
	if err != nil {
		return first, last, fmt.Errorf("the last address cannot be read")
	}
	switch {
	case !first.Is4() || !last.Is4() || first.IsUnspecified():
		return first, last, fmt.Errorf("it has an address that is not an IPv4 one")
	case last.Less(first):
		return first, last, fmt.Errorf("it ends before it begins")
	case number(last)-number(first) >= maxPool:
		return first, last, fmt.Errorf("it has more than %d addresses", maxPool)
	}
	return first, last, nil
}

func number(addr netip.Addr) uint32 {
	b := addr.As4()
	return binary.BigEndian.Uint32(b[:])
}

// normalName returns the form of a name in which names are compared and used.
func normalName(name string) string { return strings.ReplaceAll(name, "-", "_") }

func isName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' {
			return false
		}
	}
	return true
}
