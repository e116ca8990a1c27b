package l2tp

import (
	"slices"

	"github.com/fieldgate/fieldgate/ipsec"
)

// The connections of the channels begin with prefix; names of proposals too.
const (
	prefix       = "l2tp_"
	clientPrefix = prefix + "to_"
)

// ChannelName returns the name of the ipsec connection of a client.
func ChannelName(client string) string { return clientPrefix + normalName(client) }

// ServerChannelName is the name of the ipsec connection of the server, which
// is that of no client.
const ServerChannelName = prefix + "server"

// Extend returns the Config of package ipsec with the connections added that
// c needs, and the proposals that they use by default. It leaves base as it
// is. What is wrong with the outcome, names that are taken already included,
// is told by its Validate. With c.Enabled false it adds nothing.
func (c Config) Extend(base ipsec.Config) ipsec.Config {
	base.Connections = slices.Clone(base.Connections)
	base.Phase1Proposals = slices.Clone(base.Phase1Proposals)
	base.Phase2Proposals = slices.Clone(base.Phase2Proposals)
	if !c.Enabled {
		return base
	}
	connections := c.Connections()
	base.Connections = append(base.Connections, connections...)
	for _, p := range phase1Defaults() {
		if uses(connections, p.Name) {
			base.Phase1Proposals = append(base.Phase1Proposals, p)
		}
	}
	for _, p := range phase2Defaults() {
		if uses(connections, p.Name) {
			base.Phase2Proposals = append(base.Phase2Proposals, p)
		}
	}
	return base
}

// uses tells whether a connection names a proposal.
func uses(connections []ipsec.Connection, name string) bool {
	return slices.ContainsFunc(connections, func(c ipsec.Connection) bool {
		return slices.Contains(c.Phase1, name) || slices.Contains(c.Phase2, name)
	})
}

// Connections returns the channels: in transport mode, with the selectors of
// L2TP. Those of clients that are not enabled are not enabled either.
func (c Config) Connections() []ipsec.Connection {
	var list []ipsec.Connection
	for _, client := range c.Clients {
		conn := client.IPsec.connection(ChannelName(client.Name))
		conn.Enabled = client.Enabled
		conn.Gateway = client.Gateway
		conn.RemotePorts = "udp/1701"
		conn.DPDAction = ipsec.DPDRestart
		list = append(list, conn)
	}
	if c.Server.Enabled {
		conn := c.Server.IPsec.connection(ServerChannelName)
		conn.Enabled = true
		conn.Gateway = ipsec.GatewayAny
		conn.RemotePorts = "udp" // behind NAT, and by choice, clients send from any port
		conn.DPDAction = ipsec.DPDClear
		list = append(list, conn)
	}
	return list
}

func (c Channel) connection(name string) ipsec.Connection {
	c = c.normal()
	conn := ipsec.Connection{
		Name: name, Type: ipsec.TypeTransport, StartAction: ipsec.StartNone,
		KeyExchange: c.KeyExchange, Authentication: c.Authentication,
		PreSharedKey: c.PreSharedKey, CertificateSet: c.CertificateSet,
		LocalID: c.LocalID, RemoteID: c.RemoteID,
		Phase1: c.Phase1, Phase2: c.Phase2, LocalPorts: "udp/1701",
		// The keys of the data end before the IKE SA does, see the warning of
		// package ipsec.
		KeyLifetime: ipsec.DefaultIKELifetime, IKELifetime: ipsec.DefaultKeyLifetime,
	}
	if len(conn.Phase1) == 0 {
		for _, p := range phase1Defaults() {
			conn.Phase1 = append(conn.Phase1, p.Name)
		}
	}
	if len(conn.Phase2) == 0 {
		for _, p := range phase2Defaults() {
			conn.Phase2 = append(conn.Phase2, p.Name)
		}
	}
	return conn
}

func phase1Defaults() []ipsec.Phase1Proposal {
	return []ipsec.Phase1Proposal{
		{Name: prefix + "ike_14", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group14},
		{Name: prefix + "ike_19", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.GroupECP256},
	}
}

func phase2Defaults() []ipsec.Phase2Proposal {
	return []ipsec.Phase2Proposal{
		{Name: prefix + "esp_256", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256},
		{Name: prefix + "esp_128", Encryption: ipsec.EncryptionAES128, Hash: ipsec.HashSHA256},
	}
}
