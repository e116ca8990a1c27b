package telemetry_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// startReal runs an agent on real sockets.
func startReal(t *testing.T, source telemetry.Source, to ...telemetry.Destination) *telemetry.Service {
	s, err := telemetry.New(telemetry.Config{
		Enabled:      true,
		Destinations: to,
		Period:       telemetry.Duration(time.Second),
	}, telemetry.Options{Source: source, Serial: serial})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	return s
}

func next(t *testing.T, c *telemetrytest.Collector) *telemetry.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	m, err := c.Next(ctx)
	require.NoError(t, err)
	return m
}

func TestIntegrationAgentToTwoCollectors(t *testing.T) {
	a, b := telemetrytest.NewCollector(), telemetrytest.NewCollector()
	defer a.Close()
	defer b.Close()
	source := telemetrytest.NewSource()
	source.Set(large().Sample)
	startReal(t, source, a.Destination(), b.Destination())
	for _, c := range []*telemetrytest.Collector{a, b} {
		first, second := next(t, c), next(t, c)
		assert.Equal(t, telemetry.Part{Index: 1, Count: 2}, first.Part)
		assert.Equal(t, telemetry.Part{Index: 2, Count: 2}, second.Part)
		assert.Equal(t, large().Sample, join([]telemetry.Message{*first, *second}).Sample)
		assert.InDelta(t, time.Now().Unix(), first.Time.Value, 60, "the clock of this machine")
		later := next(t, c)
		assert.Equal(t, uint64(1), later.Seq)
	}
}

// The server is not there at first: its port refuses. When it comes, the
// agent finds it by itself.
func TestIntegrationServerComesLater(t *testing.T) {
	reserved, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	addr := reserved.LocalAddr().(*net.UDPAddr)
	require.NoError(t, reserved.Close())

	s := startReal(t, telemetrytest.NewSource(), telemetry.Destination{Host: "localhost", Port: addr.Port})
	require.Eventually(t, func() bool { return s.Status().Destinations[0].Failed > 0 }, 20*time.Second, 10*time.Millisecond,
		"the refusal is seen")
	server, err := net.ListenUDP("udp4", addr)
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	require.NoError(t, server.SetReadDeadline(time.Now().Add(20*time.Second)))
	buf := make([]byte, telemetry.MaxDatagram+1)
	n, err := server.Read(buf)
	require.NoError(t, err)
	m, err := telemetry.Decode(buf[:n])
	require.NoError(t, err)
	assert.Equal(t, serial, m.Serial)
	assert.Contains(t, s.Status().Destinations[0].LastError, "refused")
}

// With acks: the agent hears from the server what it has, and sends again
// what it did not hear of.
func TestIntegrationAcks(t *testing.T) {
	t.Parallel()
	c := telemetrytest.NewCollector()
	defer c.Close()
	c.Seal(key(t))
	c.Ack(true)
	s, err := telemetry.New(telemetry.Config{
		Enabled:      true,
		Destinations: []telemetry.Destination{c.Destination()},
		Period:       telemetry.Duration(time.Second),
		KeyFile:      keyFile(t),
		Ring:         4,
		Acks:         true,
	}, telemetry.Options{
		Source: telemetrytest.NewSource(), Serial: serial,
		NextBoot: func(context.Context) (uint32, error) { return 1, nil },
	})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	defer func() { require.NoError(t, s.Stop(context.Background())) }()
	acked := func(n uint64) func() bool {
		return func() bool { return s.Status().Destinations[0].Acked >= n }
	}
	require.Eventually(t, acked(2), 20*time.Second, 10*time.Millisecond)
	st := s.Status().Destinations[0]
	assert.InDelta(t, 0, st.ClockOffset.Value, 2, "both have the clock of this machine")
	assert.True(t, st.ClockOffset.Known)
	assert.Zero(t, st.BadAcks)

	c.Seal(telemetry.NewKey()) // its key is wrong for a while
	require.Eventually(t, func() bool { n, _ := c.Malformed(); return n >= 1 }, 20*time.Second, 10*time.Millisecond)
	c.Seal(key(t))
	require.Eventually(t, func() bool { return s.Status().Destinations[0].Late >= 1 }, 30*time.Second, 10*time.Millisecond)
	for {
		if m := next(t, c); m.Late {
			break
		}
	}
}

func TestIntegrationIPv6(t *testing.T) {
	server, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
	if err != nil {
		t.Skipf("no IPv6 on the loopback interface: %v", err)
	}
	defer func() { require.NoError(t, server.Close()) }()
	startReal(t, telemetrytest.NewSource(), telemetry.Destination{Host: "::1", Port: server.LocalAddr().(*net.UDPAddr).Port})
	require.NoError(t, server.SetReadDeadline(time.Now().Add(20*time.Second)))
	buf := make([]byte, telemetry.MaxDatagram+1)
	n, err := server.Read(buf)
	require.NoError(t, err)
	_, err = telemetry.Decode(buf[:n])
	require.NoError(t, err)
}
