package strongswan_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/twohosts"
	"github.com/fieldgate/fieldgate/ipsec"
)

// walkThrough is the example of the specification, value for value, with its
// slips of the pen: host bits in the remote network, and names that have
// dashes when they are made and underscores when they are chosen.
const walkThrough = `{
	"enabled": true,
	"phase1_proposals": [{"name": "aes256-sha256-dh5", "encryption": "aes256", "hash": "sha256", "dh": 5}],
	"phase2_proposals": [{"name": "aes128-sha1", "encryption": "aes128", "hash": "sha1"}],
	"connections": [{
		"name": "demo0",
		"enabled": true,
		"gateway": "ipsec.vpn.net",
		"type": "tunnel",
		"local_subnets": "10.10.12.0/24",
		"remote_subnets": "10.10.10.10/24",
		"authentication": "shared secret",
		"pre_shared_key": "thebigsecret",
		"phase1": "aes256_sha256_dh5",
		"phase2": "aes128_sha1",
		"local_id": "wcclite"
	}]
}`

func TestIntegrationWalkThrough(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	s.peer(t, peerConf(peerConn{}))
	var c ipsec.Config
	require.NoError(t, json.Unmarshal([]byte(walkThrough), &c))
	require.NoError(t, c.Validate())
	g := s.start(t, c)
	demo0 := g.connection(t, "demo0")
	assert.True(t, demo0.Configured, "configured: yes")
	assert.Equal(t, ipsec.StateArmed, demo0.State, "it comes up on demand")
	assert.Zero(t, s.installed(t, "site"))
	list, err := s.A.Swanctl(t.Context(), "--list-conns")
	require.NoError(t, err)
	assert.Contains(t, list, "fieldgate-demo0: IKEv2")
	pols, err := s.A.Swanctl(t.Context(), "--list-pols")
	require.NoError(t, err)
	assert.Contains(t, pols, "fieldgate-demo0, TUNNEL", "the trap is set")

	fromA, err := s.A.Capture()
	require.NoError(t, err)
	fromB, err := s.B.Capture()
	require.NoError(t, err)
	g.initiate(t, "demo0") // the start button
	require.NoError(t, s.A.Ping(t.Context(), s.A.LAN.Addr(), s.B.LAN.Addr(), 2))

	t.Run("seen_by_the_peer", func(t *testing.T) {
		ike, child := s.child(t, "site")
		for key, want := range map[string]string{
			"version": "2", "state": "ESTABLISHED", "remote-host": "192.0.2.1", "remote-id": "wcclite", "local-id": "192.0.2.2",
			"encr-alg": "AES_CBC", "encr-keysize": "256", "integ-alg": "HMAC_SHA2_256_128", "dh-group": "MODP_1536",
		} {
			assert.Equal(t, want, ike.Values[key], key)
		}
		for key, want := range map[string]string{
			"mode": "TUNNEL", "protocol": "ESP", "encr-alg": "AES_CBC", "encr-keysize": "128",
			"integ-alg": "HMAC_SHA1_96", "dh-group": "", "packets-in": "2", "packets-out": "2",
		} {
			assert.Equal(t, want, child.Values[key], key)
		}
		assert.Equal(t, []string{"10.10.10.0/24"}, child.Lists["local-ts"])
		assert.Equal(t, []string{"10.10.12.0/24"}, child.Lists["remote-ts"])
	})
	t.Run("on_the_wire", func(t *testing.T) {
		for _, capture := range []*twohosts.Capture{fromA, fromB} {
			lines, err := capture.Stop(t.Context())
			require.NoError(t, err)
			assert.Equal(t, 2, twohosts.Count(lines, "ESP(spi="), "%q", lines)
			assert.Positive(t, twohosts.Count(lines, "isakmp"), "%q", lines)
			assert.Zero(t, twohosts.Count(lines, "ICMP echo"), "%q", lines)
		}
	})
	t.Run("status", func(t *testing.T) {
		s.checkStatus(t, g, "demo0", "site")
		demo0 := g.connection(t, "demo0")
		sa := demo0.SAs[0]
		assert.True(t, sa.Initiator)
		assert.Equal(t, "aes256-sha256-modp1536", sa.Algorithms)
		assert.Equal(t, "wcclite", sa.LocalID)
		assert.Equal(t, "192.0.2.2", sa.RemoteID)
		assert.Equal(t, "aes128-sha1", sa.Children[0].Algorithms)
		assert.Equal(t, []string{"10.10.12.0/24"}, sa.Children[0].LocalSubnets)
		assert.Equal(t, []string{"10.10.10.0/24"}, sa.Children[0].RemoteSubnets)
		// 3600 and 10800 seconds are the hard limits.
		now := g.Status().At
		assert.WithinRange(t, sa.RekeyAt, now.Add(2700e9), now.Add(3240e9))
		assert.WithinRange(t, sa.Children[0].RekeyAt, now.Add(8400e9), now.Add(9720e9))
		assert.WithinRange(t, sa.Children[0].ExpiresAt, now.Add(10600e9), now.Add(10810e9))
		require.NotEmpty(t, demo0.History)
		assert.Equal(t, ipsec.StateUp, demo0.History[len(demo0.History)-1].State)
		assert.Nil(t, demo0.LastError)
	})
	t.Run("stop_button", func(t *testing.T) {
		require.NoError(t, g.Terminate(t.Context(), "demo0"))
		assert.Equal(t, ipsec.StateStopped, g.until(t, "demo0", ipsec.StateStopped).State)
		eventually(t, func() bool { return s.installed(t, "site") == 0 }, func() string { return "the peer is told" })
		g.initiate(t, "demo0")
		s.ping(t)
	})
}
