package telemetry_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/netns"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// site is a device and a server in networks of their own. The device has
// 10.0.0.1 and fd00::1, the server 10.0.0.2, 10.0.0.3 and fd00::2.
type site struct {
	device, server *netns.Namespace
	names          atomic.Pointer[[]netip.Addr] // what "tele" leads to
}

func newSite(t *testing.T) *site {
	s := &site{device: namespace(t), server: namespace(t)}
	require.NoError(t, s.device.Connect("wan", s.server, "lan"))
	require.NoError(t, s.device.IP("addr", "add", "10.0.0.1/24", "dev", "wan"))
	require.NoError(t, s.device.IP("addr", "add", "fd00::1/64", "dev", "wan", "nodad"))
	require.NoError(t, s.server.IP("addr", "add", "10.0.0.2/24", "dev", "lan"))
	require.NoError(t, s.server.IP("addr", "add", "10.0.0.3/24", "dev", "lan"))
	require.NoError(t, s.server.IP("addr", "add", "fd00::2/64", "dev", "lan", "nodad"))
	s.lead("10.0.0.2")
	return s
}

func namespace(t *testing.T) *netns.Namespace {
	n, err := netns.New()
	if errors.Is(err, netns.ErrUnavailable) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	return n
}

func (s *site) lead(list ...string) {
	all := addrs(list...)
	s.names.Store(&all)
}

// start runs an agent of the device, with a period of 1 s.
func (s *site) start(t *testing.T, ring int) *telemetry.Service {
	agent, err := telemetry.New(telemetry.Config{
		Enabled:      true,
		Destinations: []telemetry.Destination{{Host: "tele", Port: 5150}},
		Period:       telemetry.Duration(time.Second),
		Ring:         ring,
	}, telemetry.Options{
		Source: telemetrytest.NewSource(),
		Serial: serial,
		Dial:   s.device.Dial,
		LookUp: func(context.Context, string) ([]netip.Addr, error) { return *s.names.Load(), nil },
	})
	require.NoError(t, err)
	require.NoError(t, agent.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, agent.Stop(context.Background())) })
	return agent
}

// listen opens the server's socket.
func (s *site) listen(t *testing.T, addr string) net.PacketConn {
	conn, err := s.server.ListenPacket(t.Context(), "udp", addr+":5150")
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // a test may close it itself
	return conn
}

// receive returns the next message at conn that fits.
func receive(t *testing.T, conn net.PacketConn, fits func(m *telemetry.Message, from netip.Addr) bool) {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(30*time.Second)))
	buf := make([]byte, telemetry.MaxDatagram+1)
	for {
		n, from, err := conn.ReadFrom(buf)
		require.NoError(t, err)
		m, err := telemetry.Decode(buf[:n])
		require.NoError(t, err)
		if fits(m, from.(*net.UDPAddr).AddrPort().Addr().Unmap()) {
			return
		}
	}
}

func anyone(*telemetry.Message, netip.Addr) bool { return true }

func from(addr string) func(*telemetry.Message, netip.Addr) bool {
	want := netip.MustParseAddr(addr)
	return func(_ *telemetry.Message, from netip.Addr) bool { return from == want }
}

// The address of the device changes while the old one stays, as when a
// second uplink takes over: the next report comes from the new one. Then the
// old one goes, and with it the socket's way.
func TestIntegrationLocalAddressChanges(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	server := s.listen(t, "10.0.0.2")
	agent := s.start(t, 0)
	receive(t, server, from("10.0.0.1"))

	require.NoError(t, s.device.IP("addr", "add", "10.0.0.7/24", "dev", "wan"))
	require.NoError(t, s.device.IP("route", "change", "10.0.0.0/24", "dev", "wan", "src", "10.0.0.7"))
	receive(t, server, from("10.0.0.7"))
	assert.Zero(t, agent.Status().Destinations[0].Failed, "nothing had to fail for it")

	require.NoError(t, s.device.IP("addr", "flush", "dev", "wan", "scope", "global"))
	require.NoError(t, s.device.IP("addr", "add", "10.0.0.9/24", "dev", "wan"))
	receive(t, server, from("10.0.0.9"))
}

// The name leads to another server: reports go there once the old address
// fails, without a restart.
func TestIntegrationServerMoves(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.listen(t, "10.0.0.2")
	agent := s.start(t, 0)
	receive(t, first, anyone)
	second := s.listen(t, "10.0.0.3")
	s.lead("10.0.0.3")
	require.NoError(t, first.Close())
	receive(t, second, from("10.0.0.1"))
	assert.Equal(t, "10.0.0.3:5150", agent.Status().Destinations[0].Address)
}

// A name with an address of each family: where IPv6 leads nowhere the report
// takes IPv4, and the other way round.
func TestIntegrationOtherFamily(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	four, six := s.listen(t, "10.0.0.2"), s.listen(t, "[fd00::2]")
	s.lead("fd00::2", "10.0.0.2")
	s.start(t, 0)
	receive(t, six, from("fd00::1"))
	require.NoError(t, s.device.IP("-6", "addr", "flush", "dev", "wan"))
	receive(t, four, from("10.0.0.1"))
	require.NoError(t, s.device.IP("addr", "add", "fd00::1/64", "dev", "wan", "nodad"))
	require.NoError(t, s.device.IP("-4", "addr", "flush", "dev", "wan"))
	receive(t, six, from("fd00::1"))
}

// The link is gone for a while: what was not sent comes late, and the count
// has no gap.
func TestIntegrationLinkGoneAndBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	server := s.listen(t, "10.0.0.2")
	agent := s.start(t, 32)
	receive(t, server, anyone)
	require.NoError(t, s.device.IP("link", "set", "dev", "wan", "down"))
	require.Eventually(t, func() bool { return agent.Status().Destinations[0].Waiting >= 3 }, 30*time.Second, 10*time.Millisecond)
	require.NoError(t, s.device.IP("link", "set", "dev", "wan", "up"))
	seen := map[uint64]bool{0: true}
	receive(t, server, func(m *telemetry.Message, _ netip.Addr) bool {
		seen[m.Seq] = true
		st := agent.Status().Destinations[0]
		return st.Late >= 3 && st.Waiting == 0 && uint64(len(seen)) == m.Seq+1
	})
	assert.Zero(t, agent.Status().Destinations[0].Dropped)
}
