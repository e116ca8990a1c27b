package nats_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/sink/fanout"
	"github.com/fieldgate/fieldgate/examples/collector/sink/nats"
	"github.com/fieldgate/fieldgate/examples/collector/sink/sinktest"
	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

func TestIntegrationStoresDatagramsAsTheyCame(t *testing.T) {
	p := startPeer(t, nil)
	s := open(t, p.config())
	records := sinktest.Records("GK.0001", 5, 100)
	records[1].Sealed = false
	records[2].Message.Boot = telemetry.Maybe[uint32]{}
	records[3].Message.Part = telemetry.Part{Index: 2, Count: 2}
	require.NoError(t, s.Write(t.Context(), records))
	assert.Equal(t, nats.Status{Connected: true, Stored: 100}, s.Status())

	all, stream := p.stored(t, "TELEMETRY")
	require.Len(t, all, 100)
	for i, m := range all {
		assert.Equal(t, "tele.default.GK%2E0001", m.Subject)
		assert.Equal(t, records[i].Raw, m.Data)
		assert.Equal(t, nats.MessageID(&records[i]), m.Header.Get(client.MsgIdHdr))
		assert.Equal(t, "192.0.2.7:40112", m.Header.Get(nats.HeaderSource))
		received, err := time.Parse(time.RFC3339Nano, m.Header.Get(nats.HeaderReceived))
		require.NoError(t, err)
		assert.True(t, records[i].Received.Equal(received))
		assert.Equal(t, strconv.FormatBool(records[i].Sealed), map[string]string{"": "false", "true": "true"}[m.Header.Get(nats.HeaderSealed)])
	}
	assert.Equal(t, "GK%2E0001/97/5", all[0].Header.Get(client.MsgIdHdr))
	assert.Equal(t, "GK%2E0001/97/8/2", all[3].Header.Get(client.MsgIdHdr))

	assert.Equal(t, []string{"tele.>"}, stream.Subjects)
	assert.Equal(t, jetstream.FileStorage, stream.Storage)
	assert.Equal(t, jetstream.DiscardOld, stream.Discard)
	assert.Equal(t, 7*24*time.Hour, stream.MaxAge)
	assert.Equal(t, int64(-1), stream.MaxBytes)
	assert.Equal(t, 2*time.Minute, stream.Duplicates)
}

func TestIntegrationTwoCollectorsStoreOnce(t *testing.T) {
	p := startPeer(t, nil)
	records := sinktest.Records("GK0001", 0, 500)
	sinks := []*nats.Sink{open(t, p.config()), open(t, p.config())}
	results := make(chan error)
	for _, s := range sinks {
		go func() { results <- s.Write(t.Context(), records) }()
	}
	for range sinks {
		require.NoError(t, <-results)
	}
	all, _ := p.stored(t, "TELEMETRY")
	assert.Len(t, all, 500)
	assert.Equal(t, uint64(1000), sinks[0].Status().Stored+sinks[1].Status().Stored)
	assert.Equal(t, uint64(500), sinks[0].Status().Duplicates+sinks[1].Status().Duplicates)
}

func TestIntegrationBatches(t *testing.T) {
	p := startPeer(t, func(o *server.Options) { o.MaxPayload = 8 << 10 })
	c := p.config()
	c.Batch, c.Shard = 10, "eu-1"
	s := open(t, c)
	records := sinktest.Records("GK0001", 0, 25)
	require.NoError(t, s.Write(t.Context(), records))
	require.NoError(t, s.Write(t.Context(), records), "a repeated write stores nothing new")
	all, _ := p.stored(t, "TELEMETRY")
	var sequence []byte
	for i, m := range all {
		assert.Equal(t, "tele.batch.eu-1", m.Subject)
		sequence = append(sequence, m.Data...)
		if i == 0 {
			assert.Equal(t, "2026-11-18T09:16:48Z", m.Header.Get(nats.HeaderReceived))
		}
	}
	assert.Equal(t, []string{"10", "10", "5"}, []string{
		all[0].Header.Get(nats.HeaderCount), all[1].Header.Get(nats.HeaderCount), all[2].Header.Get(nats.HeaderCount)})
	for _, r := range records {
		require.Greater(t, len(sequence), len(r.Raw)-1)
		assert.Equal(t, r.Raw, sequence[:len(r.Raw)])
		sequence = sequence[len(r.Raw):]
	}
	assert.Empty(t, sequence)

	// A batch stays below the limit of the server.
	c.Batch = 1000
	big := open(t, c)
	require.NoError(t, big.Write(t.Context(), sinktest.Records("GK0002", 0, 100)))
	assert.Greater(t, big.Status().Stored, uint64(4))
}

// The operator's own stream is used as it is.
func TestIntegrationExistingStream(t *testing.T) {
	p := startPeer(t, nil)
	conn, err := client.Connect(p.ClientURL())
	require.NoError(t, err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	own := jetstream.StreamConfig{Name: "FLEET", Subjects: []string{"tele.north.>"}, Storage: jetstream.MemoryStorage, MaxMsgSize: 900}
	_, err = js.CreateStream(t.Context(), own)
	require.NoError(t, err)

	c := p.config()
	c.Stream, c.Group = "FLEET", "north"
	s := open(t, c)
	records := sinktest.Records("GK0001", 0, 3)
	records[1].Raw = make([]byte, 1000) // more than the stream takes
	err = s.Write(t.Context(), records)
	var refused *nats.RefusedError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, 1, refused.Messages)
	require.ErrorIs(t, err, receiver.ErrNotStored)
	assert.ErrorContains(t, err, "1 messages refused for good")
	all, stream := p.stored(t, "FLEET")
	assert.Len(t, all, 2, "the others are stored")
	assert.Equal(t, jetstream.MemoryStorage, stream.Storage)
	assert.Equal(t, nats.Status{Connected: true, Stored: 2, Refused: 1}, s.Status())

	c.Group, c.Timeout = "south", time.Second
	err = open(t, c).Write(t.Context(), records)
	require.Error(t, err)
	assert.ErrorContains(t, err, "stream FLEET: ")
	assert.ErrorContains(t, err, "does not take the subject tele.south.GK0001")
	assert.NotErrorIs(t, err, receiver.ErrNotStored, "the operator can put that right")
}

func TestIntegrationTooLargeForTheServer(t *testing.T) {
	p := startPeer(t, func(o *server.Options) { o.MaxPayload = 2000 })
	s := open(t, p.config())
	records := sinktest.Records("GK0001", 0, 3)
	records[0].Raw = make([]byte, 3000)
	require.ErrorIs(t, s.Write(t.Context(), records), receiver.ErrNotStored)
	all, _ := p.stored(t, "TELEMETRY")
	assert.Len(t, all, 2)
}

func TestIntegrationLogin(t *testing.T) {
	p := startPeer(t, func(o *server.Options) { o.Username, o.Password = "collector", "right" })
	c := p.config()
	c.User, c.Password, c.Timeout = "collector", config.NewSecret("right"), 2*time.Second
	require.NoError(t, open(t, c).Write(t.Context(), sinktest.Records("GK0001", 0, 1)))

	c.Password = config.NewSecret("hunter2")
	err := open(t, c).Write(t.Context(), sinktest.Records("GK0001", 0, 1))
	require.Error(t, err)
	assert.ErrorContains(t, err, "Authorization Violation")
	assert.NotContains(t, err.Error(), "hunter2")
}

func TestIntegrationServerAway(t *testing.T) {
	p := startPeer(t, nil)
	c := p.config()
	c.Timeout = time.Second
	p.stop()

	s := open(t, c)
	records := sinktest.Records("GK0001", 0, 4)
	began := time.Now()
	err := s.Write(t.Context(), records[:1])
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, "no connection to "+c.Servers[0])
	assert.NotErrorIs(t, err, receiver.ErrNotStored)
	assert.Less(t, time.Since(began), 5*time.Second)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began = time.Now()
	require.ErrorIs(t, s.Write(ctx, records[:1]), context.DeadlineExceeded)
	assert.Less(t, time.Since(began), time.Second, "the caller's own limit counts too")
	assert.False(t, s.Status().Connected)

	p.start(t) // it comes: no one has to tell the sink
	require.Eventually(t, func() bool { return s.Write(t.Context(), records[:1]) == nil }, 20*time.Second, time.Millisecond)
	require.NoError(t, s.Write(t.Context(), records[1:2]))
	p.stop() // and goes while connected
	require.Error(t, s.Write(t.Context(), records[2:3]))
	p.start(t)
	require.Eventually(t, func() bool { return s.Write(t.Context(), records[2:4]) == nil }, 20*time.Second, time.Millisecond)
	all, _ := p.stored(t, "TELEMETRY")
	assert.Len(t, all, 4)
}

// A server that has lost its disk gets its stream again.
func TestIntegrationStreamIsMadeAgain(t *testing.T) {
	p := startPeer(t, nil)
	s := open(t, p.config())
	records := sinktest.Records("GK0001", 0, 2)
	require.NoError(t, s.Write(t.Context(), records[:1]))
	conn, err := client.Connect(p.ClientURL())
	require.NoError(t, err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	require.NoError(t, js.DeleteStream(t.Context(), "TELEMETRY"))
	require.NoError(t, s.Write(t.Context(), records[1:]))
	all, _ := p.stored(t, "TELEMETRY")
	assert.Len(t, all, 1)
}

func TestIntegrationClose(t *testing.T) {
	p := startPeer(t, nil)
	s, err := nats.New(p.config(), nats.Options{})
	require.NoError(t, err)
	require.NoError(t, s.Close(), "before any use")
	require.ErrorIs(t, s.Write(t.Context(), sinktest.Records("GK0001", 0, 1)), nats.ErrClosed)
	require.NoError(t, s.Close())

	s = open(t, p.config())
	require.NoError(t, s.Write(t.Context(), sinktest.Records("GK0001", 0, 1)))
	p.stop()
	failed := make(chan error)
	go func() { failed <- s.Write(t.Context(), sinktest.Records("GK0001", 0, 1)) }()
	time.Sleep(200 * time.Millisecond)
	require.NoError(t, s.Close())
	require.Error(t, <-failed, "a write under way ends")
}

// ledger is a durable sink: what it took is what devices got an ack for.
type ledger struct{ ids []string }

func (l *ledger) Write(_ context.Context, records []receiver.Record) error {
	for i := range records {
		l.ids = append(l.ids, nats.MessageID(&records[i]))
	}
	return nil
}

// JetStream is down for a while behind a fan-out: the queue stays bounded,
// what it drops is counted, and every record that the sink counts as written
// is in the stream, once.
func TestIntegrationDownForAWhile(t *testing.T) {
	p := startPeer(t, nil)
	c := p.config()
	c.Timeout = 500 * time.Millisecond
	s := open(t, c)
	var primary ledger
	f, err := fanout.New(&primary, map[string]receiver.Sink{"nats": s}, fanout.Options{
		Queue: 1000, Batch: 100, RetryMin: 50 * time.Millisecond, RetryMax: 200 * time.Millisecond, Flush: 10 * time.Second,
	})
	require.NoError(t, err)
	require.NoError(t, f.Start(t.Context()))

	records := sinktest.Records("GK0001", 0, 9000)
	write := func(from, to int) {
		for i := from; i < to; i += 50 {
			require.NoError(t, f.Write(t.Context(), records[i:i+50]), "the ack does not depend on the broker")
			assert.LessOrEqual(t, f.Status().Others["nats"].Depth, 1100)
			time.Sleep(time.Millisecond)
		}
	}
	write(0, 3000)
	p.stop()
	write(3000, 6000)
	require.Eventually(t, func() bool { return f.Status().Others["nats"].Failing }, 10*time.Second, time.Millisecond)
	status := f.Status().Others["nats"]
	assert.GreaterOrEqual(t, status.Dropped, uint64(1900), "the queue holds 1,000 of 3,000")
	assert.NotEmpty(t, status.LastError)
	p.start(t)
	require.Eventually(t, func() bool { return f.Status().Others["nats"].Depth == 0 }, 20*time.Second, time.Millisecond, "it recovers by itself")
	write(6000, 9000)
	require.NoError(t, f.Stop(t.Context()))

	status = f.Status().Others["nats"]
	assert.Zero(t, status.Depth)
	assert.False(t, status.Failing)
	assert.Equal(t, uint64(9000), status.Written+status.Dropped, "every record is accounted for")
	require.Len(t, primary.ids, 9000)
	all, _ := p.stored(t, "TELEMETRY")
	assert.Len(t, all, int(status.Written), "all that the sink took, each once")
	seen := make(map[string]bool)
	for _, m := range all {
		id := m.Header.Get(client.MsgIdHdr)
		assert.False(t, seen[id], "twice: %s", id)
		seen[id] = true
	}
	for _, id := range primary.ids[len(primary.ids)-1000:] {
		assert.True(t, seen[id], "the newest are there: %s", id)
	}
}

// The sink as the primary: nothing that it answered nil for is lost, however
// the server goes and comes.
func TestIntegrationAcknowledgedIsStored(t *testing.T) {
	p := startPeer(t, nil)
	c := p.config()
	c.Timeout = 5 * time.Second
	s := open(t, c)
	records := sinktest.Records("GK0001", 0, 6000)
	require.NoError(t, s.Write(t.Context(), records[:20]))
	var acked []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; i < len(records); i += 20 {
			for {
				err := s.Write(t.Context(), records[i:i+20])
				if err == nil {
					break
				}
				if errors.Is(err, receiver.ErrNotStored) || t.Context().Err() != nil {
					assert.NoError(t, err)
					return
				}
			}
			for j := range 20 {
				acked = append(acked, nats.MessageID(&records[i+j]))
			}
			time.Sleep(2 * time.Millisecond)
		}
	}()
	for range 3 {
		time.Sleep(100 * time.Millisecond)
		p.stop()
		p.start(t)
	}
	<-done
	require.Len(t, acked, 6000)
	all, _ := p.stored(t, "TELEMETRY")
	ids := make([]string, len(all))
	for i, m := range all {
		ids[i] = m.Header.Get(client.MsgIdHdr)
	}
	assert.ElementsMatch(t, acked, ids)
}

func benchmark(b *testing.B, change func(*nats.Config)) {
	p := startPeer(b, nil)
	c := p.config()
	change(&c)
	s := open(b, c)
	records := sinktest.Records("GK0001", 0, 1000)
	first := uint32(0)
	b.ReportAllocs()
	for b.Loop() {
		first++ // no duplicates
		for i := range records {
			records[i].Message.Boot = telemetry.Known(first)
			records[i].Raw[len(records[i].Raw)-1] = byte(first)
			records[i].Raw[len(records[i].Raw)-2] = byte(first >> 8)
		}
		if err := s.Write(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(records))/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkWrite(b *testing.B)      { benchmark(b, func(*nats.Config) {}) }
func BenchmarkWriteBatch(b *testing.B) { benchmark(b, func(c *nats.Config) { c.Batch = 100 }) }
