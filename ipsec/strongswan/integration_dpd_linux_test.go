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
	"github.com/fieldgate/fieldgate/ipsec"
)

// dpdCell is a connection of its own for each action and version.
type dpdCell struct {
	name    string
	action  ipsec.DPDAction
	version ipsec.KeyExchange
	remote  netip.Prefix // its LAN address on B
}

func dpdCells() (cells []dpdCell) {
	for _, version := range []ipsec.KeyExchange{ipsec.IKEv2, ipsec.IKEv1} {
		for _, action := range []ipsec.DPDAction{ipsec.DPDNone, ipsec.DPDClear, ipsec.DPDHold, ipsec.DPDRestart} {
			cells = append(cells, dpdCell{
				name: fmt.Sprintf("%s_%s", action, version), action: action, version: version,
				remote: netip.MustParsePrefix(fmt.Sprintf("10.30.%d.1/24", len(cells)+1)),
			})
		}
	}
	return cells
}

// dpdSetup brings up a connection for each cell.
func (s *site) dpdSetup(t *testing.T, cells []dpdCell, start ipsec.StartAction) *gateway {
	t.Helper()
	config := demo()
	config.Connections = nil
	var conns []peerConn
	for _, c := range cells {
		require.NoError(t, s.B.AddLAN(c.remote))
		conns = append(conns, peerConn{
			name: c.name, version: strings.TrimPrefix(string(c.version), "ikev"), remoteID: c.name, localTS: c.remote.Masked().String(),
		})
		config.Connections = append(config.Connections, demo(func(conn *ipsec.Connection) {
			conn.Name, conn.LocalID, conn.KeyExchange = c.name, c.name, c.version
			conn.RemoteSubnets = ipsec.Subnets{c.remote.Masked().String()}
			conn.DPDAction, conn.StartAction = c.action, start
			if c.action != ipsec.DPDNone {
				conn.DPDDelay = ipsec.Duration(time.Second)
				if c.version == ipsec.IKEv1 {
					conn.DPDTimeout = ipsec.Duration(4 * time.Second)
				}
			}
		}).Connections...)
	}
	s.peer(t, peerConf(conns...))
	g := s.start(t, config)
	for _, c := range cells {
		g.initiate(t, c.name)
		s.checkStatus(t, g, c.name, c.name)
	}
	return g
}

// The peer falls silent, and comes back.
func TestIntegrationDeadPeer(t *testing.T) {
	t.Parallel()
	newSite(t, twohosts.Options{}).deadPeer(t, false)
}

// deadPeer cuts the cable and mends it again. With ESP in the kernel, traffic
// brings up what is on hold.
func (s *site) deadPeer(t *testing.T, kernel bool) {
	t.Helper()
	cells := dpdCells()
	g := s.dpdSetup(t, cells, ipsec.StartNone)
	before := make(map[string]string)
	for _, c := range cells {
		ike, _ := s.child(t, c.name)
		before[c.name] = ike.Values["initiator-spi"]
	}
	require.NoError(t, s.Blackhole())
	for _, c := range cells {
		if c.action != ipsec.DPDNone {
			eventually(t, func() bool { return g.connection(t, c.name).State != ipsec.StateUp },
				func() string { return fmt.Sprintf("%s: the peer is dead: %+v", c.name, g.connection(t, c.name)) })
		}
	}
	for _, c := range cells {
		if c.action == ipsec.DPDNone {
			assert.Equal(t, ipsec.StateUp, g.connection(t, c.name).State, "%s: nobody looks", c.name)
		}
	}
	require.NoError(t, s.Restore())
	for _, c := range cells {
		if c.action == ipsec.DPDRestart {
			g.until(t, c.name, ipsec.StateUp)
			ike, _ := s.child(t, c.name)
			assert.NotEqual(t, before[c.name], ike.Values["initiator-spi"], "%s: it is a new one", c.name)
			require.NoError(t, s.A.Ping(t.Context(), s.A.LAN.Addr(), c.remote.Addr(), 1), c.name)
		}
	}
	for _, c := range cells {
		switch c.action {
		case ipsec.DPDNone:
			require.NoError(t, s.A.Ping(t.Context(), s.A.LAN.Addr(), c.remote.Addr(), 1), "%s: as if nothing had been", c.name)
		case ipsec.DPDClear:
			assert.NotEqual(t, ipsec.StateUp, g.connection(t, c.name).State, "%s: nothing further happens", c.name)
			pols, err := s.A.Swanctl(t.Context(), "--list-pols")
			require.NoError(t, err)
			assert.NotContains(t, pols, "fieldgate-"+c.name, "%s: not on demand either", c.name)
		case ipsec.DPDHold:
			assert.Equal(t, ipsec.StateArmed, g.connection(t, c.name).State, c.name)
			pols, err := s.A.Swanctl(t.Context(), "--list-pols")
			require.NoError(t, err)
			assert.Contains(t, pols, "fieldgate-"+c.name, "%s: it comes on demand", c.name)
			if kernel {
				eventually(t, func() bool { return s.A.Ping(t.Context(), s.A.LAN.Addr(), c.remote.Addr(), 1) == nil },
					func() string { return c.name + ": a ping brings it up" })
				g.until(t, c.name, ipsec.StateUp)
			}
		}
	}
}
