package ipsec

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// The defaults of a connection.
const (
	DefaultDPDDelay    = Duration(30 * time.Second)
	DefaultDPDTimeout  = Duration(150 * time.Second)
	DefaultKeyLifetime = Duration(10800 * time.Second)
	DefaultIKELifetime = Duration(3600 * time.Second)
)

// GatewayAny is the Gateway of a connection that only responds.
const GatewayAny = "any"

// DefaultConfig returns a Config without connections that is off.
func DefaultConfig() Config { return Config{} }

// DefaultConnection returns a connection with all defaults written out. Name,
// gateway, key and proposals are still to be set.
func DefaultConnection() Connection { return Connection{}.normal() }

// normal returns the connection with the defaults for what is not set, and
// without what does not apply.
func (c Connection) normal() Connection {
	c.Name = normalName(c.Name)
	c.CertificateSet = normalName(c.CertificateSet)
	c.Phase1, c.Phase2 = c.Phase1.normal(), c.Phase2.normal()
	fill(&c.Type, TypeTunnel)
	fill(&c.Authentication, AuthPSK)
	fill(&c.KeyExchange, IKEv2)
	fill(&c.ExchangeMode, ModeMain)
	fill(&c.DPDAction, DPDNone)
	fill(&c.DPDDelay, DefaultDPDDelay)
	fill(&c.DPDTimeout, DefaultDPDTimeout)
	fill(&c.KeyLifetime, DefaultKeyLifetime)
	fill(&c.IKELifetime, DefaultIKELifetime)
	fill(&c.StartAction, StartTrap)
	fill(&c.Fragmentation, FragmentationYes)
	if c.CloseAction == "" {
		c.CloseAction = CloseNone
		if c.DPDAction == DPDRestart {
			c.CloseAction = CloseRestart
		}
	}
	if c.Type == TypeTransport {
		c.LocalSubnets, c.RemoteSubnets, c.PassthroughSubnets = nil, nil, nil
	} else {
		c.LocalSubnets, c.RemoteSubnets = c.LocalSubnets.normal(), c.RemoteSubnets.normal()
		c.PassthroughSubnets = c.PassthroughSubnets.normal()
	}
	if c.Authentication == AuthPSK {
		c.CertificateSet = ""
	} else {
		c.PreSharedKey = Secret{}
	}
	c.LocalPorts, c.RemotePorts = strings.ToLower(c.LocalPorts), strings.ToLower(c.RemotePorts)
	return c.normalPeer()
}

// normalPeer settles what depends on the gateway.
func (c Connection) normalPeer() Connection {
	c.Gateway = strings.TrimSpace(c.Gateway)
	if c.respondsOnly() {
		c.Gateway = GatewayAny
		if c.StartAction == StartTrap { // no packet tells which peer
			c.StartAction = StartNone
		}
		return c
	}
	if addr, err := netip.ParseAddr(c.Gateway); err == nil && c.RemoteID == "" {
		c.RemoteID = addr.WithZone("").String()
	}
	return c
}

// respondsOnly tells whether the connection waits for any peer.
func (c Connection) respondsOnly() bool {
	return strings.EqualFold(c.Gateway, GatewayAny) || c.Gateway == "%any"
}

// fill sets a default.
func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// normalName returns the form of a name in which names are compared.
func normalName(name string) string { return strings.ReplaceAll(name, "-", "_") }

func (n Names) normal() Names {
	if len(n) == 0 {
		return nil
	}
	list := make(Names, len(n))
	for i, name := range n {
		list[i] = normalName(name)
	}
	return list
}

// normal returns the networks in prefix form, each once.
func (s Subnets) normal() Subnets {
	var list Subnets
	for _, p := range s.networks() {
		if text := p.String(); !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return list
}
