package xl2tpd_test

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/uml/suite"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	l2tpsuite "github.com/fieldgate/fieldgate/ipsec/l2tp/l2tptest/suite"
	"github.com/fieldgate/fieldgate/ipsec/l2tp/xl2tpd"
	"github.com/fieldgate/fieldgate/ipsec/strongswan"
)

// The environment of the part that runs on host A, in its network.
const (
	envSocket = "L2TP_TEST_VICI" // of charon
	envFolder = "L2TP_TEST_FOLDER"
)

// envSuite has the conformance suite run too.
const envSuite = "FIELDGATE_L2TP_SUITE"

const patience = 50 * time.Second

// modules are those of ESP in the kernel and of L2TP.
var modules = strings.Fields("veth bridge af_packet xfrm_user esp4 deflate authenc cbc echainiv sha512_generic ppp_generic pppox l2tp_ppp")

// The words that pppd must read back as they are.
const (
	user     = `dev "1" \ #x 'y'`
	password = `p#a ss"q\x 'z' ä`
)

// TestIntegrationL2TP goes the whole way in both directions, with a charon and
// an xl2tpd at the other end that are told what to do by text files only, and
// looks at what both hosts send.
func TestIntegrationL2TP(t *testing.T) {
	if os.Getenv(envSocket) == "" && suite.Run(t, 4*time.Minute, modules...) {
		return
	}
	for _, part := range []struct {
		name, config, options string
		peer                  map[string]string // of peerSide
		run                   func(t *testing.T)
	}{
		{"client", peerLNS, "auth\nname peer\nrequire-mschap-v2\nms-dns 10.20.30.53\n", map[string]string{
			"VERSION": "1", "LOCAL": "auth = psk", "REMOTE": "auth = psk", "ACTION": "none",
		}, asClient},
		{"server", peerLAC, "noauth\nipcp-accept-local\nipcp-accept-remote\nname " + quoted(user) + "\npassword " + quoted(password) + "\n", map[string]string{
			"VERSION": "2", "LOCAL": "auth = pubkey\ncerts = own.pem\nid = " + peerName, "REMOTE": "auth = pubkey\nid = " + ourName, "ACTION": "trap",
		}, asServer},
	} {
		t.Run(part.name, func(t *testing.T) {
			if os.Getenv(envSocket) != "" {
				part.run(t)
				return
			}
			onTheWire(t, part.peer, part.config, peerOptions+part.options)
		})
	}
}

func quoted(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }

// services are ours, on host A.
type services struct {
	t     *testing.T
	ipsec *ipsec.Service
	l2tp  *l2tp.Service
}

func start(t *testing.T, c l2tp.Config) services {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	ike, err := strongswan.New(strongswan.Options{Socket: os.Getenv(envSocket), Logger: log})
	require.NoError(t, err)
	folder := os.Getenv(envFolder)
	channels := c.Extend(ipsec.Config{Enabled: true, CertificateSets: []ipsec.CertificateSet{{
		Name: "ours", CA: folder + "/ca.pem", Certificate: folder + "/own.pem", Key: ipsec.NewSecret(folder + "/key.pem"),
	}}})
	channel, err := ipsec.New(channels, ipsec.Options{Backend: ike, Logger: log})
	require.NoError(t, err)
	backend, err := xl2tpd.New(xl2tpd.Options{Folder: filepath.Join(os.Getenv(envFolder), "ours"), Logger: log})
	require.NoError(t, err)
	service, err := l2tp.New(c, l2tp.Options{Backend: backend, Channel: channel, Logger: log})
	require.NoError(t, err)
	require.NoError(t, channel.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, channel.Stop(context.Background())) })
	require.NoError(t, service.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, service.Stop(context.Background())) })
	return services{t, channel, service}
}

// until waits for a fact about the status.
func (s services) until(what string, fact func(l2tp.Status) bool) l2tp.Status {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if st := s.l2tp.Status(); fact(st) {
			return st
		} else if time.Now().After(end) {
			require.FailNow(s.t, "not "+what, "%+v\n%+v", st, s.ipsec.Status())
		}
	}
}

func ping(t *testing.T, to string) {
	t.Helper()
	out, err := exec.Command("ping", "-n", "-q", "-c", "2", "-i", "0.2", "-W", "2", to).CombinedOutput()
	assert.NoError(t, err, "%s", out)
}

func sh(t *testing.T, line string) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", line).CombinedOutput()
	require.NoError(t, err, "%s: %s", line, out)
	return string(out)
}

// clean looks that nothing is left but the lock of the folder.
func (s services) clean() {
	s.t.Helper()
	require.NoError(s.t, s.l2tp.Stop(s.t.Context()))
	assert.Empty(s.t, strings.TrimSpace(sh(s.t, "ip -o link | grep -o ' ppp[0-9]*:' || true")))
	assert.NotContains(s.t, sh(s.t, "ip xfrm policy"), "action block")
	entries, err := os.ReadDir(filepath.Join(os.Getenv(envFolder), "ours"))
	require.NoError(s.t, err)
	require.Len(s.t, entries, 1)
	assert.Equal(s.t, "lock", entries[0].Name())
	assert.NotContains(s.t, sh(s.t, "ps ax -o args || busybox ps"), filepath.Join(os.Getenv(envFolder), "ours"))
}

func asClient(t *testing.T) {
	client := l2tp.DefaultClient()
	client.Name, client.Enabled, client.Gateway = "head-office", true, "192.0.2.2"
	client.IPsec.PreSharedKey = l2tp.NewSecret("thebigsecret")
	client.Username, client.Password = user, l2tp.NewSecret(password)
	client.PeerDNS, client.DefaultRoute, client.Routes = true, true, []string{"10.99.0.0/16"}
	client.PPP.EchoInterval, client.PPP.EchoFailures = l2tp.Duration(5*time.Second), 4
	s := start(t, l2tp.Config{Enabled: true, Clients: []l2tp.Client{client}})

	up := func(st l2tp.Status) bool { return st.Clients[0].State == l2tp.StateUp }
	st := s.until("up", up).Clients[0]
	assert.Equal(t, netip.MustParseAddr("192.0.2.2"), st.Peer)
	assert.Equal(t, "ppp0", st.Interface)
	assert.Equal(t, netip.MustParseAddr("10.20.30.10"), st.Local)
	assert.Equal(t, netip.MustParseAddr("10.20.30.1"), st.Remote)
	assert.Equal(t, []netip.Addr{netip.MustParseAddr("10.20.30.53")}, st.DNS)
	assert.Nil(t, st.LastError)
	ping(t, "10.20.30.1")
	assert.Contains(t, sh(t, "ip link show ppp0"), "mtu 1400")
	assert.Contains(t, sh(t, "ip route get 10.99.1.1"), "dev ppp0")
	assert.Contains(t, sh(t, "ip route get 198.51.100.1"), "dev ppp0")
	assert.Contains(t, sh(t, "ip route get 192.0.2.2"), "dev wan0")

	t.Run("no secret in arguments or open files", func(t *testing.T) {
		assert.NotContains(t, sh(t, "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' ' '"), "ss\"q")
		ours := os.Getenv(envFolder) + "/ours"
		assert.Contains(t, sh(t, "grep -rlF 'ss\\\"q' "+ours), "to_head_office.options")
		assert.Empty(t, sh(t, "find $(grep -rlF 'ss\\\"q' "+ours+") "+ours+" -maxdepth 0 -perm /077"))
	})
	t.Run("channel down", func(t *testing.T) {
		numbers := func() string { return sh(t, "ip xfrm state | grep -o 'spi 0x[0-9a-f]*' || true") }
		before := numbers()
		require.NotEmpty(t, before)
		require.NoError(t, s.ipsec.Terminate(t.Context(), l2tp.ChannelName("head-office")))
		// It may be back already. The capture sees nothing of this in clear.
		_ = exec.Command("ping", "-n", "-q", "-c", "5", "-i", "0.2", "-W", "1", "10.20.30.1").Run()
		s.until("up again", func(st l2tp.Status) bool { return st.Clients[0].Channel == ipsec.StateUp })
		assert.NotEqual(t, before, numbers(), "it is a new one")
		ping(t, "10.20.30.1")
		assert.Equal(t, uint64(1), s.l2tp.Status().Clients[0].Ups, "PPP outlived it")
	})
	t.Run("programs killed", func(t *testing.T) {
		sh(t, "kill -9 $(cat "+os.Getenv(envFolder)+"/ours/pid)")
		s.until("noticed", func(st l2tp.Status) bool { return st.Daemon.Restarts == 1 })
		st := s.until("up again", func(st l2tp.Status) bool { return up(st) && st.Clients[0].Ups == 2 })
		assert.Less(t, st.Clients[0].Since.Sub(st.Daemon.Since), 28*time.Second, "the server was told that the old tunnel is gone")
		ping(t, "10.20.30.1")
	})
	t.Run("stop and start", func(t *testing.T) {
		require.NoError(t, s.l2tp.StopClient(t.Context(), "head-office"))
		assert.Equal(t, l2tp.StateStopped, s.l2tp.Status().Clients[0].State)
		assert.NotContains(t, sh(t, "ip -o link"), "ppp")
		assert.Empty(t, s.ipsec.Status().Connections[0].SAs)
		assert.Contains(t, sh(t, "ip xfrm policy"), "action block", "the guard stays")
		require.NoError(t, s.l2tp.StartClient("head-office"))
		s.until("up", up)
	})
	s.clean()
	assert.Empty(t, s.ipsec.Status().Connections[0].SAs)
	assert.NotContains(t, sh(t, "ip route"), "192.0.2.2 ")

	t.Run("conformance", func(t *testing.T) {
		if os.Getenv(envSuite) == "" {
			t.Skip("skipped: it takes long, see make test-l2tp")
		}
		conform(t, s, client)
	})
	require.NoError(t, s.ipsec.Stop(t.Context()))

	t.Run("wrong password", func(t *testing.T) {
		client.Password = l2tp.NewSecret("wrong")
		s := start(t, l2tp.Config{Enabled: true, Clients: []l2tp.Client{client}})
		s.until("refused", func(st l2tp.Status) bool {
			f := st.Clients[0].LastError
			return f != nil && f.Cause == l2tp.CauseAuthentication
		})
		s.clean()
	})
}

// conform runs the conformance suite on the real programs, through a channel
// that is kept up.
func conform(t *testing.T, s services, client l2tp.Client) {
	require.NoError(t, s.ipsec.Initiate(t.Context(), l2tp.ChannelName(client.Name)))
	folder := filepath.Join(os.Getenv(envFolder), "suite")
	backend, err := xl2tpd.New(xl2tpd.Options{Folder: folder})
	require.NoError(t, err)
	addr := netip.MustParseAddr
	good := l2tp.Call{
		Name: "a", Peer: addr("192.0.2.2"), Username: user, Password: l2tp.NewSecret(password),
		PPP: l2tp.DefaultPPP(), PeerDNS: true,
	}
	wrong := good
	wrong.Password = l2tp.NewSecret("wrong word")
	l2tpsuite.TestBackend(t, func(t *testing.T, test func(t *testing.T)) { test(t) }, func(*testing.T) l2tpsuite.Rig {
		return l2tpsuite.Rig{
			Backend: backend, Good: good, Wrong: wrong,
			Crash: func() { sh(t, "kill -9 $(cat "+folder+"/pid)") },
			Listener: l2tp.ServerSetup{
				Local: addr("10.8.0.1"), First: addr("10.8.0.2"), Last: addr("10.8.0.3"), PPP: l2tp.DefaultPPP(),
				Users: []l2tp.User{{Name: user, Password: l2tp.NewSecret(password)}},
			},
		}
	})
	require.NoError(t, s.ipsec.Terminate(t.Context(), l2tp.ChannelName(client.Name)))
}

func asServer(t *testing.T) {
	server := l2tp.DefaultConfig().Server
	server.Enabled = true
	server.IPsec = l2tp.Channel{
		KeyExchange: ipsec.IKEv2, Authentication: ipsec.AuthRSA, CertificateSet: "ours", LocalID: ourName, RemoteID: peerName,
	}
	server.LocalIP, server.Range = "10.20.40.1", "10.20.40.10-10.20.40.20"
	server.Users = []l2tp.User{{Name: "other", Password: l2tp.NewSecret("word")}, {Name: user, Password: l2tp.NewSecret(password)}}
	config := l2tp.Config{Enabled: true, ListenAddress: "192.0.2.1", Server: server}
	s := start(t, config)

	s.until("armed", func(l2tp.Status) bool { return s.ipsec.Status().Connections[0].State == ipsec.StateArmed })
	// Now, when there is nothing that the guard would hold back.
	sh(t, "ip xfrm policy flush")
	for end := time.Now().Add(patience); !strings.Contains(sh(t, "ip xfrm policy"), "action block"); time.Sleep(100 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "the guard is put back")
	}
	require.NoError(t, os.WriteFile(filepath.Join(os.Getenv(envFolder), "ready"), nil, 0o600))

	connected := func(st l2tp.Status) bool {
		return len(st.Server.Sessions) == 1 && st.Server.Sessions[0].Remote.IsValid()
	}
	st := s.until("connected", connected).Server
	assert.True(t, st.Running)
	one := st.Sessions[0]
	assert.Equal(t, netip.MustParseAddr("192.0.2.2"), one.Peer)
	assert.Equal(t, netip.MustParseAddr("10.20.40.1"), one.Local)
	assert.Equal(t, netip.MustParseAddr("10.20.40.10"), one.Remote)
	assert.Equal(t, "ppp0", one.Interface)
	assert.Equal(t, user, one.User)
	ping(t, "10.20.40.10")

	t.Run("users change", func(t *testing.T) {
		more := config
		more.Server.Users = append(more.Server.Users[:2:2], l2tp.User{Name: "third", Password: l2tp.NewSecret("word")})
		require.NoError(t, s.l2tp.Apply(t.Context(), more))
		ping(t, "10.20.40.10")
		require.Equal(t, []l2tp.Session{one}, s.l2tp.Status().Server.Sessions, "it lives on")
		other := config
		other.Server.Users = server.Users[:1]
		require.NoError(t, s.l2tp.Apply(t.Context(), other))
		// It tries again, and is refused.
		s.until("sent away", func(st l2tp.Status) bool {
			return !slices.ContainsFunc(st.Server.Sessions, func(one l2tp.Session) bool { return one.User == user })
		})
		assert.Zero(t, s.l2tp.Status().Daemon.Restarts)
	})
	s.clean()
}
