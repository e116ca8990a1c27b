package together_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/pki"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
)

// What every plain peer has.
const (
	common = `
dev peer0
dev-type %s
proto %s
verb 3
persist-key
persist-tun
tls-crypt tc.key
cert peer.crt
key peer.key
`
	plainServer = common + `
ca ca.crt
port 1194
dh none
remote-cert-tls client
keepalive 1 10
`
	plainClient = common + `
client
ca ca.crt
nobind
remote-cert-tls server
`
)

// carriers are the ways that a tunnel goes.
var carriers = []struct {
	name            string
	protocol        openvpn.Protocol
	client, server  string // of the plain end
	theirs, oursOwn string // addresses
}{
	{"udp", openvpn.ProtocolUDP4, "udp4", "udp4", "192.0.2.2", "192.0.2.1"},
	{"tcp", openvpn.ProtocolTCP4, "tcp4-client", "tcp4-server", "192.0.2.2", "192.0.2.1"},
	{"udp6", openvpn.ProtocolUDP6, "udp6", "udp6", "2001:db8::2", "2001:db8::1"},
	{"tcp6", openvpn.ProtocolTCP6, "tcp6-client", "tcp6-server", "2001:db8::2", "2001:db8::1"},
}

func TestIntegrationRoutedServer(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	for n, c := range carriers {
		t.Run(c.name, func(t *testing.T) {
			name := fmt.Sprintf("hub%d", n)
			i := b.made(t, "server_pki", openvpn.Answers{Name: name, Protocol: c.protocol, Network6: "fd00:8::/64"})
			s := b.serve(t, i)
			connected(t, s, name)
			p := b.plain(t, fmt.Sprintf(plainClient, "tun", c.client)+"remote "+c.oursOwn+" 1194\n", b.issue(t, "field-of-"+name, false))
			p.up(t)
			ping(t, b.theirs, "10.0.100.1")
			ping(t, b.theirs, "fd00:8::1")
			ping(t, b.ours, "10.0.100.2")
			st := until(t, s, name, func(st openvpn.InstanceStatus) bool { return len(st.Clients) == 1 })
			assert.Equal(t, "field-of-"+name, st.Clients[0].CommonName)
			assert.Equal(t, "10.0.100.2", st.Clients[0].Virtual.String())
			assert.Empty(t, st.Warnings)
		})
	}
}

func TestIntegrationRoutedClient(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	for n, c := range carriers {
		t.Run(c.name, func(t *testing.T) {
			name := fmt.Sprintf("office%d", n)
			p := b.plain(t, fmt.Sprintf(plainServer, "tun", c.server)+"server 10.8.0.0 255.255.255.0\nserver-ipv6 fd00:9::/64\ntopology subnet\n", b.issue(t, "hub-of-"+name, true))
			p.up(t)
			s := b.serve(t, b.made(t, "client_tun", openvpn.Answers{Name: name, Remote: c.theirs, Protocol: c.protocol}))
			st := connected(t, s, name)
			assert.Equal(t, "10.8.0.2", st.Tunnel.String())
			assert.Equal(t, "fd00:9::1000", st.Tunnel6.String())
			assert.Equal(t, c.theirs, st.Remote.Addr().Unmap().String())
			ping(t, b.ours, "10.8.0.1")
			ping(t, b.ours, "fd00:9::1")
			ping(t, b.theirs, "10.8.0.2")
		})
	}
}

// A client's certificate from a PKCS#12 file with a password, and a server
// that wants a user name and a password too.
func TestIntegrationPKCS12AndLogin(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	files := b.issue(t, "hub", true)
	files["check.sh"] = []byte("#!/bin/sh\n[ \"$(sed -n 1p $1)\" = joe ] && [ \"$(sed -n 2p $1)\" = 'se \"c\\ret' ]\n")
	p := b.plain(t, fmt.Sprintf(plainServer, "tun", "udp4")+"server 10.8.0.0 255.255.255.0\ntopology subnet\nscript-security 2\nauth-user-pass-verify check.sh via-file\n", files)
	require.NoError(t, os.Chmod(filepath.Join(p.folder, "check.sh"), 0o700))
	p.up(t)
	i := b.made(t, "client_tun", openvpn.Answers{
		Name: "office", Remote: "192.0.2.2", PKCS12: true, KeyPassword: openvpn.NewSecret("no p12 pass"),
		Username: "joe", Password: openvpn.NewSecret("wrong"),
	})
	id, err := b.ca.IssueClient(pki.Request{Name: "office"})
	require.NoError(t, err)
	require.NoError(t, b.store.Put("office", "client.p12", pkcs12(t, id, "p12 pass")))
	require.NoError(t, b.store.Put("office", "tls-crypt.key", files["tc.key"]))

	s := b.serve(t, i)
	failed := func(cause openvpn.Cause) {
		t.Helper()
		st := until(t, s, "office", func(st openvpn.InstanceStatus) bool { return st.State == openvpn.StateFailed && !st.Started })
		assert.Equal(t, cause, st.Cause, st.Detail)
		assert.Greater(t, time.Until(st.RetryAt), 5*time.Second, "a wrong password is not tried often")
	}
	apply := func() {
		t.Helper()
		require.NoError(t, s.Apply(t.Context(), openvpn.Config{Enabled: true, Instances: []openvpn.Instance{i}}))
	}
	failed(openvpn.CauseKeyPassword) // which ends openvpn
	i.KeyPassword = openvpn.NewSecret("p12 pass")
	apply()
	until(t, s, "office", func(st openvpn.InstanceStatus) bool { return st.Cause == openvpn.CauseAuth })
	failed(openvpn.CauseAuth)
	i.Password = openvpn.NewSecret(`se "c\ret`)
	apply()
	connected(t, s, "office")
	ping(t, b.ours, "10.8.0.1")
}

func TestIntegrationPointToPoint(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	self := openvpntest.NewStore() // of the plain end
	far := openvpn.Instance{Name: "far", Files: map[openvpn.FileKind]string{"cert": "peer.crt", "key": "peer.key"}}
	fingerprint, err := openvpn.MakeFiles(far, self)
	require.NoError(t, err)
	for n, c := range []struct {
		recipe, remote, config string
		mine, theirs           string
	}{
		{"server_tun_ptp", "", "tls-client\nremote 192.0.2.1 1194\nnobind\nifconfig 10.0.0.2 10.0.0.1\nkeepalive 1 10\n", "10.0.0.1", "10.0.0.2"},
		{"client_tun_ptp", "192.0.2.2", "tls-server\ndh none\nport 1194\nifconfig 10.0.0.1 10.0.0.2\nkeepalive 1 10\n", "10.0.0.2", "10.0.0.1"},
		{"site_to_site", "", "tls-client\nremote 192.0.2.1 1194\nnobind\nifconfig 10.0.0.2 10.0.0.1\nroute 10.77.0.0 255.255.255.0\n", "10.0.0.1", "10.0.0.2"},
		{"site_to_site", "192.0.2.2", "tls-server\ndh none\nport 1194\nifconfig 10.0.0.1 10.0.0.2\n", "10.0.0.2", "10.0.0.1"},
	} {
		t.Run(fmt.Sprintf("%s to %q", c.recipe, c.remote), func(t *testing.T) {
			name := fmt.Sprintf("ptp%d", n)
			i := b.made(t, c.recipe, openvpn.Answers{Name: name, Remote: c.remote, Protocol: openvpn.ProtocolUDP4, Fingerprint: fingerprint})
			own, err := openvpn.MakeFiles(i, b.store)
			require.NoError(t, err)
			files := map[string][]byte{"tc.key": b.file(t, name, "tls-crypt.key")}
			for _, f := range []string{"peer.crt", "peer.key"} {
				files[f], err = self.Get("far", f)
				require.NoError(t, err)
			}
			s := b.serve(t, i)
			p := b.plain(t, fmt.Sprintf(common, "tun", "udp4")+c.config+"peer-fingerprint "+own+"\n", files)
			p.up(t)
			connected(t, s, name)
			ping(t, b.theirs, c.mine)
			ping(t, b.ours, c.theirs)
		})
	}
}

func TestIntegrationStaticKey(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	for recipe, c := range map[string]struct{ remote, config, theirs string }{
		"static_key_server": {"", "remote 192.0.2.1 1194\nnobind\nifconfig 10.0.0.2 10.0.0.1\n", "10.0.0.2"},
		"static_key_client": {"192.0.2.2", "port 1194\nifconfig 10.0.0.1 10.0.0.2\n", "10.0.0.1"},
	} {
		t.Run(recipe, func(t *testing.T) {
			s := b.serve(t, b.made(t, recipe, openvpn.Answers{Name: recipe, Remote: c.remote, Protocol: openvpn.ProtocolUDP4}))
			p := b.plain(t, "dev peer0\ndev-type tun\nproto udp4\nverb 3\ncipher AES-256-CBC\nkeepalive 1 10\nsecret s.key\n"+c.config,
				map[string][]byte{"s.key": b.file(t, recipe, "static.key")})
			p.up(t)
			connected(t, s, recipe)
			ping(t, b.ours, c.theirs)
		})
	}
}

func TestIntegrationBridge(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	for _, ns := range []interface{ IP(args ...string) error }{b.ours, b.theirs} {
		require.NoError(t, ns.IP("link", "add", "br0", "type", "bridge"))
		require.NoError(t, ns.IP("link", "set", "br0", "up"))
	}
	t.Run("server", func(t *testing.T) {
		require.NoError(t, b.ours.IP("addr", "add", "192.168.1.1/24", "dev", "br0"))
		s := b.serve(t, b.made(t, "server_tap_bridge", openvpn.Answers{Name: "bridge", Protocol: openvpn.ProtocolTCP4}))
		connected(t, s, "bridge")
		// A runner joins the bridge of its own namespace; here that is the test's.
		require.NoError(t, b.ours.IP("link", "set", "tap-bridge", "up", "master", "br0"))
		p := b.plain(t, fmt.Sprintf(plainClient, "tap", "tcp4-client")+"remote 192.0.2.1 1194\n", b.issue(t, "field", false))
		p.up(t)
		ping(t, b.theirs, "192.168.1.1")
		ping(t, b.ours, "192.168.1.128")
		require.NoError(t, b.ours.IP("addr", "del", "192.168.1.1/24", "dev", "br0"))
	})
	t.Run("client", func(t *testing.T) {
		require.NoError(t, b.theirs.IP("addr", "add", "192.168.1.1/24", "dev", "br0"))
		p := b.plain(t, fmt.Sprintf(plainServer, "tap", "udp4")+"server-bridge 192.168.1.1 255.255.255.0 192.168.1.128 192.168.1.254\n", b.issue(t, "hub", true))
		p.up(t)
		require.NoError(t, b.theirs.IP("link", "set", "peer0", "up", "master", "br0"))
		s := b.serve(t, b.made(t, "client_tap_bridge", openvpn.Answers{Name: "tapclient", Remote: "192.0.2.2", Protocol: openvpn.ProtocolUDP4}))
		connected(t, s, "tapclient")
		ping(t, b.ours, "192.168.1.1")
	})
}

// Twenty plain clients; one is given a fixed address and a network behind it,
// one is disabled, one is revoked while everybody stays connected.
func TestIntegrationServerWithManyClients(t *testing.T) {
	const n = 20
	t.Parallel() // it waits more than it works
	b := newBench(t)
	i := b.made(t, "server_pki", openvpn.Answers{Name: "hub", Protocol: openvpn.ProtocolUDP4})
	i.Clients = []openvpn.Client{
		{CommonName: "field0", Address: "10.0.100.200", Networks: []string{"192.168.77.0/24"}},
		{CommonName: "banned", Disabled: true},
	}
	s := b.serve(t, i)
	begun := connected(t, s, "hub")
	config := func(name string) string {
		return strings.Replace(fmt.Sprintf(plainClient, "tun", "udp4"), "peer0", name, 1) +
			"remote 192.0.2.1 1194\nroute-nopull\nconnect-retry 1 2\n"
	}
	peers := make([]*peer, n)
	for k := range peers {
		name := fmt.Sprintf("field%d", k)
		peers[k] = b.plain(t, config(name), b.issue(t, name, false))
	}
	refused := b.plain(t, config("banned"), b.issue(t, "banned", false))
	for _, p := range peers {
		p.up(t)
	}
	refused.says(t, "AUTH_FAILED")
	st := until(t, s, "hub", func(st openvpn.InstanceStatus) bool { return len(st.Clients) == n })
	for _, c := range st.Clients {
		if c.CommonName == "field0" {
			assert.Equal(t, "10.0.100.200", c.Virtual.String())
		}
	}

	issued, err := b.ca.List()
	require.NoError(t, err)
	for _, one := range issued {
		if one.Name == "field1" {
			require.NoError(t, b.ca.Revoke(one.Serial))
		}
	}
	require.NoError(t, openvpn.IssueFiles(i, "hub", b.ca, b.store))
	require.NoError(t, s.Apply(t.Context(), openvpn.Config{Enabled: true, Instances: []openvpn.Instance{i}}))
	kicked, err := s.Kick(t.Context(), "hub", "field1")
	require.NoError(t, err)
	assert.Equal(t, 1, kicked)
	require.Eventually(t, func() bool {
		lines, err := s.Log("hub")
		if err != nil {
			return false
		}
		for _, l := range lines {
			if strings.Contains(l.Text, "certificate revoked") {
				return true
			}
		}
		return false
	}, patience, 50*time.Millisecond, "the revoked client is not refused")
	st = find(t, s, "hub")
	assert.Equal(t, begun.PID, st.PID, "nobody else was cut off")
	assert.Equal(t, openvpn.StateConnected, st.State)
}

// Users log in with a password; a wrong one is refused.
func TestIntegrationUsers(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	i := b.made(t, "server_pki", openvpn.Answers{Name: "hub", Protocol: openvpn.ProtocolUDP4})
	i.Users = []openvpn.User{{Name: "joe", Password: openvpn.NewSecret(`p "w\ x`)}}
	s := b.serve(t, i)
	connected(t, s, "hub")
	files := b.issue(t, "field", false)
	config := fmt.Sprintf(plainClient, "tun", "udp4") + "remote 192.0.2.1 1194\nauth-user-pass login.txt\n"
	files["login.txt"] = []byte("joe\nwrong\n")
	b.plain(t, config, files).says(t, "AUTH_FAILED")
	files["login.txt"] = []byte("joe\np \"w\\ x\n")
	b.plain(t, config, files).up(t)
	ping(t, b.theirs, "10.0.100.1")
	list, err := s.Clients(t.Context(), "hub")
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, "joe", list[0].Username)
}

// kill -9 of the child: connected again in moments. kill -9 of the program
// (here: Release, and a new Service): the same process goes on.
func TestIntegrationKillAndAdopt(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	b.plain(t, fmt.Sprintf(plainServer, "tun", "udp4")+"server 10.8.0.0 255.255.255.0\ntopology subnet\n", b.issue(t, "hub", true)).up(t)
	i := b.made(t, "client_tun", openvpn.Answers{Name: "office", Remote: "192.0.2.2", Protocol: openvpn.ProtocolUDP4})
	s := b.serve(t, i)
	first := connected(t, s, "office")
	begin := time.Now()
	require.NoError(t, syscall.Kill(first.PID, syscall.SIGKILL))
	second := until(t, s, "office", func(st openvpn.InstanceStatus) bool {
		return st.State == openvpn.StateConnected && st.PID != first.PID
	})
	t.Logf("connected %s after kill -9", time.Since(begin).Round(time.Millisecond))
	assert.Less(t, time.Since(begin), 10*time.Second)
	assert.EqualValues(t, 1, second.Restarts)

	require.NoError(t, s.Release(t.Context()))
	again := b.serve(t, i)
	third := connected(t, again, "office")
	assert.Equal(t, second.PID, third.PID, "the tunnel went on")
	ping(t, b.ours, "10.8.0.1")
	require.NoError(t, again.Stop(t.Context()))
	assert.ErrorIs(t, syscall.Kill(third.PID, 0), syscall.ESRCH)
}

// A file dropped into the folder comes up; taken away it goes.
func TestIntegrationFolder(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	b.plain(t, fmt.Sprintf(plainServer, "tun", "udp4")+"server 10.8.0.0 255.255.255.0\ntopology subnet\n", b.issue(t, "hub", true)).up(t)
	folder := t.TempDir()
	s, err := openvpn.New(openvpn.Config{Enabled: true, Folder: openvpn.Folder{Enabled: true, Path: folder}}, b.options(t))
	require.NoError(t, err)
	b.start(t, s)
	assert.Empty(t, s.Status().Instances)
	files := b.issue(t, "field", false)
	text := "client\r\ndev tun\r\nproto udp4\r\nremote 192.0.2.2 1194 # the hub\r\nnobind\r\nremote-cert-tls server\r\nup /bin/true\r\n" +
		"ca ca.crt\r\ncert peer.crt\r\nkey peer.key\r\n<tls-crypt>\n" + string(files["tc.key"]) + "</tls-crypt>\n"
	for _, name := range []string{"ca.crt", "peer.crt", "peer.key"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), files[name], 0o600))
	}
	path := filepath.Join(folder, "dropped.conf")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	st := connected(t, s, "dropped")
	assert.True(t, st.FromFolder)
	assert.NotEmpty(t, st.Report.Of(openvpn.VerdictDropped, openvpn.VerdictRefused), "up is told")
	ping(t, b.ours, "10.8.0.1")
	require.NoError(t, os.Remove(path))
	require.Eventually(t, func() bool {
		return len(s.Status().Instances) == 0 && syscall.Kill(st.PID, 0) != nil
	}, patience, 50*time.Millisecond)
}
