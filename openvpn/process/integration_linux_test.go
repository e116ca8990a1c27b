package process_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/process"
)

func TestIntegrationVersion(t *testing.T) {
	if _, err := os.Stat(realProgram); err != nil {
		skip(t, "openvpn is not installed")
	}
	r, err := process.New(process.Options{})
	require.NoError(t, err)
	version, err := r.Version(t.Context())
	require.NoError(t, err)
	assert.Regexp(t, `^2\.\d+\.\d+$`, version)
}

// A client comes up in the order of states that the manual tells, carries
// traffic, comes back after a reconnect and a restart of the server, and goes.
func TestIntegrationClient(t *testing.T) {
	n := connect(t)
	server := n.plainServer(t, "explicit-exit-notify 1")
	p := start(t, n.runner, n.client())
	seen := slices.DeleteFunc(states(t, p, "ASSIGN_IP"), func(s string) bool { return s == "GET_CONFIG" }) // if it has to wait
	assert.Equal(t, []string{"CONNECTING", "WAIT", "AUTH", "ASSIGN_IP"}, seen)
	up := state(t, p, "CONNECTED")
	assert.Equal(t, "SUCCESS", up.Detail)
	assert.Equal(t, "10.8.0.2", up.Tunnel.String())
	assert.Equal(t, "192.0.2.1:1194", up.Remote.String())
	ping(t, n.ours, "10.8.0.1")
	ping(t, n.theirs, "10.8.0.2")
	next(t, p, func(b openvpn.ByteCount) bool { return b.In > 0 && b.Out > 0 })
	clients, err := p.Clients(t.Context())
	require.NoError(t, err)
	assert.Empty(t, clients, "it is no server")
	assert.ErrorContains(t, p.Kick(t.Context(), 1), "not supported")

	require.NoError(t, p.Signal(t.Context(), openvpn.SIGHUP))
	assert.Equal(t, "SIGHUP", state(t, p, "RECONNECTING").Detail)
	state(t, p, "CONNECTED")

	server.stop()
	assert.Equal(t, "server-pushed-connection-reset", state(t, p, "RECONNECTING").Detail)
	again := n.plainServer(t)
	state(t, p, "CONNECTED")
	ping(t, n.ours, "10.8.0.1")

	require.NoError(t, p.Signal(t.Context(), openvpn.SIGTERM))
	assert.Equal(t, "SIGTERM", state(t, p, "EXITING").Detail)
	exited := next(t, p, anyOf[openvpn.Exited])
	assert.Equal(t, "exit status 0", exited.Status)
	assert.Contains(t, strings.Join(exited.Output, "\n"), "SIGTERM[hard,] received, process exiting")
	again.saw(t, "Peer Connection Initiated")
}

// A server lists its clients; one that is kicked comes back, one that is
// halted does not.
func TestIntegrationServer(t *testing.T) {
	n := connect(t)
	p := start(t, n.runner, n.server())
	up := state(t, p, "CONNECTED")
	assert.Equal(t, "10.8.0.1", up.Tunnel.String())
	alice, bob := n.plainClient(t, "alice"), n.plainClient(t, "bob")
	alice.saw(t, "Initialization Sequence Completed")
	bob.saw(t, "Initialization Sequence Completed")
	came := map[string]uint64{}
	for len(came) < 2 {
		c := next(t, p, anyOf[openvpn.ClientCame])
		came[c.CommonName] = c.CID
	}
	clients, err := p.Clients(t.Context())
	require.NoError(t, err)
	require.Len(t, clients, 2)
	for _, c := range clients {
		assert.Equal(t, came[c.CommonName], c.CID)
		assert.Contains(t, c.Real, "192.0.2.1:")
		assert.True(t, strings.HasPrefix(c.Virtual.String(), "10.8.0."))
		assert.WithinDuration(t, time.Now(), c.Since, patience)
		assert.Equal(t, "AES-256-GCM", c.Cipher)
	}
	require.NoError(t, p.Kick(t.Context(), came["alice"]))
	back := next(t, p, anyOf[openvpn.ClientCame])
	assert.Equal(t, "alice", back.CommonName)
	assert.NotEqual(t, came["alice"], back.CID)
	assert.ErrorContains(t, p.Kick(t.Context(), 99), "no client 99")
}

// A server asks about each client, and gives those that it lets in what they
// are to have.
func TestIntegrationAskClients(t *testing.T) {
	n := connect(t)
	l := n.server()
	l.AskClients = true
	p := start(t, n.runner, l)
	state(t, p, "CONNECTED")
	dir := t.TempDir()
	auth := filepath.Join(dir, "auth")
	require.NoError(t, os.WriteFile(auth, []byte("alice-user\nwhat a \"secret\\\n"), 0o600))
	alice := n.plainClient(t, "alice", "auth-user-pass "+auth)
	asks := next(t, p, anyOf[openvpn.ClientAsks])
	assert.Equal(t, "alice", asks.CommonName)
	assert.Equal(t, "alice-user", asks.Username)
	assert.Equal(t, `what a "secret\`, asks.Password.Reveal())
	assert.Equal(t, "192.0.2.1", asks.Remote.Addr().String())
	require.NoError(t, p.Admit(t.Context(), asks.CID, asks.KID, []openvpn.Option{
		{Name: "ifconfig-push", Args: []string{"10.8.0.77", "255.255.255.0"}},
		{Name: "push", Args: []string{"route 10.99.0.0 255.255.0.0"}},
	}))
	alice.saw(t, "Initialization Sequence Completed")
	assert.Contains(t, alice.String(), "10.8.0.77")
	assert.Contains(t, alice.String(), "10.99.0.0")
	assert.Equal(t, "alice", next(t, p, anyOf[openvpn.ClientCame]).CommonName)
	ping(t, n.ours, "10.8.0.77")

	bob := n.plainClient(t, "bob", "auth-user-pass "+auth)
	asks = next(t, p, func(c openvpn.ClientAsks) bool { return c.CommonName == "bob" })
	require.NoError(t, p.Deny(t.Context(), asks.CID, asks.KID, "not today"))
	bob.saw(t, "AUTH_FAILED")
	alice.stop()
}

// The server wants a user name and a password, and the key has one too.
func TestIntegrationCredentials(t *testing.T) {
	n := connect(t)
	script := filepath.Join(t.TempDir(), "verify")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\n[ \"$username\" = 'joe b' ] && [ \"$password\" = 'se\"cr\\et' ]\n"), 0o700))
	n.plainServer(t, "script-security 3", "auth-user-pass-verify "+script+" via-env")

	l := n.client("auth-user-pass", "auth-retry interact", "auth-nocache")
	l.Files["key.key"] = encrypted(t, l.Files["key.key"], "key word")
	p := start(t, n.runner, l)

	// Which of both is asked for again after a refusal is openvpn's to decide.
	passwords := map[string][]string{"Auth": {"wrong password", `se"cr\et`}, "Private Key": {"wrong key word", "key word"}}
	refused := map[string]int{}
	connected := false
	for !connected {
		next(t, p, func(e openvpn.Event) bool {
			switch e := e.(type) {
			case openvpn.NeedCredentials:
				c := openvpn.Credentials{What: e.What, Password: openvpn.NewSecret(passwords[e.What][min(1, refused[e.What])])}
				if e.User {
					c.Username = "joe b"
				}
				require.NoError(t, p.Answer(t.Context(), c))
			case openvpn.CredentialsRefused:
				refused[e.What]++
			case openvpn.StateChanged:
				connected = e.Name == "CONNECTED"
			}
			return connected
		})
	}
	assert.Equal(t, map[string]int{"Auth": 1, "Private Key": 1}, refused)
	ping(t, n.ours, "10.8.0.1")
}

// encrypted returns a key with a passphrase.
func encrypted(t *testing.T, key []byte, passphrase string) []byte {
	cmd := exec.CommandContext(t.Context(), "openssl", "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:"+passphrase)
	cmd.Stdin = bytes.NewReader(key)
	out, err := cmd.Output()
	require.NoError(t, err)
	return out
}

// Without auth-retry one refusal ends the client.
func TestIntegrationLoginRefused(t *testing.T) {
	n := connect(t)
	n.plainServer(t, "script-security 3", "auth-user-pass-verify /bin/false via-env")
	p := start(t, n.runner, n.client("auth-user-pass"))
	next(t, p, anyOf[openvpn.NeedCredentials])
	require.NoError(t, p.Answer(t.Context(), openvpn.Credentials{What: "Auth", Username: "joe", Password: openvpn.NewSecret("secret")}))
	assert.Equal(t, "auth-failure", state(t, p, "EXITING").Detail)
	next(t, p, anyOf[openvpn.Exited])
}

// What keeps an instance from starting or connecting is told in openvpn's own
// words.
func TestIntegrationFailures(t *testing.T) {
	n := connect(t)
	other := newAuthority(t)
	occupied := n.other(t, n.ours, "dev-type tun\ndev tun9\nport 4000\nproto udp\nsecret s\ncipher AES-256-CBC\nifconfig 10.9.0.1 10.9.0.2\n",
		map[string][]byte{"s": n.tlsCrypt})
	occupied.saw(t, "UDPv4 link local (bound)")
	n.plainServer(t)

	wrongCA := n.client("connect-retry 1 1")
	wrongCA.Files["ca.crt"] = other.ca()
	named := n.client("resolv-retry 0")
	named.Config = []byte(strings.Replace(string(named.Config), "remote 192.0.2.1", "remote no.such.host.invalid", 1))
	for name, c := range map[string]struct {
		launch openvpn.Launch
		exits  bool
		says   string
	}{
		"option":      {n.client("nonsense 7"), true, "Unrecognized option"},
		"no file":     {n.client("crl-verify none.pem"), true, "none.pem"},
		"port in use": {n.server("port 4000"), true, "Socket bind failed"},
		"device":      {n.client("dev eth0"), true, "TUNSETIFF eth0"},
		"wrong CA":    {wrongCA, false, "VERIFY ERROR"},
		"no name":     {named, true, "Cannot resolve host address"},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, n.runner, c.launch)
			said := func(text string) bool { return strings.Contains(text, c.says) }
			if !c.exits {
				next(t, p, func(l openvpn.LogLine) bool { return said(l.Text) })
				state(t, p, "RECONNECTING")
				return
			}
			exited := next(t, p, anyOf[openvpn.Exited])
			assert.Equal(t, "exit status 1", exited.Status)
			assert.True(t, said(strings.Join(exited.Output, "\n")), "%q in %q", c.says, exited.Output)
		})
	}
}

// Where there is no /dev/net/tun, openvpn says so.
func TestIntegrationNoTun(t *testing.T) {
	n := connect(t)
	n.plainServer(t)
	hidden := filepath.Join(t.TempDir(), "openvpn")
	require.NoError(t, os.WriteFile(hidden, []byte("#!/bin/sh\nexec unshare -m sh -c 'mount --bind /dev/null /dev/net/tun && exec ip netns exec "+
		n.ours.String()+" "+realProgram+" \"$@\"' sh \"$@\"\n"), 0o700))
	r, err := process.New(process.Options{Program: hidden, Folder: n.folder})
	require.NoError(t, err)
	p := start(t, r, n.client())
	exited := next(t, p, anyOf[openvpn.Exited])
	assert.Equal(t, "exit status 1", exited.Status)
	assert.Contains(t, strings.Join(exited.Output, "\n"), "tun")
}

// A list of revoked certificates that has ended turns everybody away.
func TestIntegrationExpiredCRL(t *testing.T) {
	n := connect(t)
	l := n.server("crl-verify crl.pem")
	l.Files["crl.pem"] = n.authority.expiredCRL()
	p := start(t, n.runner, l)
	state(t, p, "CONNECTED")
	n.plainClient(t, "alice")
	next(t, p, func(l openvpn.LogLine) bool { return strings.Contains(l.Text, "CRL has expired") })
}

// A tap device joins the bridge, and carries its frames.
func TestIntegrationBridge(t *testing.T) {
	n := connect(t)
	require.NoError(t, n.ours.IP("link", "add", "br0", "type", "bridge"))
	require.NoError(t, n.ours.IP("addr", "add", "10.7.0.1/24", "dev", "br0"))
	require.NoError(t, n.ours.IP("link", "set", "dev", "br0", "up"))
	l := n.server()
	l.Config = []byte(strings.NewReplacer("dev-type tun", "dev-type tap", "dev tun0", "dev tap0",
		"server 10.8.0.0 255.255.255.0", "server-bridge 10.7.0.1 255.255.255.0 10.7.0.50 10.7.0.60",
		"topology subnet\n", "").Replace(string(l.Config)))
	l.Device, l.Bridge = "tap0", "br0"
	gateway, pid := n.startGateway(t, l, true)
	defer func() {
		_ = syscall.Kill(pid, syscall.SIGTERM) // the gateway ends with it
		_ = gateway.Wait()
	}()
	client := n.other(t, n.theirs, text([]string{"dev-type tap"}, common, []string{"client", "dev tap0", "dev-type tap",
		"remote 192.0.2.2 1194", "nobind", "remote-cert-tls server"}), n.authority.files("alice", x509.ExtKeyUsageClientAuth, n.tlsCrypt))
	client.saw(t, "Initialization Sequence Completed")
	require.NoError(t, n.theirs.IP("link", "set", "dev", "tap0", "up"))
	ping(t, n.theirs, "10.7.0.1")
}

// A server with 20 clients is restarted: its farewell (explicit-exit-notify)
// brings all of them back soon. When their host gets another address they
// stay, with the sessions that they have.
func TestIntegrationManyClients(t *testing.T) {
	const many = 20
	n := connect(t)
	l := n.server("explicit-exit-notify 1", "keepalive 1 60")
	p := start(t, n.runner, l)
	state(t, p, "CONNECTED")
	for i := range many {
		n.plainClient(t, fmt.Sprintf("c%02d", i))
	}
	all := came(t, p, many)
	assert.Len(t, listed(t, p), many)

	require.NoError(t, p.Signal(t.Context(), openvpn.SIGTERM))
	next(t, p, anyOf[openvpn.Exited])
	p = start(t, n.runner, l)
	state(t, p, "CONNECTED")
	assert.Equal(t, slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(came(t, p, many))))

	before := listed(t, p)
	require.NoError(t, n.theirs.IP("addr", "del", "192.0.2.1/24", "dev", "eth0"))
	require.NoError(t, n.theirs.IP("addr", "add", "192.0.2.9/24", "dev", "eth0"))
	require.Eventually(t, func() bool {
		for _, c := range listed(t, p) {
			if !strings.HasPrefix(c.Real, "192.0.2.9:") {
				return false
			}
		}
		return true
	}, patience, 100*time.Millisecond)
	after := listed(t, p)
	require.Len(t, after, many)
	for name, c := range after {
		assert.Equal(t, before[name].CID, c.CID, name)
		assert.Equal(t, before[name].Virtual, c.Virtual, name)
	}
}

// came waits for clients, and returns their numbers.
func came(t *testing.T, p openvpn.Process, many int) map[string]uint64 {
	all := map[string]uint64{}
	for len(all) < many {
		c := next(t, p, anyOf[openvpn.ClientCame])
		all[c.CommonName] = c.CID
	}
	return all
}

func listed(t *testing.T, p openvpn.Process) map[string]openvpn.ConnectedClient {
	clients, err := p.Clients(t.Context())
	require.NoError(t, err)
	all := map[string]openvpn.ConnectedClient{}
	for _, c := range clients {
		all[c.CommonName] = c
	}
	return all
}
