package openvpn_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
)

// instances use every field that is rendered.
func instances() map[string]openvpn.Instance {
	server := map[openvpn.FileKind]string{openvpn.FileCA: "ca.crt", openvpn.FileCert: "server.crt", openvpn.FileKey: "server.key"}
	with := func(more map[openvpn.FileKind]string) map[openvpn.FileKind]string {
		all := maps.Clone(server)
		maps.Copy(all, more)
		return all
	}
	return map[string]openvpn.Instance{
		"server": {
			Name: "server", Role: openvpn.RoleServer, Port: 11940, Protocol: openvpn.ProtocolUDP6, DeviceType: openvpn.DeviceTun,
			Server: "10.8.0.0/24", ServerIPv6: "fd00:8::/64", Topology: openvpn.TopologySubnet, RememberAddresses: true,
			Listen: openvpn.Listen{Address: "::", IPv6Only: true, Multihome: true},
			System: openvpn.System{Nice: 5, LockMemory: true, Mark: 7, BindDevice: "lo", TxQueueLength: 500},
			Files:  with(map[openvpn.FileKind]string{openvpn.FileTLSCrypt: "ta.key"}),
			Users:  []openvpn.User{{Name: "joe", Password: openvpn.NewSecret("hidden word")}},
			Clients: []openvpn.Client{
				{CommonName: "a", Address: "10.8.0.5", Networks: []string{"192.0.2.0/24", "2001:db8::/32"}},
				{CommonName: "b", Networks: []string{"192.0.2.0/24", "198.51.100.0/24"}},
			},
			Options: []openvpn.Option{
				{Name: "push", Args: []string{"route 203.0.113.0 255.255.255.0"}}, {Name: "keepalive", Args: []string{"10", "60"}},
				{Name: "route", Args: []string{"198.51.100.0", "255.255.255.0"}},
			},
		},
		"server over TCP": {
			Name: "web", Role: openvpn.RoleServer, Port: 443, Protocol: openvpn.ProtocolTCP4, DeviceType: openvpn.DeviceTun, Server: "10.9.0.0/24",
			ServerNoPool: true, Topology: openvpn.TopologyNet30, ListedClientsOnly: true, Files: with(map[openvpn.FileKind]string{openvpn.FileTLSAuth: "ta.key"}), KeyDirection: "0",
			Listen: openvpn.Listen{ShareHost: "127.0.0.1", SharePort: 8443}, System: openvpn.System{NoDelay: true},
		},
		"bridge": {
			Name: "bridge", Role: openvpn.RoleServer, Port: 1194, Protocol: openvpn.ProtocolUDP, DeviceType: openvpn.DeviceTap, BridgeDevice: "br0", Files: with(nil),
			System:       openvpn.System{HardwareAddress: "02:00:5e:00:53:01"},
			ServerBridge: &openvpn.ServerBridge{Gateway: "192.168.1.1", Netmask: "255.255.255.0", Start: "192.168.1.128", End: "192.168.1.254"},
		},
		"bridge with DHCP": {
			Name: "dhcp", Role: openvpn.RoleServer, Port: 1194, Protocol: openvpn.ProtocolUDP, DeviceType: openvpn.DeviceTap, Files: with(nil), ServerBridge: &openvpn.ServerBridge{},
		},
		"client": {
			Name: "a-name-that-is-rather-long", Role: openvpn.RoleClient, Protocol: openvpn.ProtocolUDP, DeviceType: openvpn.DeviceTun, Nobind: true,
			Remotes: []openvpn.Remote{{Host: "192.0.2.1", Port: 1194}, {Host: "vpn.example.com", Port: 443, Protocol: openvpn.ProtocolTCP}, {Host: "2001:db8::1", Port: 1195, Protocol: openvpn.ProtocolUDP6}},
			Files:   map[openvpn.FileKind]string{openvpn.FileCA: "ca.crt"}, Login: true, Username: "joe", Password: openvpn.NewSecret("hidden word"),
			Options: []openvpn.Option{{Name: "remote-cert-tls", Args: []string{"server"}}, {Name: "verify-x509-name", Args: []string{`C=DE, O=Field "gate", CN=it's \ one`}}, {Name: "pull-filter", Args: []string{"ignore", "route "}}},
		},
		"client with proxy": {
			Name: "proxied", Role: openvpn.RoleClient, Protocol: openvpn.ProtocolTCP, DeviceType: openvpn.DeviceTun, Nobind: true, Remotes: []openvpn.Remote{{Host: "192.0.2.1", Port: 443}},
			Files: with(nil), Proxy: &openvpn.Proxy{Kind: openvpn.ProxyHTTP, Host: "192.0.2.9", Port: 8080, Login: true, Username: "joe", Password: openvpn.NewSecret("hidden word")},
		},
		"client with SOCKS, from a port": {
			Name: "socks", Role: openvpn.RoleClient, Protocol: openvpn.ProtocolUDP, DeviceType: openvpn.DeviceTap, Port: 5000, Remotes: []openvpn.Remote{{Host: "192.0.2.1", Port: 443}},
			Files: with(nil), Proxy: &openvpn.Proxy{Kind: openvpn.ProxySOCKS, Host: "192.0.2.9", Port: 1080}, Listen: openvpn.Listen{Address: "127.0.0.1"},
		},
		"client from an address": {
			Name: "addressed", Role: openvpn.RoleClient, Protocol: openvpn.ProtocolUDP, DeviceType: openvpn.DeviceTun, Remotes: []openvpn.Remote{{Host: "192.0.2.1", Port: 443}},
			Files: with(nil), Listen: openvpn.Listen{Address: "127.0.0.1"},
		},
		"peer": {
			Name: "peer", Role: openvpn.RolePeer, TLSRole: openvpn.TLSServer, Port: 1194, Protocol: openvpn.ProtocolUDP, DeviceType: openvpn.DeviceTun,
			Ifconfig: &openvpn.Ifconfig{Local: "10.0.0.1", Remote: "10.0.0.2"}, IfconfigIPv6: &openvpn.Ifconfig{Local: "fd00::1/64", Remote: "fd00::2"},
			Files:            map[openvpn.FileKind]string{openvpn.FileCert: "server.crt", openvpn.FileKey: "server.key"},
			PeerFingerprints: []string{strings.Repeat("AB:", 31) + "AB", strings.Repeat("CD:", 31) + "CD"},
		},
		"peer that calls over TCP": {
			Name: "caller", Role: openvpn.RolePeer, TLSRole: openvpn.TLSClient, Nobind: true, Protocol: openvpn.ProtocolTCP, DeviceType: openvpn.DeviceTun,
			Remotes: []openvpn.Remote{{Host: "192.0.2.1", Port: 1194}}, Ifconfig: &openvpn.Ifconfig{Local: "10.0.0.2", Remote: "10.0.0.1"}, Files: with(nil),
		},
		"peer with a static key": {
			Name: "old", Role: openvpn.RolePeer, Port: 1194, Protocol: openvpn.ProtocolUDP, DeviceType: openvpn.DeviceTun, Ifconfig: &openvpn.Ifconfig{Local: "10.0.0.1", Remote: "10.0.0.2"},
			Files: map[openvpn.FileKind]string{openvpn.FileSecret: "secret.key"}, KeyDirection: "1", Options: []openvpn.Option{{Name: "cipher", Args: []string{"AES-256-CBC"}}},
		},
	}
}

// Each is rendered as its golden file says, the same every time, without a
// secret; and it is what an import makes of it.
func TestRender(t *testing.T) {
	for name, i := range instances() {
		t.Run(name, func(t *testing.T) {
			text, err := openvpn.Render(i)
			require.NoError(t, err)
			golden(t, filepath.Join("render", strings.ReplaceAll(strings.ReplaceAll(name, ",", ""), " ", "-")+".conf"), string(text))
			assert.NotContains(t, string(text), "hidden word")
			for range 20 {
				again, err := openvpn.Render(i)
				require.NoError(t, err)
				require.Equal(t, text, again)
			}
			im, err := openvpn.Import(i.Name, text)
			require.NoError(t, err)
			assert.Empty(t, im.Report.Of(openvpn.VerdictRefused, openvpn.VerdictDropped, openvpn.VerdictChanged))
			want := withoutSecrets(i)
			want.BridgeDevice, want.Users, want.ListedClientsOnly = "", nil, false // the supervisor's, not openvpn's
			if want.Clients = nil; name == "server" {                              // their networks are routes
				want.Options = append([]openvpn.Option{
					{Name: "route", Args: []string{"192.0.2.0", "255.255.255.0"}}, {Name: "route-ipv6", Args: []string{"2001:db8::/32"}},
				}, want.Options...)
			}
			assert.Equal(t, want, im.Instance)
		})
	}
}

func TestRenderRefusesFaults(t *testing.T) {
	_, err := openvpn.Render(openvpn.Instance{Name: "x", Options: []openvpn.Option{{Name: "up", Args: []string{"/bin/sh"}}, {Name: "verb", Args: []string{"abc"}}}})
	var faults openvpn.ConfigError
	require.ErrorAs(t, err, &faults)
	assert.ErrorContains(t, err, "options[0]: up cannot be set: runs a program")
	assert.ErrorContains(t, err, `options[1]: verb: level: "abc" is no whole number`)
}

func TestIntegrationRenderedIsAccepted(t *testing.T) {
	program(t)
	files := credentials(t)
	for name, i := range instances() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arguments := []string{"--config", "x.conf"}
			if len(i.Users) > 0 {
				arguments = append(arguments, "--management-client-auth")
			}
			output, ok := hold(t, rendered(t, i, files), arguments...)
			assert.True(t, ok, "%s", output)
		})
	}
}

// apart are the options of which some exclude each other, or most values of
// others.
func apart() []string {
	return []string{
		"ping", "ping-restart", "ping-exit", "keepalive", "link-mtu", "fragment", "mssfix", "max-packet-size", "comp-lzo", "comp-noadapt", "compress",
		"verify-hash", "tls-version-max", "no-replay", "tun-mtu-extra", "tun-mtu-max", "tun-mtu", "vlan-tagging", "proto-force", "cipher", "remote-cert-ku",
		"remote-cert-eku",
	}
}

// All options together that one instance can have.
func TestIntegrationOptionsAreAcceptedTogether(t *testing.T) {
	program(t)
	files := credentials(t)
	for name, i := range bases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := openvpn.Catalogue()
			together := 0
			for _, o := range all {
				if !o.Main || slices.Contains(apart(), o.Name) {
					continue
				}
				try := i
				try.Options = append(slices.Clone(i.Options), openvpn.Option{Name: o.Name, Args: sample(o)[0]})
				if try.Validate() == nil {
					i = try
					together++
				}
			}
			assert.Greater(t, together, 20)
			arguments := []string{"--config", "x.conf"}
			if len(i.Users) > 0 {
				arguments = append(arguments, "--management-client-auth")
			}
			folder := rendered(t, i, files)
			output, ok := hold(t, folder, arguments...)
			assert.True(t, ok, "%s", output)
		})
	}
}
