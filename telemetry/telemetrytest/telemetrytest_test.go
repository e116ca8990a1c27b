package telemetrytest_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest/suite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSourceConforms(t *testing.T) {
	suite.TestSource(t, func(*testing.T) telemetry.Source { return telemetrytest.NewSource() })
}

func TestFixedSourceConforms(t *testing.T) {
	suite.TestSource(t, func(t *testing.T) telemetry.Source {
		s := telemetrytest.NewSource()
		sample, err := s.Sample(t.Context())
		require.NoError(t, err)
		s.Set(sample)
		return s
	})
}

func TestSourceLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := telemetrytest.NewSource()
		first, err := s.Sample(t.Context())
		require.NoError(t, err)
		same, err := s.Sample(t.Context())
		require.NoError(t, err)
		assert.Equal(t, first, same, "values change with time only")
		time.Sleep(10 * time.Second)
		later, err := s.Sample(t.Context())
		require.NoError(t, err)
		assert.Equal(t, first.Uptime.Value+10, later.Uptime.Value)
		assert.Greater(t, later.CPU.Idle.Value, first.CPU.Idle.Value)
		assert.Greater(t, later.Interfaces[0].RxBytes.Value, first.Interfaces[0].RxBytes.Value)
		assert.NotEqual(t, first.Modem.SignalDBm, later.Modem.SignalDBm)
		sum := func(c telemetry.CPU) uint64 {
			return c.User.Value + c.System.Value + c.Idle.Value + c.IRQ.Value + c.Nice.Value + c.IOWait.Value + c.SoftIRQ.Value + c.Steal.Value
		}
		assert.InDelta(t, 1000, sum(later.CPU)-sum(first.CPU), 1, "10 s are 1000 ticks")
	})
}

func TestSourceFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := telemetrytest.NewSource()
		broken := errors.New("broken")
		s.Fail(broken)
		got, err := s.Sample(t.Context())
		require.ErrorIs(t, err, broken)
		assert.Equal(t, telemetry.Sample{}, got)
		s.Fail(nil)

		s.Delay(time.Minute)
		began := time.Now()
		_, err = s.Sample(t.Context())
		require.NoError(t, err)
		assert.Equal(t, time.Minute, time.Since(began))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = s.Sample(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		s.Delay(0)
		s.Set(telemetry.Sample{Host: telemetry.Known("set")})
		got, err = s.Sample(t.Context())
		require.NoError(t, err)
		assert.Equal(t, telemetry.Known("set"), got.Host)
		assert.Equal(t, 4, s.Calls())
		assert.Equal(t, `calls=4 delay=0s error=<nil> facts={"host":"set"}`, s.String())
	})
}

// send brings datagrams to the collector, one write each.
func send(t *testing.T, c *telemetrytest.Collector, datagrams ...[]byte) {
	conn, err := net.Dial("udp", c.Addr())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	for _, d := range datagrams {
		_, err := conn.Write(d)
		require.NoError(t, err)
	}
}

func message(t *testing.T, seq uint64) []byte {
	b, err := telemetry.AppendMessage(nil, &telemetry.Message{Version: 1, Seq: seq})
	require.NoError(t, err)
	return b
}

func TestCollector(t *testing.T) {
	c := telemetrytest.NewCollector()
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	send(t, c, message(t, 1), []byte("junk"), message(t, 2))
	for _, want := range []uint64{1, 2} {
		m, err := c.Next(ctx)
		require.NoError(t, err)
		assert.Equal(t, want, m.Seq)
	}
	n, err := c.Malformed()
	assert.Equal(t, 1, n)
	require.ErrorIs(t, err, telemetry.ErrMalformed)
	assert.Len(t, c.Messages(), 2)
	assert.Equal(t, "collector "+c.Addr()+": 2 messages held, 0 unread, 1 malformed", c.String())
	assert.Equal(t, c.Addr(), c.Destination().String())
}

func TestCollectorWithKey(t *testing.T) {
	c := telemetrytest.NewCollector()
	defer c.Close()
	key, other := telemetry.NewKey(), telemetry.NewKey()
	c.Seal(key)
	c.Ack(true)
	conn, err := net.Dial("udp", c.Addr())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	exchange := func(d []byte) *telemetry.Ack {
		_, err := conn.Write(d)
		require.NoError(t, err)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
		buf := make([]byte, telemetry.MaxDatagram)
		n, err := conn.Read(buf)
		require.NoError(t, err)
		assert.LessOrEqual(t, n, len(d))
		a, err := telemetry.ParseAck(buf[:n], key)
		require.NoError(t, err)
		return a
	}
	sealed := func(seq uint64, k telemetry.Key) []byte {
		m := &telemetry.Message{Version: 1, Serial: "GK0001", Boot: telemetry.Known(uint32(97)), Seq: seq, Period: 60, Part: telemetry.Part{Index: 2, Count: 3}}
		b, err := telemetry.AppendSealed(nil, m, k)
		require.NoError(t, err)
		return b
	}
	_, err = conn.Write(sealed(1, other))
	require.NoError(t, err)
	_, err = conn.Write(message(t, 2))
	require.NoError(t, err)
	a := exchange(sealed(3, key))
	assert.InDelta(t, time.Now().Unix(), a.Time, 60)
	a.Time = 0
	assert.Equal(t, &telemetry.Ack{Serial: "GK0001", Boot: 97, Seq: 3, Part: 2}, a)
	require.Len(t, c.Messages(), 1)
	assert.Equal(t, uint64(3), c.Messages()[0].Seq)
	n, _ := c.Malformed()
	assert.Equal(t, 2, n)

	minimal, err := telemetry.AppendSealed(nil, &telemetry.Message{Version: 1, Serial: "GK0001", Seq: 4}, key)
	require.NoError(t, err)
	_, err = conn.Write(minimal)
	require.NoError(t, err)
	assert.Equal(t, uint64(5), exchange(sealed(5, key)).Seq, "the answer to 4 would be longer than it")
	c.Ack(false)
	_, err = conn.Write(sealed(6, key))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(c.Messages()) == 4 }, 10*time.Second, time.Millisecond)
	c.Ack(true)
	assert.Equal(t, uint64(7), exchange(sealed(7, key)).Seq, "6 was not answered")
}

func TestCollectorNextEnds(t *testing.T) {
	c := telemetrytest.NewCollector()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Next(ctx)
	require.ErrorIs(t, err, context.Canceled)
	ended := make(chan error)
	go func() {
		_, err := c.Next(context.Background())
		ended <- err
	}()
	c.Close()
	c.Close()
	require.ErrorIs(t, <-ended, net.ErrClosed)
}

func TestCollectorMemoryIsBounded(t *testing.T) {
	c := telemetrytest.NewCollector()
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	const sent = 1100
	for i := range uint64(sent) {
		send(t, c, message(t, i))
		if i%50 == 49 { // let the receiver keep up
			require.Eventually(t, func() bool {
				m := c.Messages()
				return len(m) > 0 && m[len(m)-1].Seq == i
			}, 10*time.Second, time.Millisecond)
		}
	}
	got := c.Messages()
	require.Len(t, got, 1024)
	assert.Equal(t, uint64(sent-1024), got[0].Seq)
	assert.Equal(t, uint64(sent-1), got[1023].Seq)
	m, err := c.Next(ctx)
	require.NoError(t, err)
	assert.Equal(t, uint64(sent-1024), m.Seq, "the oldest that is left")
}
