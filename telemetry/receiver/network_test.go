package receiver_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest"
)

// real runs a receiver on real sockets.
func real(t *testing.T, c receiver.Config, log *slog.Logger) (*receiver.Service, *receivertest.Memory) {
	t.Helper()
	sink := new(receivertest.Memory)
	s, err := receiver.New(c, receiver.Options{Sink: sink, Keys: receiver.KeyFunc(keys), Logger: log})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, s.Stop(context.WithoutCancel(t.Context()))) })
	return s, sink
}

func haveIPv6(t *testing.T) bool {
	conn, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
	if err != nil {
		t.Logf("no IPv6 here: %v", err)
		return false
	}
	return conn.Close() == nil
}

// Both families, one socket or several, and acks back by the same way.
func TestRealSockets(t *testing.T) {
	for _, sockets := range []int{1, 3} {
		t.Run(fmt.Sprintf("%d sockets", sockets), func(t *testing.T) {
			if sockets > 1 && runtime.GOOS != "linux" {
				t.Skip("needs Linux")
			}
			c := acks()
			c.Sockets = sockets
			c.Listen = []string{"127.0.0.1:0", ":0"}
			hosts := []string{"127.0.0.1", "127.0.0.1"}
			if haveIPv6(t) {
				c.Listen = append(c.Listen, "[::1]:0", ":0")
				hosts = append(hosts, "::1", "::1") // the last by a socket of both families
			}
			s, sink := real(t, c, nil)
			addrs := s.Addrs()
			require.Len(t, addrs, sockets*len(c.Listen))
			const clients = 20
			for i, host := range hosts {
				port := addrs[i*sockets].Port()
				for j := range sockets {
					require.Equal(t, port, addrs[i*sockets+j].Port(), "sockets of one address share its port")
				}
				for j := range clients {
					exchange(t, netip.AddrPortFrom(netip.MustParseAddr(host), port), fmt.Sprintf("GK%d-%d", i, j))
				}
			}
			assert.Equal(t, len(hosts)*clients, sink.Len())
			for _, r := range sink.Records() {
				assert.True(t, r.Source.Addr().IsLoopback(), "%s", r.Source)
				assert.False(t, r.Source.Addr().Is4In6(), "%s", r.Source)
			}
			require.NoError(t, s.Stop(t.Context()))
			assert.Equal(t, uint64(len(hosts)*clients), s.Stats().Acks)
		})
	}
}

// On a host of several addresses the ack comes from the one that was written
// to; a device that has connected its socket takes no other.
func TestAckComesFromWhereTheReportWent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux, where all of 127.0.0.0/8 is this host")
	}
	for name, listen := range map[string]string{"IPv4": "0.0.0.0:0", "both families": ":0"} {
		t.Run(name, func(t *testing.T) {
			c := acks()
			c.Listen = []string{listen}
			s, _ := real(t, c, nil)
			port := s.Addrs()[0].Port()
			for i, host := range []string{"127.0.0.2", "127.0.0.1", "127.0.0.3"} {
				exchange(t, netip.AddrPortFrom(netip.MustParseAddr(host), port), fmt.Sprintf("GK0-%d", i))
			}
			if listen == ":0" && haveIPv6(t) {
				exchange(t, netip.AddrPortFrom(netip.IPv6Loopback(), port), "GK0-6")
			}
		})
	}
}

// exchange sends a report from a socket of its own and waits for the ack.
func exchange(t *testing.T, to netip.AddrPort, serial string) {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = conn.Write(report(t, serial, 1, 0))
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	b := make([]byte, 2048)
	n, err := conn.Read(b)
	require.NoError(t, err, "no ack for %s from %s", serial, to)
	key := telemetry.DeriveKey(masterKey(), serial)
	ack, err := telemetry.ParseAck(b[:n], key)
	require.NoError(t, err)
	assert.Equal(t, serial, ack.Serial)
}

// A batch of one read keeps the datagrams apart, the long ones too.
func TestRealBatch(t *testing.T) {
	c := config()
	c.Listen = []string{"127.0.0.1:0"}
	s, sink := real(t, c, nil)
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(s.Addrs()[0]))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	const n = 200
	want := make(map[string][]byte)
	for i := range n {
		m := message(fmt.Sprintf("GK%d", i), 1, uint64(i))
		for range i % 7 {
			m.Disks = append(m.Disks, telemetry.Disk{Mount: "/a/longer/name", Total: telemetry.Known(uint64(i))})
		}
		want[m.Serial] = sealed(t, m)
		_, err := conn.Write(want[m.Serial])
		require.NoError(t, err)
		_, err = conn.Write(make([]byte, receiver.MaxPacket+i))
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return s.Stats().Datagrams == 2*n && sink.Len() == n }, 10*time.Second, time.Millisecond)
	for _, r := range sink.Records() {
		assert.Equal(t, want[r.Device], r.Raw)
	}
	assert.Equal(t, uint64(n-1), s.Stats().Truncated)
	assert.Equal(t, uint64(1), s.Stats().Malformed, "one has just the length that is allowed")
}

// The size that the kernel grants is told, and a warning when it is less.
func TestReadBuffer(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux")
	}
	c := config()
	c.Listen = []string{"127.0.0.1:0"}
	c.ReadBuffer = 64 << 10
	var log bytes.Buffer
	s, _ := real(t, c, slog.New(slog.NewTextHandler(&log, nil)))
	assert.Equal(t, 64<<10, s.Status().Sockets[0].ReadBuffer)
	assert.Empty(t, log.String())

	c.ReadBuffer = receiver.MaxReadBuffer
	s, _ = real(t, c, slog.New(slog.NewTextHandler(&log, nil)))
	if s.Status().Sockets[0].ReadBuffer < c.ReadBuffer {
		assert.Contains(t, log.String(), "net.core.rmem_max")
	} else {
		assert.Empty(t, log.String(), "root is granted what it asks for")
	}
}

func TestAddressInUse(t *testing.T) {
	c := config()
	c.Listen = []string{"127.0.0.1:0"}
	s, _ := real(t, c, nil)
	c.Listen = []string{s.Addrs()[0].String()}
	again, err := receiver.New(c, receiver.Options{Sink: new(receivertest.Memory), Keys: receiver.KeyFunc(keys)})
	require.NoError(t, err)
	require.ErrorContains(t, again.Start(t.Context()), "address already in use")
	require.NoError(t, again.Stop(t.Context()))
}

// Datagrams that found the buffer full are the kernel's loss, and counted.
func TestKernelDrops(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux")
	}
	if testing.Short() {
		t.Skip("takes 5 s")
	}
	c := config()
	c.Listen = []string{"127.0.0.1:0"}
	c.ReadBuffer = 4096
	sink := new(receivertest.Memory)
	wait := make(chan struct{})
	s, err := receiver.New(c, receiver.Options{Sink: sink, Keys: receiver.KeyFunc(keys), Now: func() time.Time {
		<-wait // the reader stands still with its first batch
		return time.Now()
	}})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(s.Addrs()[0]))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	const n = 500
	for i := range uint64(n) {
		_, err := conn.Write(report(t, "GK0001", 1, i))
		require.NoError(t, err)
	}
	close(wait)
	require.NoError(t, s.Stop(t.Context()))
	st := s.Stats()
	assert.NotZero(t, st.KernelDrops)
	assert.LessOrEqual(t, st.Datagrams+st.KernelDrops, uint64(n), "what is still in the buffer at the end is in neither")
}
