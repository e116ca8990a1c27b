package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

func addrs(list ...string) []netip.Addr {
	var all []netip.Addr
	for _, a := range list {
		all = append(all, netip.MustParseAddr(a))
	}
	return all
}

// A moved server is found again without a restart, and a name server that is
// gone stops nothing.
func TestNameIsLookedUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network{names: map[string][]netip.Addr{"a": addrs("192.0.2.1")}}
		var log bytes.Buffer
		o := options()
		o.LookUp = n.LookUp
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		s := start(t, config(time.Minute, "a"), o, &n)
		pass(9 * time.Minute)
		assert.Equal(t, []string{"192.0.2.1:5150"}, n.dialled())
		assert.Equal(t, "192.0.2.1:5150", s.Status().Destinations[0].Address)

		n.set(func() { n.names["a"] = addrs("192.0.2.2") })
		pass(3 * time.Minute)
		assert.NotEmpty(t, n.received("192.0.2.2:5150"))
		assert.Equal(t, "192.0.2.2:5150", s.Status().Destinations[0].Address)

		n.set(func() { n.nameErr = &net.DNSError{Err: "server misbehaving", Name: "a", IsTemporary: true} })
		before := len(n.received("192.0.2.2:5150"))
		pass(time.Hour)
		assert.Len(t, n.received("192.0.2.2:5150"), before+60, "no report is lost")
		st := s.Status().Destinations[0]
		assert.False(t, st.Failing, "reports do leave")
		assert.Contains(t, st.LastError, "server misbehaving")
		assert.Equal(t, 1, strings.Count(log.String(), "look-up fails"))

		n.set(func() { n.nameErr = nil })
		pass(3 * time.Minute)
		assert.Equal(t, 1, strings.Count(log.String(), "look-up works again"))
		assert.Equal(t, 1, n.sockets())
		assert.Zero(t, s.Status().Destinations[0].Dropped)
	})
}

func TestNameWithoutAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		o := options()
		o.LookUp = n.LookUp
		s := start(t, config(time.Minute, "a"), o, &n)
		pass(time.Second)
		assert.Equal(t, "the name has no address", s.Status().Destinations[0].LastError)
		assert.Empty(t, n.dialled())
	})
}

// Of several addresses each is tried; the one that works is kept.
func TestEveryAddressIsTried(t *testing.T) {
	six, four := "[2001:db8::1]:5150", "192.0.2.1:5150"
	for name, fault := range map[string]func(*network){
		"no route":   func(n *network) { n.failDial(six, syscall.ENETUNREACH) },
		"it refuses": func(n *network) { n.refused = map[string]bool{six: true} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := network{names: map[string][]netip.Addr{"a": addrs("2001:db8::1", "192.0.2.1")}}
				fault(&n)
				o := options()
				o.LookUp = n.LookUp
				s := start(t, config(time.Minute, "a"), o, &n)
				pass(time.Minute + 2*time.Second)
				assert.Len(t, n.received(four), 1)
				pass(30 * time.Minute)
				assert.Len(t, n.received(four), 31, "none is lost, also when the name is looked up again")
				assert.Zero(t, s.Status().Destinations[0].Dropped)
				assert.LessOrEqual(t, s.Status().Destinations[0].Failed, uint64(1))

				n.set(func() { n.refused = map[string]bool{four: true}; n.dialErr = nil })
				pass(2 * time.Minute)
				assert.NotEmpty(t, n.received(six), "and back again")
			})
		})
	}
}

func TestAllAddressesFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network{names: map[string][]netip.Addr{"a": addrs("192.0.2.1", "192.0.2.2")}}
		n.failDial("192.0.2.1:5150", syscall.EHOSTUNREACH)
		n.failDial("192.0.2.2:5150", syscall.ENETUNREACH)
		o := options()
		o.LookUp = n.LookUp
		s := start(t, config(time.Hour, "a"), o, &n)
		synctest.Wait()
		assert.Equal(t, []string{"192.0.2.1:5150", "192.0.2.2:5150"}, n.dialled())
		st := s.Status().Destinations[0]
		assert.Equal(t, uint64(1), st.Failed)
		assert.Contains(t, st.LastError, "network is unreachable")
	})
}

// A device whose uplink changes sends from its new address, on a new socket.
func TestSocketFollowsTheLocalAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network{local: net.IPv4(10, 0, 0, 1)}
		s := start(t, config(time.Minute, "192.0.2.1"), options(), &n)
		pass(5 * time.Minute)
		require.Len(t, n.received(""), 5)
		assert.Equal(t, 1, n.sockets())
		assert.Equal(t, []string{"10.0.0.1"}, n.sources())

		n.set(func() { n.local = net.IPv4(10, 0, 0, 2) })
		pass(time.Minute)
		require.Len(t, n.received(""), 6)
		assert.Equal(t, []string{"10.0.0.1", "10.0.0.2"}, n.sources())
		assert.Equal(t, 1, n.sockets())
		assert.Zero(t, s.Status().Destinations[0].Failed)
	})
}

// An agent that does not count its starts would take the ack of an earlier
// start for one of this.
func TestAcksNeedABootCounter(t *testing.T) {
	c := config(time.Minute, "a")
	c.KeyFile, c.Acks = keyFile(t), true
	_, err := telemetry.New(c, options())
	require.ErrorContains(t, err, "acks: this device counts no starts (NextBoot)")
}

// recorder is an Encoder that notes the room it is given.
type recorder struct{ limits []int }

func (r *recorder) Encode(m *telemetry.Message, limit int) ([][]byte, error) {
	r.limits = append(r.limits, limit)
	return telemetry.CBOR{}.Encode(m, limit)
}

// A record of DTLS is longer than its message; the packet is not to be.
func TestDTLSLeavesRoomForItsRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network{names: map[string][]netip.Addr{"a": addrs("192.0.2.1")}, local: net.IPv4(10, 0, 0, 1)}
		c := config(time.Minute, "a")
		c.Destinations[0].Transport, c.Destinations[0].Identity, c.Destinations[0].PSKFile = telemetry.TransportDTLS, "GK1", "/etc/psk"
		c.Destinations[0].Encoding = telemetry.EncodingInflux
		encoder := new(recorder)
		o := options()
		o.LookUp = n.LookUp
		o.Encoders = map[telemetry.Encoding]telemetry.Encoder{telemetry.EncodingInflux: encoder}
		o.Dialers = map[telemetry.Transport]telemetry.DialFunc{telemetry.TransportDTLS: func(ctx context.Context, d telemetry.Destination) (net.Conn, error) {
			return n.Dial(ctx, "udp", d.String())
		}}
		start(t, c, o, &n)
		pass(2 * time.Minute)
		require.NotEmpty(t, encoder.limits)
		for _, limit := range encoder.limits {
			assert.LessOrEqual(t, limit, telemetry.MaxDatagram-64)
		}
	})
}

func TestOtherTransports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network{names: map[string][]netip.Addr{"a": addrs("192.0.2.1")}, local: net.IPv4(10, 0, 0, 1)}
		var dialled []telemetry.Destination
		c := config(time.Minute, "a")
		c.Destinations[0].Transport, c.Destinations[0].Identity, c.Destinations[0].PSKFile = telemetry.TransportDTLS, "GK1", "/etc/psk"
		c.Destinations[0].Encoding = telemetry.EncodingInflux
		o := options()
		_, err := telemetry.New(c, o)
		var faults telemetry.ConfigError
		require.ErrorAs(t, err, &faults)
		assert.Equal(t, "destinations[0].encoding: this device brings no encoder for influx\n"+
			"destinations[0].transport: this device brings no dialer for dtls", err.Error())

		o.LookUp = n.LookUp
		o.Encoders = map[telemetry.Encoding]telemetry.Encoder{telemetry.EncodingInflux: telemetry.CBOR{}}
		o.Dialers = map[telemetry.Transport]telemetry.DialFunc{telemetry.TransportDTLS: func(ctx context.Context, d telemetry.Destination) (net.Conn, error) {
			dialled = append(dialled, d)
			return n.Dial(ctx, "udp", d.String())
		}}
		start(t, c, o, &n)
		pass(5 * time.Minute)
		assert.Len(t, n.received("192.0.2.1:5150"), 5)
		want := c.Destinations[0]
		want.Host = "192.0.2.1"
		assert.Equal(t, []telemetry.Destination{want}, dialled, "once, its local address is not looked at")
	})
}
