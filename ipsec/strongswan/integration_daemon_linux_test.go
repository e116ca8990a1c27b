package strongswan_test

import (
	"context"
	"fmt"
	"net/netip"
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

	"github.com/fieldgate/fieldgate/internal/twohosts"
	"github.com/fieldgate/fieldgate/ipsec"
)

// many is a configuration with demo0 and further connections that nobody
// brings up.
func many(count int, changes ...func(*ipsec.Connection)) ipsec.Config {
	c := demo(changes...)
	for i := 1; i < count; i++ {
		conn := demo().Connections[0]
		conn.Name, conn.LocalID = fmt.Sprintf("more%d", i), fmt.Sprintf("more%d", i)
		conn.Gateway = fmt.Sprintf("198.51.%d.%d", i/250, i%250+1)
		conn.RemoteSubnets = ipsec.Subnets{fmt.Sprintf("10.%d.%d.0/24", 100+i/250, i%250)}
		c.Connections = append(c.Connections, conn)
	}
	return c
}

// loaded is how many connections of ours the daemon of A holds.
func (s *site) loaded(t *testing.T) int {
	t.Helper()
	list, err := s.A.Swanctl(t.Context(), "--list-conns")
	require.NoError(t, err)
	return strings.Count(list, "fieldgate-") / 2 // each as connection and child
}

func TestIntegrationDaemonComes(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	s.peer(t, peerConf(peerConn{}))
	require.NoError(t, s.A.Stop())
	require.NoError(t, os.RemoveAll(s.A.Socket()))
	g := s.launch(t, demo(func(c *ipsec.Connection) { c.StartAction = ipsec.StartNow }))
	eventually(t, func() bool { return g.Status().Daemon.Error != "" }, func() string { return "the cause" })
	status := g.Status()
	assert.Equal(t, ipsec.DaemonWaiting, status.Daemon.State)
	assert.Contains(t, status.Daemon.Error, s.A.Socket(), "what is not there")
	assert.Equal(t, ipsec.StateUnknown, status.Connections[0].State)
	assert.False(t, status.Connections[0].Configured)
	err := g.Initiate(t.Context(), "demo0")
	require.ErrorIs(t, err, ipsec.ErrUnavailable)
	require.NoError(t, s.A.Start())
	g.until(t, "demo0", ipsec.StateUp)
	s.ping(t)
	status = g.Status()
	assert.Contains(t, status.Daemon.Version, "charon-systemd 5.")
	assert.Empty(t, status.Daemon.Error)
}

// charon is killed, and a new one starts that knows nothing.
func TestIntegrationDaemonKilled(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	s.peer(t, peerConf(peerConn{}))
	const count = 100
	g := s.start(t, many(count))
	assert.Equal(t, count, s.loaded(t))
	g.initiate(t, "demo0")
	ike, _ := s.child(t, "site")

	// What the machine does at the same time may hold up one of them.
	var took []time.Duration
	for round := range 3 {
		killed := time.Now()
		require.NoError(t, s.A.Kill())
		eventually(t, func() bool { return g.Status().Daemon.State == ipsec.DaemonGone }, func() string { return fmt.Sprint(g.Status().Daemon) })
		told := time.Since(killed)
		assert.Less(t, told, 5*time.Second)
		for _, c := range g.Status().Connections {
			require.Equal(t, ipsec.StateUnknown, c.State, "nobody knows, %s", c.Name)
			require.Empty(t, c.SAs)
		}
		require.NoError(t, s.A.Start())
		back := time.Now()
		g.configured(t)
		took = append(took, time.Since(back))
		assert.Equal(t, count, s.loaded(t))
		// It was up, so it comes up again: with its secret, which the new
		// daemon did not have.
		g.until(t, "demo0", ipsec.StateUp)
		eventually(t, func() bool { return s.installed(t, "site") == 1 }, func() string { return "the peer drops the old one" })
		now, _ := s.child(t, "site")
		assert.NotEqual(t, ike.Values["initiator-spi"], now.Values["initiator-spi"])
		s.ping(t)
		assert.Equal(t, uint64(round+1), g.Status().Daemon.Restarts)
		t.Logf("gone known after %v, %d connections applied again %v after its return", told, count, took[round])
	}
	assert.Less(t, slices.Min(took), time.Second, "%v", took)
}

func TestIntegrationDaemonKilledInApply(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	s.peer(t, peerConf(peerConn{}))
	g := s.start(t, demo())
	const count = 400
	applied := make(chan error, 1)
	go func() {
		_, err := g.Apply(t.Context(), many(count))
		applied <- err
	}()
	eventually(t, func() bool { return s.loaded(t) > 1 }, func() string { return "it begins" })
	require.NoError(t, s.A.Kill())
	if err := <-applied; err != nil {
		require.ErrorIs(t, err, ipsec.ErrUnavailable)
	}
	require.NoError(t, s.A.Start())
	eventually(t, func() bool { return s.loaded(t) == count }, func() string { return fmt.Sprint(s.loaded(t)) })
	g.configured(t)
	g.initiate(t, "demo0")
	s.ping(t)
}

// A daemon that hangs is told from one that is gone by nobody, but it harms
// nobody either: its tunnels stay.
func TestIntegrationDaemonHangs(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	s.peer(t, peerConf(peerConn{}))
	t.Run("at_start", func(t *testing.T) {
		require.NoError(t, s.A.Freeze())
		g := s.launch(t, demo())
		eventually(t, func() bool { return g.Status().Daemon.Error != "" }, func() string { return "the cause" })
		assert.Equal(t, ipsec.DaemonWaiting, g.Status().Daemon.State)
		require.NoError(t, s.A.Thaw())
		g.configured(t)
		g.initiate(t, "demo0")
		s.ping(t)
	})
	t.Run("later", func(t *testing.T) {
		g := s.start(t, demo())
		g.initiate(t, "demo0")
		_, before := s.child(t, "site")
		require.NoError(t, s.A.Freeze())
		eventually(t, func() bool { return g.Status().Daemon.State != ipsec.DaemonReady }, func() string { return "it is noticed" })
		assert.Equal(t, ipsec.StateUnknown, g.connection(t, "demo0").State)
		require.NoError(t, s.A.Thaw())
		g.configured(t)
		g.until(t, "demo0", ipsec.StateUp)
		_, after := s.child(t, "site")
		assert.Equal(t, before.Values["spi-in"], after.Values["spi-in"], "the tunnel was never gone")
		s.ping(t)
	})
}

func TestIntegrationStopDuringInitiate(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{Retransmit: 5 * time.Second, Tries: 5})
	s.peer(t, peerConf(peerConn{}))
	require.NoError(t, s.Blackhole())
	g := s.start(t, demo())
	result := make(chan error, 1)
	go func() { result <- g.Initiate(t.Context(), "demo0") }()
	g.until(t, "demo0", ipsec.StateConnecting)
	begun := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, g.Stop(ctx))
	assert.Less(t, time.Since(begun), 10*time.Second, "it waits for no peer")
	require.Error(t, <-result)
	assert.Zero(t, s.loaded(t))
	sas, err := s.A.SAs(t.Context())
	require.NoError(t, err)
	assert.Empty(t, sas)
}

func TestIntegrationTwoInstances(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	s.peer(t, peerConf(peerConn{}))
	first := s.start(t, demo())
	first.initiate(t, "demo0")
	second := s.launch(t, many(2))
	eventually(t, func() bool { return second.Status().Daemon.Error != "" }, func() string { return "the cause" })
	assert.Equal(t, ipsec.DaemonWaiting, second.Status().Daemon.State)
	assert.Contains(t, second.Status().Daemon.Error, ipsec.ErrOwned.Error())
	assert.Equal(t, 1, s.loaded(t))
	s.ping(t)
	require.NoError(t, first.Stop(t.Context()))
	second.configured(t)
	assert.Equal(t, 2, s.loaded(t))
	second.initiate(t, "demo0")
	s.ping(t)
}

// A gateway that is only restarted leaves its tunnels to the next one.
func TestIntegrationHandover(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	s.peer(t, peerConf(peerConn{}))
	first := s.start(t, demo(), func(o *ipsec.Options) { o.KeepOnStop = true })
	first.initiate(t, "demo0")
	_, before := s.child(t, "site")
	require.NoError(t, first.Stop(t.Context()))
	s.ping(t)
	second := s.start(t, demo()) // which leaves nothing, at the end
	second.until(t, "demo0", ipsec.StateUp)
	_, after := s.child(t, "site")
	assert.Equal(t, before.Values["spi-in"], after.Values["spi-in"], "it was never down")
	require.NoError(t, second.Rekey(t.Context(), "demo0"))
	s.ping(t)
}

// What others loaded into the same daemon is theirs, whatever we do.
func TestIntegrationForeignConnections(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	require.NoError(t, s.A.AddLAN(netip.MustParsePrefix("10.40.1.1/24")))
	require.NoError(t, s.B.AddLAN(netip.MustParsePrefix("10.40.2.1/24")))
	s.peer(t, peerConf(peerConn{}, peerConn{name: "foreign", remoteID: "foreigner", localTS: "10.40.2.0/24", remoteTS: "10.40.1.0/24", secret: "a foreign secret"}))
	require.NoError(t, s.A.Load(t.Context(), peerConf(peerConn{
		name: "foreign", localAddrs: "192.0.2.1", remoteAddr: "192.0.2.2", localID: "foreigner", remoteID: "192.0.2.2",
		localTS: "10.40.1.0/24", remoteTS: "10.40.2.0/24", secret: "a foreign secret",
	})))
	_, err := s.A.Swanctl(t.Context(), "--initiate", "--child", "foreign")
	require.NoError(t, err)
	_, before := s.child(t, "foreign")
	alive := func(what string) {
		t.Helper()
		_, now := s.child(t, "foreign")
		assert.Equal(t, before.Values["spi-in"], now.Values["spi-in"], what)
		require.NoError(t, s.A.Ping(t.Context(), netip.MustParseAddr("10.40.1.1"), netip.MustParseAddr("10.40.2.1"), 1), what)
	}
	g := s.start(t, demo())
	g.initiate(t, "demo0")
	alive("after ours came up")
	assert.Len(t, g.Status().Connections, 1, "it is none of ours")
	_, err = g.Apply(t.Context(), many(3))
	require.NoError(t, err)
	alive("after a change")
	empty := demo()
	empty.Connections = nil
	_, err = g.Apply(t.Context(), empty)
	require.NoError(t, err)
	alive("after all of ours are gone")
	require.NoError(t, g.Stop(t.Context()))
	alive("after the end")
	list, err := s.A.Swanctl(t.Context(), "--list-conns")
	require.NoError(t, err)
	assert.Contains(t, list, "foreign: IKEv2")
}

// A change touches what changed.
func TestIntegrationNeighbours(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	require.NoError(t, s.B.AddLAN(netip.MustParsePrefix("10.50.1.1/24")))
	require.NoError(t, s.B.AddLAN(netip.MustParsePrefix("10.50.2.1/24")))
	s.peer(t, peerConf(peerConn{},
		peerConn{name: "one", remoteID: "one", localTS: "10.50.1.0/24", secret: "secret number one"},
		peerConn{name: "two", remoteID: "two", localTS: "10.50.2.0/24", secret: "secret number two"}))
	config := func(life ipsec.Duration, second bool) ipsec.Config {
		c := demo()
		c.Connections = append(c.Connections, demo(func(c *ipsec.Connection) {
			c.Name, c.LocalID, c.RemoteSubnets, c.KeyLifetime = "one", "one", ipsec.Subnets{"10.50.1.0/24"}, life
			c.PreSharedKey = ipsec.NewSecret("secret number one")
		}).Connections...)
		if second {
			c.Connections = append(c.Connections, demo(func(c *ipsec.Connection) {
				c.Name, c.LocalID, c.RemoteSubnets = "two", "two", ipsec.Subnets{"10.50.2.0/24"}
				c.PreSharedKey = ipsec.NewSecret("secret number two")
			}).Connections...)
		}
		return c
	}
	g := s.start(t, config(3600e9, true))
	spis := make(map[string]string)
	for peer, name := range map[string]string{"site": "demo0", "one": "one", "two": "two"} {
		g.initiate(t, name)
		_, child := s.child(t, peer)
		spis[peer] = child.Values["spi-in"]
	}
	unchanged := func(t *testing.T, peer string) {
		t.Helper()
		_, child := s.child(t, peer)
		assert.Equal(t, spis[peer], child.Values["spi-in"], peer)
	}
	t.Run("nothing", func(t *testing.T) {
		outcome, err := g.Apply(t.Context(), config(3600e9, true))
		require.NoError(t, err)
		assert.Empty(t, outcome.Changed)
		for peer := range spis {
			unchanged(t, peer)
		}
	})
	t.Run("one_changes", func(t *testing.T) {
		outcome, err := g.Apply(t.Context(), config(1800e9, true))
		require.NoError(t, err)
		assert.Equal(t, []string{"one"}, outcome.Changed)
		unchanged(t, "site")
		unchanged(t, "two")
		g.until(t, "one", ipsec.StateUp) // it was up
		eventually(t, func() bool { return s.installed(t, "one") == 1 }, func() string { return "one comes up again" })
		_, child := s.child(t, "one")
		assert.NotEqual(t, spis["one"], child.Values["spi-in"])
		require.NoError(t, s.A.Ping(t.Context(), s.A.LAN.Addr(), netip.MustParseAddr("10.50.1.1"), 1))
	})
	t.Run("one_goes", func(t *testing.T) {
		outcome, err := g.Apply(t.Context(), config(1800e9, false))
		require.NoError(t, err)
		assert.Equal(t, []string{"two"}, outcome.Removed)
		unchanged(t, "site")
		eventually(t, func() bool { return s.installed(t, "two") == 0 }, func() string { return "two is gone, and the peer is told" })
		assert.Equal(t, 2, s.loaded(t))
	})
	t.Run("refused_configuration", func(t *testing.T) {
		bad := config(1800e9, true)
		bad.Connections[1].Phase1 = ipsec.Names{"none"}
		_, err := g.Apply(t.Context(), bad)
		require.ErrorContains(t, err, "connections[1].phase1")
		unchanged(t, "site")
	})
	t.Run("restart", func(t *testing.T) {
		require.NoError(t, g.Restart(t.Context(), "one"))
		unchanged(t, "site")
		g.until(t, "one", ipsec.StateUp)
	})
}

// Two peers, one local identity, two keys.
func TestIntegrationOneLocalID(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	require.NoError(t, s.B.AddWAN(netip.MustParsePrefix("192.0.2.3/24")))
	require.NoError(t, s.B.AddLAN(netip.MustParsePrefix("10.60.1.1/24")))
	for _, version := range []ipsec.KeyExchange{ipsec.IKEv2, ipsec.IKEv1} {
		t.Run(string(version), func(t *testing.T) {
			number := strings.TrimPrefix(string(version), "ikev")
			s.peer(t, peerConf(peerConn{version: number},
				peerConn{name: "other", version: number, localAddrs: "192.0.2.3", localID: "192.0.2.3", localTS: "10.60.1.0/24", secret: "quite another secret"}))
			c := demo(func(c *ipsec.Connection) { c.KeyExchange = version })
			c.Connections = append(c.Connections, demo(func(c *ipsec.Connection) {
				c.Name, c.Gateway, c.KeyExchange, c.RemoteSubnets = "other", "192.0.2.3", version, ipsec.Subnets{"10.60.1.0/24"}
				c.PreSharedKey = ipsec.NewSecret("quite another secret")
			}).Connections...)
			g := s.start(t, c)
			for _, name := range []string{"demo0", "other", "demo0"} {
				g.initiate(t, name)
			}
			s.checkStatus(t, g, "demo0", "site")
			s.checkStatus(t, g, "other", "other")
		})
	}
}

// asNobody makes the test program a user without rights, which wants to use
// the daemon on the socket that the variable names.
const asNobody = "FIELDGATE_AS_NOBODY"

func TestIntegrationNotPermitted(t *testing.T) {
	if socket := os.Getenv(asNobody); socket != "" {
		_, err := backend(t, socket).Connect(t.Context())
		require.ErrorIs(t, err, ipsec.ErrNotPermitted)
		require.ErrorContains(t, err, socket)
		return
	}
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	folder, err := os.MkdirTemp("", "fg") // one that others may enter
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(folder)) })
	require.NoError(t, os.Chmod(folder, 0o755))
	require.NoError(t, os.Chmod(s.Folder(), 0o755))
	self, err := os.Executable()
	require.NoError(t, err)
	program, err := os.ReadFile(self)
	require.NoError(t, err)
	copied := filepath.Join(folder, "x.test")
	require.NoError(t, os.WriteFile(copied, program, 0o755))
	cmd := exec.CommandContext(t.Context(), copied, "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), asNobody+"="+s.A.Socket())
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "--- PASS: "+t.Name())
}
