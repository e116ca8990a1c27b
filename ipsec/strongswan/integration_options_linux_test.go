package strongswan_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/twohosts"
	"github.com/fieldgate/fieldgate/ipsec"
)

// optionCase is an option, the peer that it needs, and what the peer saw.
type optionCase struct {
	name   string
	config ipsec.Config
	peer   peerConn
	// ike and child are what swanctl --list-sas says on the peer.
	ike, child map[string]string
	// request and noRequest are in charon's log on the peer, or not.
	said, notSaid []string
}

// with replaces the proposals of a configuration.
func with(c ipsec.Config, ike []ipsec.Phase1Proposal, esp []ipsec.Phase2Proposal) ipsec.Config {
	if ike != nil {
		c.Phase1Proposals, c.Connections[0].Phase1 = ike, nil
		for i := range ike {
			ike[i].Name = "ike" + string(rune('a'+i))
			c.Connections[0].Phase1 = append(c.Connections[0].Phase1, ike[i].Name)
		}
	}
	if esp != nil {
		c.Phase2Proposals, c.Connections[0].Phase2 = esp, nil
		for i := range esp {
			esp[i].Name = "esp" + string(rune('a'+i))
			c.Connections[0].Phase2 = append(c.Connections[0].Phase2, esp[i].Name)
		}
	}
	return c
}

// Each option, alone, on the daemons of one pair of hosts.
func optionCases() []optionCase {
	type conn = ipsec.Connection
	aggressive := func(c *conn) { c.KeyExchange, c.ExchangeMode = ipsec.IKEv1, ipsec.ModeAggressive }
	return []optionCase{
		{
			name: "ikev1_main", config: demo(ikev1), peer: peerConn{version: "1"},
			ike: map[string]string{"version": "1", "remote-id": "wcclite"}, said: []string{"parsed ID_PROT request"},
		},
		{
			name: "ikev1_aggressive", config: demo(aggressive), peer: peerConn{version: "1", conn: []string{"aggressive = yes"}},
			ike: map[string]string{"version": "1", "remote-id": "wcclite"}, said: []string{"parsed AGGRESSIVE request"},
		},
		{
			name:   "ikev1_phase2_dh",
			config: with(demo(ikev1), nil, []ipsec.Phase2Proposal{{Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA384, DH: ipsec.Group14}}),
			peer:   peerConn{version: "1", esp: "aes256-sha384-modp2048"},
			child:  map[string]string{"encr-keysize": "256", "integ-alg": "HMAC_SHA2_384_192", "dh-group": "MODP_2048"},
		},
		{
			name:   "subnet_with_mask",
			config: demo(func(c *conn) { c.RemoteSubnets = ipsec.Subnets{"10.10.10.0/255.255.255.0"} }),
		},
		{
			name: "ids", config: demo(func(c *conn) { c.LocalID, c.RemoteID = "gateway@example.com", "peer.example.com" }),
			peer: peerConn{localID: "peer.example.com", remoteID: "gateway@example.com"},
			ike:  map[string]string{"remote-id": "gateway@example.com", "local-id": "peer.example.com"},
		},
		{
			name: "no_ids", config: demo(func(c *conn) { c.LocalID = "" }), peer: peerConn{remoteID: "192.0.2.1"},
			ike: map[string]string{"remote-id": "192.0.2.1", "local-id": "192.0.2.2"},
		},
		{
			name: "aes_gcm",
			config: with(demo(), []ipsec.Phase1Proposal{{Encryption: ipsec.EncryptionAES256GCM, Hash: ipsec.HashSHA384, DH: ipsec.GroupECP384}},
				[]ipsec.Phase2Proposal{{Encryption: ipsec.EncryptionAES128GCM}}),
			peer:  peerConn{proposals: "aes256gcm16-prfsha384-ecp384", esp: "aes128gcm16"},
			ike:   map[string]string{"encr-alg": "AES_GCM_16", "encr-keysize": "256", "prf-alg": "PRF_HMAC_SHA2_384", "dh-group": "ECP_384"},
			child: map[string]string{"encr-alg": "AES_GCM_16", "encr-keysize": "128"},
		},
		{
			name: "chacha20_x25519",
			config: with(demo(), []ipsec.Phase1Proposal{{Encryption: ipsec.EncryptionChaCha20Poly1305, Hash: ipsec.HashSHA256, DH: ipsec.GroupCurve25519}},
				[]ipsec.Phase2Proposal{{Encryption: ipsec.EncryptionChaCha20Poly1305, DH: ipsec.GroupCurve25519}}),
			peer:  peerConn{proposals: "chacha20poly1305-prfsha256-x25519", esp: "chacha20poly1305-x25519"},
			ike:   map[string]string{"encr-alg": "CHACHA20_POLY1305", "dh-group": "CURVE_25519"},
			child: map[string]string{"encr-alg": "CHACHA20_POLY1305"},
		},
		{
			name: "ecp256_ecp521",
			config: with(demo(), []ipsec.Phase1Proposal{{Encryption: ipsec.EncryptionAES128, Hash: ipsec.HashSHA512, DH: ipsec.GroupECP256}},
				[]ipsec.Phase2Proposal{{Encryption: ipsec.EncryptionAES192, Hash: ipsec.HashSHA512, DH: ipsec.GroupECP521}}),
			peer:  peerConn{proposals: "aes128-sha512-ecp256", esp: "aes192-sha512-ecp521"},
			ike:   map[string]string{"dh-group": "ECP_256", "integ-alg": "HMAC_SHA2_512_256"},
			child: map[string]string{"encr-keysize": "192", "integ-alg": "HMAC_SHA2_512_256"},
		},
		{ // the peer takes only the last of what is offered
			name: "several_proposals",
			config: with(demo(), []ipsec.Phase1Proposal{
				{Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group14},
				{Encryption: ipsec.Encryption3DES, Hash: ipsec.HashMD5, DH: ipsec.Group2},
			}, []ipsec.Phase2Proposal{
				{Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256},
				{Encryption: ipsec.Encryption3DES, Hash: ipsec.HashMD5},
			}),
			peer:  peerConn{proposals: "3des-md5-modp1024", esp: "3des-md5"},
			ike:   map[string]string{"encr-alg": "3DES_CBC", "integ-alg": "HMAC_MD5_96", "dh-group": "MODP_1024"},
			child: map[string]string{"encr-alg": "3DES_CBC", "integ-alg": "HMAC_MD5_96"},
		},
		{
			name: "mobike", config: demo(func(c *conn) { c.MOBIKE = true }), said: []string{"N(MOBIKE_SUP)"},
		},
		{
			name: "no_mobike", config: demo(), notSaid: []string{"request 1 [ IDi N(MOBIKE_SUP)", "peer supports MOBIKE"},
		},
		{
			name: "fragmentation_default", config: demo(), said: []string{"N(FRAG_SUP)"},
		},
		{
			name: "fragmentation_no", config: demo(func(c *conn) { c.Fragmentation = ipsec.FragmentationNo }),
			peer: peerConn{conn: []string{"fragmentation = no"}}, notSaid: []string{"N(FRAG_SUP)"},
		},
		{
			name: "fragmentation_force", peer: peerConn{version: "1"},
			config: demo(ikev1, func(c *conn) { c.Fragmentation = ipsec.FragmentationForce }),
		},
		{ // user space ESP declines it: the tunnel works all the same
			name: "compression_declined", config: demo(func(c *conn) { c.Compression = true }), peer: peerConn{child: []string{"ipcomp = yes"}},
			child: map[string]string{"cpi-in": ""},
		},
		{ // fields of other modes are allowed as long as they have their default
			name: "lifetimes", config: demo(func(c *conn) { c.KeyLifetime, c.IKELifetime = 600e9, 1200e9 }),
		},
	}
}

func TestIntegrationOptions(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	for _, c := range optionCases() {
		t.Run(c.name, func(t *testing.T) {
			s.peer(t, peerConf(c.peer))
			g := s.start(t, c.config)
			before := len(s.B.Log())
			g.initiate(t, "demo0")
			ike, child := s.child(t, "site")
			for key, want := range c.ike {
				assert.Equal(t, want, ike.Values[key], key)
			}
			for key, want := range c.child {
				assert.Equal(t, want, child.Values[key], key)
			}
			log := s.B.Log()[before:]
			for _, word := range c.said {
				assert.Contains(t, log, word)
			}
			for _, word := range c.notSaid {
				assert.NotContains(t, log, word)
			}
			s.checkStatus(t, g, "demo0", "site")
			s.ping(t)
		})
	}
}

func TestIntegrationSeveralSubnets(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	for _, h := range []struct {
		host *twohosts.Host
		more string
	}{{s.A, "10.20.12.1/24"}, {s.B, "10.20.10.1/24"}} {
		require.NoError(t, h.host.AddLAN(netip.MustParsePrefix(h.more)))
	}
	s.peer(t, peerConf(peerConn{localTS: "10.10.10.0/24,10.20.10.0/24", remoteTS: "10.10.12.0/24,10.20.12.0/24"}))
	g := s.start(t, demo(func(c *ipsec.Connection) {
		c.LocalSubnets = append(c.LocalSubnets, "10.20.12.0/24")
		c.RemoteSubnets = append(c.RemoteSubnets, "10.20.10.0/24")
	}))
	g.initiate(t, "demo0")
	_, child := s.child(t, "site")
	assert.ElementsMatch(t, []string{"10.10.12.0/24", "10.20.12.0/24"}, child.Lists["remote-ts"])
	capture, err := s.A.Capture()
	require.NoError(t, err)
	for _, from := range []string{"10.10.12.1", "10.20.12.1"} {
		for _, to := range []string{"10.10.10.1", "10.20.10.1"} {
			require.NoError(t, s.A.Ping(t.Context(), netip.MustParseAddr(from), netip.MustParseAddr(to), 1), "%s to %s", from, to)
		}
	}
	lines, err := capture.Stop(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 4, twohosts.Count(lines, "ESP(spi="), "%q", lines)
	assert.Zero(t, twohosts.Count(lines, "ICMP echo"), "%q", lines)
}

// We answer only, whoever comes; and a key that another peer has fits too.
func TestIntegrationResponder(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	for _, version := range []ipsec.KeyExchange{ipsec.IKEv2, ipsec.IKEv1} {
		t.Run(string(version), func(t *testing.T) {
			s.peer(t, peerConf(peerConn{version: strings.TrimPrefix(string(version), "ikev"), localID: "plant.example.com", remoteID: "wcclite"}))
			g := s.start(t, demo(func(c *ipsec.Connection) {
				c.Gateway, c.KeyExchange, c.RemoteID, c.StartAction = "any", version, "plant.example.com", ""
			}))
			assert.Equal(t, ipsec.StateArmed, g.connection(t, "demo0").State)
			_, err := s.B.Swanctl(t.Context(), "--initiate", "--child", "site")
			require.NoError(t, err)
			sa := g.until(t, "demo0", ipsec.StateUp).SAs[0]
			assert.False(t, sa.Initiator)
			assert.Equal(t, "plant.example.com", sa.RemoteID)
			s.checkStatus(t, g, "demo0", "site")
			require.NoError(t, s.B.Ping(t.Context(), s.B.LAN.Addr(), s.A.LAN.Addr(), 2))
			require.Error(t, g.Initiate(t.Context(), "demo0"), "whom should it call?")
			_, err = s.B.Swanctl(t.Context(), "--terminate", "--ike", "site")
			require.NoError(t, err)
			assert.NotEmpty(t, g.until(t, "demo0", ipsec.StateArmed).History)
		})
	}
}

// Road warriors, with us as the office and as the traveller.
func TestIntegrationRoadWarrior(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	t.Run("office", func(t *testing.T) {
		s.peer(t, peerConf(peerConn{
			localID: "traveller@example.com", remoteID: "wcclite", localTS: "-", remoteTS: "10.10.12.0/24",
			conn: []string{"vips = 0.0.0.0"},
		}))
		g := s.start(t, demo(func(c *ipsec.Connection) {
			c.Gateway, c.RemoteID, c.RemoteSubnets, c.StartAction = "any", "traveller@example.com", nil, ""
			c.Pool = &ipsec.Pool{Addresses: "10.9.0.10-10.9.0.20", DNS: []string{"10.10.12.53", "10.10.12.54"}}
		}))
		_, err := s.B.Swanctl(t.Context(), "--initiate", "--child", "site")
		require.NoError(t, err)
		ike, child := s.child(t, "site")
		assert.Equal(t, []string{"10.9.0.10"}, ike.Lists["local-vips"])
		assert.Equal(t, []string{"10.9.0.10/32"}, child.Lists["local-ts"])
		assert.Contains(t, s.B.DNS(), "nameserver 10.10.12.53")
		assert.Contains(t, s.B.DNS(), "nameserver 10.10.12.54")
		require.NoError(t, s.B.Ping(t.Context(), netip.MustParseAddr("10.9.0.10"), s.A.LAN.Addr(), 2))
		assert.Equal(t, []netip.Addr{netip.MustParseAddr("10.9.0.10")}, g.until(t, "demo0", ipsec.StateUp).SAs[0].VirtualIPs)
	})
	t.Run("traveller", func(t *testing.T) {
		conf := peerConf(peerConn{remoteTS: "-", conn: []string{"pools = guests"}}) +
			"pools {\nguests {\naddrs = 10.8.0.0/24\ndns = 10.10.10.53\n}\n}\n"
		s.peer(t, conf)
		g := s.start(t, demo(func(c *ipsec.Connection) { c.VirtualIP, c.LocalSubnets = true, nil }))
		g.initiate(t, "demo0")
		ike, _ := s.child(t, "site")
		require.Len(t, ike.Lists["remote-vips"], 1)
		vip := netip.MustParseAddr(ike.Lists["remote-vips"][0])
		assert.Equal(t, []netip.Addr{vip}, g.until(t, "demo0", ipsec.StateUp).SAs[0].VirtualIPs)
		assert.Contains(t, s.A.DNS(), "nameserver 10.10.10.53")
		require.NoError(t, s.A.Ping(t.Context(), vip, s.B.LAN.Addr(), 2))
	})
}

// The keys are renewed when we say so, and by themselves before their hard
// limit; the tunnel stays.
func TestIntegrationRekey(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	s.peer(t, peerConf(peerConn{}))
	g := s.start(t, demo())
	g.initiate(t, "demo0")
	_, before := s.child(t, "site")
	require.NoError(t, g.Rekey(t.Context(), "demo0"))
	eventually(t, func() bool {
		children, err := s.B.Installed(t.Context(), "site")
		require.NoError(t, err)
		return len(children) == 1 && children[0].Values["spi-in"] != before.Values["spi-in"]
	}, func() string { return "the peer is to have new keys" })
	s.ping(t)
	assert.Equal(t, ipsec.StateUp, g.connection(t, "demo0").State)
}
