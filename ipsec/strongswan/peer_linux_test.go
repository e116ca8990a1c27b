package strongswan_test

import (
	"fmt"
	"strings"

	"github.com/fieldgate/fieldgate/ipsec"
)

// peerConn is a connection of B, as swanctl.conf has it. Each of its fields is
// text that a person would write there; nothing of it is made by the package
// under test.
type peerConn struct {
	name, version          string // default site, 2
	localAddrs, remoteAddr string // default B, A
	localID, remoteID      string // default 192.0.2.2, wcclite
	proposals, esp         string // default that of the walk-through
	localTS, remoteTS      string // default the LANs; "-" for none
	secret                 string // default that of the walk-through
	auth                   string // default psk
	conn, child            []string
	local, remote          []string
}

// peerConf is the swanctl.conf of B with these connections.
func peerConf(conns ...peerConn) string {
	var connections, secrets strings.Builder
	for _, c := range conns {
		c = c.withDefaults()
		lines := append([]string{
			"version = " + c.version, "local_addrs = " + c.localAddrs, "remote_addrs = " + c.remoteAddr,
			"proposals = " + c.proposals,
		}, c.conn...)
		child := append([]string{"esp_proposals = " + c.esp}, c.child...)
		if c.localTS != "-" {
			child = append(child, "local_ts = "+c.localTS)
		}
		if c.remoteTS != "-" {
			child = append(child, "remote_ts = "+c.remoteTS)
		}
		ends := func(id string, more []string) string {
			lines := append([]string{"auth = " + c.auth}, more...)
			if id != "-" {
				lines = append(lines, "id = "+id)
			}
			return strings.Join(lines, "\n")
		}
		fmt.Fprintf(&connections, "%s {\n%s\nlocal {\n%s\n}\nremote {\n%s\n}\nchildren {\n%s {\n%s\n}\n}\n}\n",
			c.name, strings.Join(lines, "\n"), ends(c.localID, c.local), ends(c.remoteID, c.remote),
			c.name, strings.Join(child, "\n"))
		if c.auth == "psk" {
			fmt.Fprintf(&secrets, "ike-%s {\nsecret = %q\n", c.name, c.secret)
			for i, id := range []string{c.localID, c.remoteID} {
				if id != "-" {
					fmt.Fprintf(&secrets, "id-%d = %s\n", i, id)
				}
			}
			secrets.WriteString("}\n")
		}
	}
	return "connections {\n" + connections.String() + "}\nsecrets {\n" + secrets.String() + "}\n"
}

func (c peerConn) withDefaults() peerConn {
	for _, f := range []struct {
		field  *string
		normal string
	}{
		{&c.name, "site"}, {&c.version, "2"}, {&c.localAddrs, "192.0.2.2"}, {&c.remoteAddr, "192.0.2.1"},
		{&c.localID, "192.0.2.2"}, {&c.remoteID, "wcclite"}, {&c.proposals, "aes256-sha256-modp1536"},
		{&c.esp, "aes128-sha1"}, {&c.localTS, "10.10.10.0/24"}, {&c.remoteTS, "10.10.12.0/24"},
		{&c.secret, secret}, {&c.auth, "psk"},
	} {
		if *f.field == "" {
			*f.field = f.normal
		}
	}
	return c
}

// demo is a configuration with the connection demo0, which fits the default
// of peerConf, after some changes.
func demo(changes ...func(*ipsec.Connection)) ipsec.Config {
	demo0 := ipsec.Connection{
		Name: "demo0", Enabled: true, Gateway: "192.0.2.2",
		LocalSubnets: ipsec.Subnets{"10.10.12.0/24"}, RemoteSubnets: ipsec.Subnets{"10.10.10.0/24"},
		PreSharedKey: ipsec.NewSecret(secret), LocalID: "wcclite",
		Phase1: ipsec.Names{"ike"}, Phase2: ipsec.Names{"esp"}, StartAction: ipsec.StartNone,
	}
	for _, change := range changes {
		change(&demo0)
	}
	return ipsec.Config{
		Enabled: true, Connections: []ipsec.Connection{demo0},
		Phase1Proposals: []ipsec.Phase1Proposal{{Name: "ike", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group5}},
		Phase2Proposals: []ipsec.Phase2Proposal{{Name: "esp", Encryption: ipsec.EncryptionAES128, Hash: ipsec.HashSHA1}},
	}
}

// ikev1 is a change that many tests try as well.
func ikev1(c *ipsec.Connection) { c.KeyExchange = ipsec.IKEv1 }
