package strongswan_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/twohosts"
	"github.com/fieldgate/fieldgate/internal/uml/suite"
	"github.com/fieldgate/fieldgate/ipsec"
)

// kernelLimit is how long the machine may take for all of it.
const kernelLimit = 5 * time.Minute

// kernelSite makes two hosts whose kernel does ESP.
func kernelSite(t *testing.T) *site {
	t.Helper()
	return newSite(t, twohosts.Options{Kernel: true, Retransmit: 1500 * time.Millisecond, Tries: 2})
}

// kernelModules are what the hosts need of the kernel; ciphers it gets by
// itself.
func kernelModules() []string {
	return []string{"veth", "bridge", "af_packet", "xfrm_user", "esp4", "ipcomp", "deflate",
		"authenc", "cbc", "echainiv", "des_generic", "sha512_generic"}
}

// What user space ESP cannot do: transport mode, compression, tunnels that
// traffic brings up, addresses that stay outside.
func TestIntegrationKernel(t *testing.T) {
	if suite.Run(t, kernelLimit, kernelModules()...) {
		return
	}
	s := kernelSite(t)
	// The first packets only wake the daemon, and the modules of the ciphers.
	raise := func(t *testing.T, from, to netip.Addr) {
		t.Helper()
		eventually(t, func() bool { return s.A.Ping(t.Context(), from, to, 1) == nil }, func() string { return "a ping raises the tunnel" })
	}
	// On a busy host a ping may get its answer too late: then it is tried again.
	// But never is a packet seen in clear.
	esp := func(t *testing.T, from, to netip.Addr) {
		t.Helper()
		var lost error
		eventually(t, func() bool {
			capture, err := s.A.Capture()
			require.NoError(t, err)
			lost = s.A.Ping(t.Context(), from, to, 3)
			lines, err := capture.Stop(t.Context())
			require.NoError(t, err)
			require.Zero(t, twohosts.Count(lines, "ICMP echo"), "%q", lines)
			if lost == nil {
				assert.Equal(t, 3, twohosts.Count(lines, "ESP(spi="), "%q", lines)
			}
			return lost == nil
		}, func() string { return fmt.Sprintf("three pings through the tunnel: %v", lost) })
	}
	t.Run("on_demand", func(t *testing.T) {
		s.peer(t, peerConf(peerConn{}))
		g := s.start(t, demo(func(c *ipsec.Connection) { c.StartAction = ipsec.StartTrap }))
		assert.Equal(t, ipsec.StateArmed, g.connection(t, "demo0").State)
		raise(t, s.A.LAN.Addr(), s.B.LAN.Addr())
		esp(t, s.A.LAN.Addr(), s.B.LAN.Addr())
		_, child := s.child(t, "site")
		assert.Equal(t, "TUNNEL", child.Values["mode"])
		assert.Empty(t, child.Values["encap"], "plain ESP")
		s.checkStatus(t, g, "demo0", "site")
		// It is closed by the peer and comes again on demand.
		_, err := s.B.Swanctl(t.Context(), "--terminate", "--ike", "site")
		require.NoError(t, err)
		g.until(t, "demo0", ipsec.StateArmed)
		raise(t, s.A.LAN.Addr(), s.B.LAN.Addr())
		g.until(t, "demo0", ipsec.StateUp)
		// Stopped by hand it stays down, whatever the traffic.
		require.NoError(t, g.Terminate(t.Context(), "demo0"))
		require.Error(t, s.A.Ping(t.Context(), s.A.LAN.Addr(), s.B.LAN.Addr(), 1), "it has no way")
		assert.Zero(t, s.installed(t, "site"))
		assert.Equal(t, ipsec.StateStopped, g.connection(t, "demo0").State)
	})
	for _, version := range []ipsec.KeyExchange{ipsec.IKEv2, ipsec.IKEv1} {
		number := strings.TrimPrefix(string(version), "ikev")
		t.Run("transport_"+string(version), func(t *testing.T) {
			s.peer(t, peerConf(peerConn{version: number, localTS: "-", remoteTS: "-", child: []string{"mode = transport"}}))
			g := s.start(t, demo(func(c *ipsec.Connection) {
				c.KeyExchange, c.Type, c.LocalSubnets, c.RemoteSubnets = version, ipsec.TypeTransport, nil, nil
				c.StartAction = ipsec.StartTrap
			}))
			raise(t, s.A.Address, s.B.Address)
			esp(t, s.A.Address, s.B.Address)
			_, child := s.child(t, "site")
			assert.Equal(t, "TRANSPORT", child.Values["mode"])
			s.checkStatus(t, g, "demo0", "site")
		})
		t.Run("compression_"+string(version), func(t *testing.T) {
			s.peer(t, peerConf(peerConn{version: number, child: []string{"ipcomp = yes"}}))
			g := s.start(t, demo(func(c *ipsec.Connection) { c.KeyExchange, c.Compression = version, true }))
			g.initiate(t, "demo0")
			_, child := s.child(t, "site")
			require.NotEmpty(t, child.Values["cpi-in"], "%+v", child)
			own := g.until(t, "demo0", ipsec.StateUp).SAs[0].Children[0]
			assert.Equal(t, child.Values["cpi-in"], own.CPIOut)
			assert.Equal(t, child.Values["cpi-out"], own.CPIIn)
			capture, err := s.A.Capture()
			require.NoError(t, err)
			_, err = s.A.Run(t.Context(), "ping", "-q", "-n", "-c", "2", "-W", "2", "-s", "1200", "-p", "00", "-I", s.A.LAN.Addr().String(), s.B.LAN.Addr().String())
			require.NoError(t, err)
			lines, err := capture.Stop(t.Context())
			require.NoError(t, err)
			for _, line := range lines {
				if strings.Contains(line, "ESP(spi=") {
					_, length, _ := strings.Cut(line, "length ")
					assert.Less(t, len(length), 4, "1200 zeros are short: %s", line)
				}
			}
		})
	}
	s.hosts(t, esp)
	t.Run("passthrough", func(t *testing.T) {
		require.NoError(t, s.B.AddLAN(netip.MustParsePrefix("10.10.20.1/24")))
		require.NoError(t, s.A.NS.IP("route", "add", "10.10.20.0/24", "via", s.B.Address.String(), "src", s.A.LAN.Addr().String()))
		require.NoError(t, s.B.NS.IP("route", "add", "10.10.12.0/24", "via", s.A.Address.String()))
		s.peer(t, peerConf(peerConn{localTS: "10.10.0.0/16"}))
		g := s.start(t, demo(func(c *ipsec.Connection) {
			c.RemoteSubnets, c.PassthroughSubnets = ipsec.Subnets{"10.10.0.0/16"}, ipsec.Subnets{"10.10.20.0/24", "10.10.12.0/24"}
		}))
		g.initiate(t, "demo0")
		esp(t, s.A.LAN.Addr(), s.B.LAN.Addr())
		list, err := s.A.Swanctl(t.Context(), "--list-pols")
		require.NoError(t, err)
		assert.Contains(t, list, "10.10.20.0/24")
		out, err := s.A.Run(t.Context(), "ip", "xfrm", "policy")
		require.NoError(t, err)
		assert.Contains(t, out, "src 10.10.12.0/24 dst 10.10.20.0/24", "%s", out)
		require.NoError(t, g.Stop(t.Context()))
		out, err = s.A.Run(t.Context(), "ip", "xfrm", "policy")
		require.NoError(t, err)
		assert.NotContains(t, out, "10.10.20.0/24", "nothing is left in the kernel")
	})
	// The keys' lives, short: each is renewed before its end, and the peer
	// never has two that are in use for long.
	t.Run("lifetimes", func(t *testing.T) {
		s.peer(t, peerConf(peerConn{}))
		g := s.start(t, demo(func(c *ipsec.Connection) { c.KeyLifetime, c.IKELifetime = 10e9, 12e9 }))
		g.initiate(t, "demo0")
		ikes, children := make(map[string]bool), make(map[string]bool)
		eventually(t, func() bool {
			sas, err := s.B.SAs(t.Context())
			require.NoError(t, err)
			for _, sa := range sas {
				ikes[sa.Values["initiator-spi"]] = true
				for _, c := range sa.Children {
					if c.Values["state"] == "INSTALLED" {
						children[c.Values["spi-in"]] = true
					}
				}
			}
			require.NoError(t, s.A.Ping(t.Context(), s.A.LAN.Addr(), s.B.LAN.Addr(), 1), "it is never down")
			return len(ikes) > 1 && len(children) > 1
		}, func() string { return "new keys" })
		assert.LessOrEqual(t, s.installed(t, "site"), 2)
		for _, step := range g.connection(t, "demo0").History {
			assert.NotEqual(t, ipsec.StateFailed, step.State)
		}
	})
	// Cleared is cleared: traffic that goes on does not bring it up again.
	t.Run("cleared", func(t *testing.T) {
		s.peer(t, peerConf(peerConn{}))
		g := s.start(t, demo(func(c *ipsec.Connection) {
			c.StartAction, c.DPDAction, c.DPDDelay = ipsec.StartTrap, ipsec.DPDClear, ipsec.Duration(time.Second)
		}))
		raise(t, s.A.LAN.Addr(), s.B.LAN.Addr())
		g.until(t, "demo0", ipsec.StateUp)
		require.NoError(t, s.Blackhole())
		g.until(t, "demo0", ipsec.StateClosed)
		require.NoError(t, s.Restore())
		require.Error(t, s.A.Ping(t.Context(), s.A.LAN.Addr(), s.B.LAN.Addr(), 5), "it has no way")
		assert.Equal(t, ipsec.StateClosed, g.connection(t, "demo0").State)
		g.initiate(t, "demo0")
		s.ping(t)
	})
	// The kernel keeps what a daemon that was killed had installed.
	t.Run("killed", func(t *testing.T) {
		s.peer(t, peerConf(peerConn{}))
		g := s.start(t, demo(func(c *ipsec.Connection) { c.StartAction = ipsec.StartTrap }))
		raise(t, s.A.LAN.Addr(), s.B.LAN.Addr())
		g.until(t, "demo0", ipsec.StateUp)
		_, before := s.child(t, "site")
		require.NoError(t, s.A.Kill())
		g.until(t, "demo0", ipsec.StateUnknown) // not down: the kernel goes on
		s.ping(t)
		require.NoError(t, s.A.Start())
		g.configured(t)
		g.until(t, "demo0", ipsec.StateUp)
		eventually(t, func() bool {
			children, err := s.B.Installed(t.Context(), "site")
			require.NoError(t, err)
			return len(children) == 1 && children[0].Values["spi-in"] != before.Values["spi-in"]
		}, func() string { return "the peer drops the old one" })
		s.ping(t)
	})
	// Every answer to a dead peer, with both versions of IKE.
	t.Run("dead_peer", func(t *testing.T) { s.deadPeer(t, true) })
}

// hosts tries tunnels that begin or end at a gateway itself.
func (s *site) hosts(t *testing.T, esp func(t *testing.T, from, to netip.Addr)) {
	t.Helper()
	for name, c := range map[string]struct {
		change     func(*ipsec.Connection)
		peer       peerConn
		from, to   netip.Addr
		local, far string // as the peer sees them
	}{
		"host_to_host": {
			func(c *ipsec.Connection) { c.LocalSubnets, c.RemoteSubnets = nil, nil }, peerConn{localTS: "-", remoteTS: "-"},
			s.A.Address, s.B.Address, "192.0.2.2/32", "192.0.2.1/32",
		},
		"host_to_subnet": {
			func(c *ipsec.Connection) { c.LocalSubnets = nil }, peerConn{remoteTS: "-"},
			s.A.Address, s.B.LAN.Addr(), "10.10.10.0/24", "192.0.2.1/32",
		},
		"subnet_to_host": {
			func(c *ipsec.Connection) { c.RemoteSubnets = nil }, peerConn{localTS: "-"},
			s.A.LAN.Addr(), s.B.Address, "192.0.2.2/32", "10.10.12.0/24",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s.peer(t, peerConf(c.peer))
			g := s.start(t, demo(c.change))
			g.initiate(t, "demo0")
			_, child := s.child(t, "site")
			assert.Equal(t, []string{c.local}, child.Lists["local-ts"])
			assert.Equal(t, []string{c.far}, child.Lists["remote-ts"])
			esp(t, c.from, c.to)
		})
	}
}
