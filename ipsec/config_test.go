package ipsec_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
)

func TestDefaultsArePinned(t *testing.T) {
	require.NoError(t, ipsec.DefaultConfig().Validate())
	assert.Equal(t, ipsec.Connection{
		Type: ipsec.TypeTunnel, Authentication: ipsec.AuthPSK, KeyExchange: ipsec.IKEv2, ExchangeMode: ipsec.ModeMain,
		DPDAction: ipsec.DPDNone, DPDDelay: ipsec.Duration(30 * time.Second), DPDTimeout: ipsec.Duration(150 * time.Second),
		KeyLifetime: ipsec.Duration(10800 * time.Second), IKELifetime: ipsec.Duration(3600 * time.Second),
		StartAction: ipsec.StartTrap, CloseAction: ipsec.CloseNone, Fragmentation: ipsec.FragmentationYes,
	}, ipsec.DefaultConnection())
}

// paths returns where an error has faults.
func paths(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var faults ipsec.ConfigError
	require.ErrorAs(t, err, &faults)
	var list []string
	for _, f := range faults {
		assert.NotEmpty(t, f.Problem)
		list = append(list, strings.TrimPrefix(f.Path, "connections[0]."))
	}
	return list
}

func TestConnectionFaults(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(c *ipsec.Connection)
		want []string // paths of the faults, within the connection
		warn []string // paths of the warnings, but for that of the default lifetimes
	}{
		"good":                 {edit: func(*ipsec.Connection) {}},
		"no name":              {edit: func(c *ipsec.Connection) { c.Name = "" }, want: []string{"name"}},
		"long name":            {edit: func(c *ipsec.Connection) { c.Name = strings.Repeat("a", 65) }, want: []string{"name"}},
		"blank in the name":    {edit: func(c *ipsec.Connection) { c.Name = "a b" }, want: []string{"name"}},
		"letters of others":    {edit: func(c *ipsec.Connection) { c.Name = "tunnél" }, want: []string{"name"}},
		"dash in the name":     {edit: func(c *ipsec.Connection) { c.Name = "site-a" }},
		"no gateway":           {edit: func(c *ipsec.Connection) { c.Gateway = "" }, want: []string{"gateway"}},
		"odd gateway":          {edit: func(c *ipsec.Connection) { c.Gateway = "http://x" }, want: []string{"gateway"}},
		"mistyped address":     {edit: func(c *ipsec.Connection) { c.Gateway = "10.0.0.256" }, want: []string{"gateway"}},
		"gateway 0.0.0.0":      {edit: func(c *ipsec.Connection) { c.Gateway = "0.0.0.0" }, want: []string{"gateway"}},
		"gateway IPv6":         {edit: func(c *ipsec.Connection) { c.Gateway = "2001:db8::1" }},
		"any is not started":   {edit: func(c *ipsec.Connection) { c.Gateway, c.StartAction = "any", ipsec.StartNow }, want: []string{"start_action"}},
		"%any only responds":   {edit: func(c *ipsec.Connection) { c.Gateway = "%any" }},
		"any with DPD restart": {edit: func(c *ipsec.Connection) { c.Gateway, c.DPDAction = "any", ipsec.DPDRestart }, warn: []string{"dpd_action"}},
		"unknown words": {edit: func(c *ipsec.Connection) {
			c.Type, c.Authentication, c.KeyExchange, c.ExchangeMode = "x", "psk", "x", "x"
			c.DPDAction, c.StartAction, c.CloseAction, c.Fragmentation = "x", "x", "x", "x"
		}, want: []string{"type", "key_exchange", "exchange_mode", "dpd_action", "start_action", "close_action", "fragmentation"}},
		"no key":           {edit: func(c *ipsec.Connection) { c.PreSharedKey = ipsec.Secret{} }, want: []string{"pre_shared_key"}},
		"endless key":      {edit: func(c *ipsec.Connection) { c.PreSharedKey = ipsec.NewSecret(strings.Repeat("k", 5000)) }, want: []string{"pre_shared_key"}},
		"short key":        {edit: func(c *ipsec.Connection) { c.PreSharedKey = ipsec.NewSecret("secret") }, warn: []string{"pre_shared_key"}},
		"set with psk":     {edit: func(c *ipsec.Connection) { c.CertificateSet = "x" }, warn: []string{"certificate_set"}},
		"rsa without set":  {edit: func(c *ipsec.Connection) { c.Authentication, c.PreSharedKey = ipsec.AuthRSA, ipsec.Secret{} }, want: []string{"certificate_set"}},
		"rsa, unknown set": {edit: func(c *ipsec.Connection) { c.Authentication, c.CertificateSet = ipsec.AuthRSA, "x" }, want: []string{"certificate_set"}, warn: []string{"pre_shared_key"}},
		"no proposals":     {edit: func(c *ipsec.Connection) { c.Phase1, c.Phase2 = nil, nil }, want: []string{"phase1", "phase2"}},
		"unknown proposals": {edit: func(c *ipsec.Connection) {
			c.Phase1, c.Phase2 = ipsec.Names{"ike", "old"}, ipsec.Names{"old"}
		}, want: []string{"phase1[1]", "phase2[0]"}},
		"proposal twice":   {edit: func(c *ipsec.Connection) { c.Phase1 = ipsec.Names{"ike", "ike"} }, want: []string{"phase1[1]"}},
		"no subnet":        {edit: func(c *ipsec.Connection) { c.RemoteSubnets = ipsec.Subnets{"10.0.0.0/33", "x", "fe80::1%a/64"} }, want: []string{"remote_subnets[0]", "remote_subnets[1]", "remote_subnets[2]"}},
		"mask with a hole": {edit: func(c *ipsec.Connection) { c.RemoteSubnets = ipsec.Subnets{"10.0.0.0/255.0.255.0"} }, want: []string{"remote_subnets[0]"}},
		"dotted mask":      {edit: func(c *ipsec.Connection) { c.RemoteSubnets = ipsec.Subnets{"10.0.0.0/255.255.0.0"} }},
		"host bits":        {edit: func(c *ipsec.Connection) { c.RemoteSubnets = ipsec.Subnets{"10.10.10.10/24"} }, warn: []string{"remote_subnets[0]"}},
		"subnet twice":     {edit: func(c *ipsec.Connection) { c.RemoteSubnets = ipsec.Subnets{"10.1.0.0/16", "10.1.0.0/16"} }, warn: []string{"remote_subnets[1]"}},
		"no common IP":     {edit: func(c *ipsec.Connection) { c.RemoteSubnets = ipsec.Subnets{"2001:db8::/64"} }, want: []string{"remote_subnets"}},
		"ikev1, many subnets": {edit: func(c *ipsec.Connection) {
			c.KeyExchange, c.RemoteSubnets = ipsec.IKEv1, ipsec.Subnets{"10.1.0.0/16", "10.2.0.0/16"}
		}, want: []string{"remote_subnets"}},
		"transport ignores subnets": {edit: func(c *ipsec.Connection) { c.Type = ipsec.TypeTransport },
			warn: []string{"local_subnets", "remote_subnets"}},
		"ports": {edit: func(c *ipsec.Connection) {
			c.Type, c.LocalSubnets, c.RemoteSubnets, c.LocalPorts, c.RemotePorts = ipsec.TypeTransport, nil, nil, "UDP/1701", "udp"
		}},
		"bad ports": {edit: func(c *ipsec.Connection) {
			c.Type, c.LocalSubnets, c.RemoteSubnets, c.LocalPorts, c.RemotePorts = ipsec.TypeTransport, nil, nil, "udp/0", "ipx"
		}, want: []string{"local_ports", "remote_ports", "remote_ports"}},
		"ports in a tunnel":      {edit: func(c *ipsec.Connection) { c.LocalPorts = "udp" }, want: []string{"local_ports"}},
		"useless passthrough":    {edit: func(c *ipsec.Connection) { c.PassthroughSubnets = ipsec.Subnets{"172.16.0.0/16"} }, warn: []string{"passthrough_subnets[0]"}},
		"aggressive with ikev2":  {edit: func(c *ipsec.Connection) { c.ExchangeMode = ipsec.ModeAggressive }, want: []string{"exchange_mode"}},
		"main with ikev2":        {edit: func(c *ipsec.Connection) { c.ExchangeMode = ipsec.ModeMain }},
		"aggressive PSK":         {edit: func(c *ipsec.Connection) { c.KeyExchange, c.ExchangeMode = ipsec.IKEv1, ipsec.ModeAggressive }, warn: []string{"exchange_mode"}},
		"mobike with ikev1":      {edit: func(c *ipsec.Connection) { c.KeyExchange, c.MOBIKE = ipsec.IKEv1, true }, want: []string{"mobike"}},
		"DPD timeout with ikev2": {edit: func(c *ipsec.Connection) { c.DPDTimeout = ipsec.Duration(time.Minute) }, warn: []string{"dpd_timeout"}},
		"DPD timeout too short": {edit: func(c *ipsec.Connection) {
			c.KeyExchange, c.DPDAction, c.DPDTimeout = ipsec.IKEv1, ipsec.DPDClear, ipsec.Duration(10*time.Second)
		}, want: []string{"dpd_timeout"}},
		"DPD delay out of range": {edit: func(c *ipsec.Connection) { c.DPDAction, c.DPDDelay = ipsec.DPDHold, ipsec.Duration(48*time.Hour) }, want: []string{"dpd_delay"}},
		"DPD delay without DPD":  {edit: func(c *ipsec.Connection) { c.DPDDelay = ipsec.Duration(48 * time.Hour) }},
		"start and clear":        {edit: func(c *ipsec.Connection) { c.StartAction, c.DPDAction = ipsec.StartNow, ipsec.DPDClear }, warn: []string{"dpd_action"}},
		"lifetimes": {edit: func(c *ipsec.Connection) {
			c.KeyLifetime, c.IKELifetime = ipsec.Duration(time.Second), ipsec.Duration(90*time.Second+time.Millisecond)
		}, want: []string{"key_lifetime", "ike_lifetime"}},
		"negative lifetime":     {edit: func(c *ipsec.Connection) { c.KeyLifetime = -1 }, want: []string{"key_lifetime"}},
		"identity with newline": {edit: func(c *ipsec.Connection) { c.LocalID, c.RemoteID = "a\nb", " a" }, want: []string{"local_id", "remote_id"}},
		"road warrior server": {edit: func(c *ipsec.Connection) {
			c.Gateway, c.RemoteSubnets = "any", nil
			c.Pool = &ipsec.Pool{Addresses: "10.9.0.10-10.9.0.99", DNS: []string{"10.9.0.1"}}
		}},
		"bad pool": {edit: func(c *ipsec.Connection) {
			c.Pool = &ipsec.Pool{Addresses: "10.9.0.99-10.9.0.10", DNS: []string{"dns.example.org"}}
		}, want: []string{"pool", "pool.addresses", "pool.dns[0]"}},
		"pool without addresses": {edit: func(c *ipsec.Connection) { c.Pool, c.RemoteSubnets = &ipsec.Pool{}, nil }, want: []string{"pool.addresses"}},
		"pool with host bits":    {edit: func(c *ipsec.Connection) { c.Pool, c.RemoteSubnets = &ipsec.Pool{Addresses: "10.9.0.1/24"}, nil }, want: []string{"pool.addresses"}},
		"road warrior":           {edit: func(c *ipsec.Connection) { c.VirtualIP, c.LocalSubnets = true, nil }},
		"virtual IP and subnet":  {edit: func(c *ipsec.Connection) { c.VirtualIP = true }, want: []string{"virtual_ip"}},
		"virtual IP from nobody": {edit: func(c *ipsec.Connection) { c.VirtualIP, c.LocalSubnets, c.Gateway = true, nil, "any" }, want: []string{"virtual_ip"}},
	} {
		t.Run(name, func(t *testing.T) {
			conn := site(1)
			c.edit(&conn)
			cfg := config(conn)
			err := cfg.Validate()
			assert.Equal(t, c.want, paths(t, err), "%v", err)
			var warned []string
			for _, w := range cfg.Warnings() {
				if path := strings.TrimPrefix(w.Path, "connections[0]."); path != "key_lifetime" {
					warned = append(warned, path)
				}
			}
			assert.Equal(t, c.warn, warned)
			assert.NotContains(t, fmt.Sprint(err, cfg.Warnings()), secret)
		})
	}
}

func TestProposals(t *testing.T) {
	p1 := func(e ipsec.Encryption, h ipsec.Hash, g ipsec.Group) ipsec.Config {
		return ipsec.Config{Phase1Proposals: []ipsec.Phase1Proposal{{Name: "p", Encryption: e, Hash: h, DH: g}}}
	}
	p2 := func(e ipsec.Encryption, h ipsec.Hash, g ipsec.Group) ipsec.Config {
		return ipsec.Config{Phase2Proposals: []ipsec.Phase2Proposal{{Name: "p", Encryption: e, Hash: h, DH: g}}}
	}
	for name, c := range map[string]struct {
		config ipsec.Config
		faults []string
		weak   int
	}{
		"nothing":           {p1("", "", ""), []string{"encryption", "hash", "dh"}, 0},
		"all weak":          {p1(ipsec.Encryption3DES, ipsec.HashMD5, ipsec.Group1), nil, 3},
		"unknown":           {p1("des", "crc", "3"), []string{"encryption", "hash", "dh"}, 0},
		"group 17":          {p1(ipsec.EncryptionAES256, ipsec.HashSHA512, ipsec.Group17), nil, 0},
		"AEAD":              {p1(ipsec.EncryptionAES256GCM, ipsec.HashSHA384, ipsec.GroupECP384), nil, 0},
		"AEAD without PRF":  {p1(ipsec.EncryptionAES256GCM, "", ipsec.GroupECP384), []string{"hash"}, 0},
		"phase 2, nothing":  {p2("", "", ""), []string{"encryption", "hash"}, 0},
		"phase 2":           {p2(ipsec.EncryptionAES128, ipsec.HashSHA1, ""), nil, 1},
		"phase 2, PFS":      {p2(ipsec.EncryptionAES128, ipsec.HashSHA256, ipsec.GroupCurve25519), nil, 0},
		"phase 2, AEAD":     {p2(ipsec.EncryptionChaCha20Poly1305, "", ipsec.Group2), nil, 1},
		"phase 2, AEAD+MAC": {p2(ipsec.EncryptionAES128GCM, ipsec.HashSHA256, ""), []string{"hash"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range paths(t, c.config.Validate()) {
				got = append(got, p[strings.LastIndex(p, ".")+1:])
			}
			assert.Equal(t, c.faults, got)
			if c.faults == nil {
				assert.Len(t, c.config.Warnings(), c.weak)
			}
		})
	}
}

func TestProposalsOfIKEv1(t *testing.T) {
	c := site(1)
	c.KeyExchange = ipsec.IKEv1
	cfg := config(c)
	cfg.Phase1Proposals[0].Encryption = ipsec.EncryptionAES256GCM
	cfg.Phase2Proposals[0] = ipsec.Phase2Proposal{Name: "esp", Encryption: ipsec.EncryptionChaCha20Poly1305}
	assert.Equal(t, []string{"phase1[0]", "phase2[0]"}, paths(t, cfg.Validate()))
}

func TestProposalNotation(t *testing.T) {
	for want, p := range map[string]fmt.Stringer{
		"aes256-sha256-modp1536":            ipsec.Phase1Proposal{Encryption: "aes256", Hash: "sha256", DH: "5"},
		"3des-md5-modp768":                  ipsec.Phase1Proposal{Encryption: "3des", Hash: "md5", DH: "1"},
		"aes256gcm16-prfsha384-ecp384":      ipsec.Phase1Proposal{Encryption: "aes256gcm16", Hash: "sha384", DH: "20"},
		"aes128-sha1":                       ipsec.Phase2Proposal{Encryption: "aes128", Hash: "sha1"},
		"aes128-sha1-modp6144":              ipsec.Phase2Proposal{Encryption: "aes128", Hash: "sha1", DH: "17"},
		"chacha20poly1305-curve25519":       ipsec.Phase2Proposal{Encryption: "chacha20poly1305", DH: "31"},
		"chacha20poly1305":                  ipsec.Phase2Proposal{Encryption: "chacha20poly1305"},
		"aes192-sha512-modp8192":            ipsec.Phase1Proposal{Encryption: "aes192", Hash: "sha512", DH: "18"},
		"chacha20poly1305-prfsha256-ecp521": ipsec.Phase1Proposal{Encryption: "chacha20poly1305", Hash: "sha256", DH: "21"},
	} {
		t.Run(want, func(t *testing.T) { assert.Equal(t, want, p.String()) })
	}
}

func TestConnectionsTogether(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(a, b *ipsec.Connection)
		want []string
		warn []string
	}{
		"different":       {edit: func(_, _ *ipsec.Connection) {}},
		"one name":        {edit: func(a, b *ipsec.Connection) { a.Name, b.Name = "a_b", "a-b" }, want: []string{"connections[1].name"}},
		"names by case":   {edit: func(a, b *ipsec.Connection) { a.Name, b.Name = "a", "A" }},
		"pair of subnets": {edit: func(a, b *ipsec.Connection) { b.Gateway, b.RemoteSubnets = a.Gateway, ipsec.Subnets{"10.20.1.9/24"} }, want: []string{"connections[1].remote_subnets"}},
		"pair, one disabled": {edit: func(a, b *ipsec.Connection) {
			b.Gateway, b.RemoteSubnets, b.Enabled = a.Gateway, a.RemoteSubnets, false
		}},
		"host to host twice": {edit: func(a, b *ipsec.Connection) {
			for _, c := range []*ipsec.Connection{a, b} {
				c.Gateway, c.LocalSubnets, c.RemoteSubnets = "Gate.example.org", nil, nil
			}
		}, want: []string{"connections[1].remote_subnets"}},
		"transport by ports": {edit: func(a, b *ipsec.Connection) {
			for _, c := range []*ipsec.Connection{a, b} {
				c.Gateway, c.Type, c.LocalSubnets, c.RemoteSubnets = "192.0.2.9", ipsec.TypeTransport, nil, nil
			}
			a.LocalPorts, b.LocalPorts = "udp/1701", "tcp/443"
		}},
		"overlap":         {edit: func(_, b *ipsec.Connection) { b.RemoteSubnets = ipsec.Subnets{"10.0.0.0/8"} }, warn: []string{"connections[0].remote_subnets"}},
		"same, two gates": {edit: func(a, b *ipsec.Connection) { b.RemoteSubnets = a.RemoteSubnets }, warn: []string{"connections[1].remote_subnets"}},
		"other local side": {edit: func(_, b *ipsec.Connection) {
			b.RemoteSubnets, b.LocalSubnets = ipsec.Subnets{"10.0.0.0/8"}, ipsec.Subnets{"172.16.0.0/24"}
		}},
		"PSK, one local id, host names": {edit: func(a, b *ipsec.Connection) {
			a.Gateway, b.Gateway, a.LocalID, b.LocalID = "a.example.org", "b.example.org", "wcclite", "WCClite"
		}, want: []string{"connections[1].remote_id"}},
		"PSK, no ids, host names": {edit: func(a, b *ipsec.Connection) {
			a.Gateway, b.Gateway, a.LocalID, b.LocalID = "a.example.org", "b.example.org", "", ""
		}, want: []string{"connections[1].remote_id"}},
		"PSK, one local id, one remote id known": {edit: func(a, b *ipsec.Connection) {
			a.Gateway, b.LocalID = "a.example.org", a.LocalID
		}, want: []string{"connections[1].remote_id"}},
		"PSK, one local id, addresses": {edit: func(a, b *ipsec.Connection) { b.LocalID = a.LocalID }},
		"PSK, one local id, remote ids": {edit: func(a, b *ipsec.Connection) {
			a.Gateway, b.Gateway, b.LocalID = "a.example.org", "b.example.org", a.LocalID
			a.RemoteID, b.RemoteID = "a", "b"
		}},
		"PSK, the same ids": {edit: func(a, b *ipsec.Connection) {
			b.LocalID, a.RemoteID, b.RemoteID = a.LocalID, "peer", "peer"
		}, want: []string{"connections[1].remote_id"}},
		"PSK, one local id, one key": {edit: func(a, b *ipsec.Connection) {
			a.Gateway, b.Gateway, b.LocalID, b.PreSharedKey = "a.example.org", "b.example.org", a.LocalID, a.PreSharedKey
		}},
		"pools": {edit: func(a, b *ipsec.Connection) {
			for _, c := range []*ipsec.Connection{a, b} {
				c.Gateway, c.RemoteSubnets, c.Pool = "any", nil, &ipsec.Pool{Addresses: "10.9.0.0/24"}
			}
			b.Pool.Addresses = "10.9.0.200-10.9.1.5"
		}, want: []string{"connections[1].pool.addresses"}},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := site(1), site(2)
			c.edit(&a, &b)
			cfg := config(a, b)
			err := cfg.Validate()
			var got []string
			var faults ipsec.ConfigError
			if errors.As(err, &faults) {
				for _, f := range faults {
					got = append(got, f.Path)
				}
			}
			assert.Equal(t, c.want, got, "%v", err)
			if err != nil {
				assert.NotContains(t, err.Error(), secret)
				return
			}
			var warned []string
			for _, w := range cfg.Warnings() {
				if strings.HasSuffix(w.Path, "remote_subnets") {
					warned = append(warned, w.Path)
				}
			}
			assert.Equal(t, c.warn, warned)
		})
	}
}

func TestResolve(t *testing.T) {
	c := site(1)
	c.Name, c.Phase1 = "site-1", ipsec.Names{"i-ke"}
	c.RemoteSubnets = ipsec.Subnets{"10.20.1.9/255.255.255.0", "10.20.1.0/24", "10.30.0.1"}
	off := site(2)
	off.Enabled, off.Phase1 = false, c.Phase1
	cfg := config(c, off)
	cfg.Phase1Proposals[0].Name = "i_ke"
	r, err := cfg.Resolve(time.Now())
	require.NoError(t, err)
	require.Len(t, r.Definitions, 1)
	d := r.Definitions[0]
	assert.Equal(t, "site_1", d.Name)
	assert.Equal(t, "192.0.2.11", d.RemoteID, "an address is its own identity")
	assert.Equal(t, ipsec.Subnets{"10.20.1.0/24", "10.30.0.1/32"}, d.RemoteSubnets)
	assert.Equal(t, "i_ke", d.Phase1[0].Name)
	assert.Equal(t, ipsec.CloseNone, d.CloseAction)
	assert.Nil(t, d.Set)

	c.DPDAction, c.Gateway = ipsec.DPDRestart, "%any"
	cfg.Connections[0] = c
	r, err = cfg.Resolve(time.Now())
	require.NoError(t, err)
	assert.Equal(t, ipsec.GatewayAny, r.Definitions[0].Gateway)
	assert.Equal(t, ipsec.StartNone, r.Definitions[0].StartAction)
	assert.Equal(t, ipsec.CloseRestart, r.Definitions[0].CloseAction)

	cfg.Enabled = false
	r, err = cfg.Resolve(time.Now())
	require.NoError(t, err)
	assert.Empty(t, r.Definitions)
}

func TestJSON(t *testing.T) {
	var c ipsec.Config
	require.NoError(t, json.Unmarshal([]byte(`{
		"phase1_proposals": [{"name": "ike", "encryption": "AES256GCM", "hash": "SHA256", "dh": 14}],
		"phase2_proposals": [{"name": "esp", "encryption": "3DES", "hash": "MD5", "dh": "none"}],
		"connections": [{"name": "a", "enabled": true, "gateway": "192.0.2.1", "local_subnets": "10.0.0.0/8",
			"remote_subnets": ["10.1.0.0/16"], "phase1": "ike", "phase2": ["esp"], "authentication": "pre-shared key",
			"pre_shared_key": "thebigsecret", "dpd_delay": 10, "key_exchange": "IKEv1"}]}`), &c))
	assert.Equal(t, ipsec.EncryptionAES256GCM, c.Phase1Proposals[0].Encryption)
	assert.Equal(t, ipsec.Group14, c.Phase1Proposals[0].DH)
	assert.Equal(t, ipsec.GroupNone, c.Phase2Proposals[0].DH)
	assert.Equal(t, ipsec.Subnets{"10.0.0.0/8"}, c.Connections[0].LocalSubnets)
	assert.Equal(t, ipsec.AuthPSK, c.Connections[0].Authentication)
	out, err := json.Marshal(c)
	require.NoError(t, err)
	assert.NotContains(t, string(out), secret)
	assert.Error(t, json.Unmarshal([]byte(`{"connections": [{"local_subnets": {"a": 1}}]}`), &c))
	assert.ErrorContains(t, json.Unmarshal([]byte(`{"phase1_proposals": [{"dh": 3}]}`), &c), `unknown word "3"`)
}

// Whatever text stands for a subnet, reading it neither fails badly nor gives
// anything but a network.
func FuzzSubnets(f *testing.F) {
	for _, seed := range []string{"10.0.0.0/8", "10.10.10.10/255.255.255.0", "::/0", "1.2.3.4", "1.2.3.4/0.0.0.0", "x", "/", "::ffff:1.2.3.4/96"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := site(1)
		c.LocalSubnets, c.RemoteSubnets = nil, ipsec.Subnets{text}
		cfg := config(c)
		if cfg.Validate() != nil {
			return
		}
		r, err := cfg.Resolve(time.Now())
		require.NoError(t, err)
		c.RemoteSubnets = r.Definitions[0].RemoteSubnets
		cfg = config(c)
		require.NoError(t, cfg.Validate())
		again, err := cfg.Resolve(time.Now())
		require.NoError(t, err)
		require.Equal(t, r.Definitions[0], again.Definitions[0], "what is normal stays as it is")
	})
}
