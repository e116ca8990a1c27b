package receiver_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/internal/memnet"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	serverAddr = "192.0.2.1:5150"
	clientAddr = "192.0.2.7:40112"
)

// masterKey is that of the fleet in these tests.
func masterKey() telemetry.Key {
	k, err := telemetry.ParseKey("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
	if err != nil {
		panic(err)
	}
	return k
}

var errKeyStore = errors.New("the key store is down")

// keys knows all serials that begin with "GK". The one of "GKERR" fails.
func keys(_ context.Context, serial string) (telemetry.Key, bool, error) {
	switch {
	case serial == "GKERR":
		return telemetry.Key{}, false, errKeyStore
	case len(serial) < 2 || serial[:2] != "GK":
		return telemetry.Key{}, false, nil
	}
	return telemetry.DeriveKey(masterKey(), serial), true, nil
}

func config() receiver.Config {
	c := receiver.DefaultConfig()
	c.Enabled = true
	c.Listen = []string{serverAddr}
	return c
}

// server is a running receiver in a bubble, and a client.
type server struct {
	*receiver.Service
	t      *testing.T
	sink   *receivertest.Memory
	client net.PacketConn
}

// start runs a receiver. It is to be called in a bubble of synctest, and is
// stopped at the end of the test at the latest.
func start(t *testing.T, c receiver.Config, change ...func(*receiver.Options)) *server {
	t.Helper()
	n := new(memnet.Network)
	s := &server{t: t, sink: new(receivertest.Memory)}
	o := receiver.Options{Sink: s.sink, Keys: receiver.KeyFunc(keys), ListenPacket: n.ListenPacket}
	for _, f := range change {
		f(&o)
	}
	var err error
	s.Service, err = receiver.New(c, o)
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	s.client, err = n.ListenPacket(t.Context(), "udp", clientAddr)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = s.client.Close()
		assert.NoError(t, s.Stop(context.WithoutCancel(t.Context())))
		s.checkSum()
	})
	return s
}

// checkSum tests that nothing was counted twice or not at all.
func (s *server) checkSum() {
	st := s.Stats()
	assert.Equal(s.t, st.Datagrams, st.Received+st.Truncated+st.Malformed+st.Version+st.Bare+st.Unknown+st.BadMAC+
		st.KeyErrors+st.Limited+st.Duplicate+st.Replayed+st.MaxDevices+st.QueueFull+st.NotStored+uint64(s.Status().Queued),
		"each datagram is counted once: %+v", st)
}

// send sends a datagram and waits until it has been looked at.
func (s *server) send(b []byte) {
	s.t.Helper()
	s.post(b)
	s.settle()
}

// post sends without waiting.
func (s *server) post(b []byte) {
	s.t.Helper()
	_, err := s.client.WriteTo(b, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(serverAddr)))
	require.NoError(s.t, err)
}

// settle waits until all that was sent has gone as far as it can.
func (s *server) settle() {
	synctest.Wait()
	time.Sleep(time.Second) // longer than a batch waits to be filled
	synctest.Wait()
}

func (s *server) device(serial string) receiver.DeviceStats {
	s.t.Helper()
	d, ok := s.Device(serial)
	require.True(s.t, ok, "the receiver does not know %s", serial)
	return d
}

// ack returns the next ack that has arrived, nil if there is none.
func (s *server) ack(serial string) *telemetry.Ack {
	s.t.Helper()
	b := make([]byte, 2048)
	require.NoError(s.t, s.client.SetReadDeadline(time.Now().Add(time.Millisecond)))
	n, from, err := s.client.ReadFrom(b)
	if err != nil {
		return nil
	}
	require.Equal(s.t, serverAddr, from.String())
	key := telemetry.DeriveKey(masterKey(), serial)
	ack, err := telemetry.ParseAck(b[:n], key)
	require.NoError(s.t, err)
	return ack
}

// message is a report as devices make them, every 60 s.
func message(serial string, boot uint32, seq uint64) *telemetry.Message {
	return &telemetry.Message{
		Version: telemetry.Version,
		Serial:  serial,
		Boot:    telemetry.Known(boot),
		Seq:     seq,
		Sample:  telemetry.Sample{Uptime: telemetry.Known(30 + 60*seq), Host: telemetry.Known("gateway")},
		Period:  60,
	}
}

func sealed(t *testing.T, m *telemetry.Message) []byte {
	t.Helper()
	key := telemetry.DeriveKey(masterKey(), m.Serial)
	b, err := telemetry.AppendSealed(nil, m, key)
	require.NoError(t, err)
	return b
}

func bare(t *testing.T, m *telemetry.Message) []byte {
	t.Helper()
	b, err := telemetry.AppendMessage(nil, m)
	require.NoError(t, err)
	return b
}

// report is a sealed report.
func report(t *testing.T, serial string, boot uint32, seq uint64) []byte {
	t.Helper()
	return sealed(t, message(serial, boot, seq))
}

// bubble runs a test in a bubble of synctest, with its clean-ups.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}
