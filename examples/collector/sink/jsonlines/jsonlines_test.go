package jsonlines_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/examples/collector/sink/jsonlines"
	"github.com/fieldgate/fieldgate/examples/collector/sink/sinktest"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func lines(t *testing.T, text string) []jsonlines.Line {
	var all []jsonlines.Line
	for line := range strings.Lines(text) {
		var l jsonlines.Line
		require.NoError(t, json.Unmarshal([]byte(line), &l), "%s", line)
		all = append(all, l)
	}
	return all
}

func TestForm(t *testing.T) {
	var out bytes.Buffer
	bare := sinktest.Records("GK0001", 7, 1)
	bare[0].Sealed, bare[0].Message = false, &telemetry.Message{Version: 1, Serial: "GK0001", Seq: 7}
	sealed := bare[0]
	sealed.Sealed = true
	require.NoError(t, jsonlines.New(&out).Write(t.Context(), append(bare, sealed)))
	assert.Equal(t, `{"received":"2026-11-18T09:16:48Z","source":"192.0.2.7:40112","message":{"v":1,"serial":"GK0001","seq":7}}
{"received":"2026-11-18T09:16:48Z","source":"192.0.2.7:40112","sealed":true,"message":{"v":1,"serial":"GK0001","seq":7}}
`, out.String())
}

func TestRecordsComeBackFromTheLines(t *testing.T) {
	var out bytes.Buffer
	records := sinktest.Records("GK0001", 0, 3)
	records[1].Message.Host = telemetry.Known("two\nlines\x00\u2028")
	require.NoError(t, jsonlines.New(&out).Write(t.Context(), records))
	all := lines(t, out.String())
	require.Len(t, all, 3)
	for i, l := range all {
		assert.True(t, records[i].Received.Equal(l.Received))
		assert.Equal(t, records[i].Source, l.Source)
		assert.True(t, l.Sealed)
		assert.Equal(t, records[i].Message, l.Message)
	}
}

// disk has room for some bytes.
type disk struct {
	bytes.Buffer
	room int
}

func (d *disk) Write(b []byte) (int, error) {
	if len(b) > d.room {
		n := d.room
		d.room = 0
		_, _ = d.Buffer.Write(b[:n])
		return n, syscall.ENOSPC
	}
	d.room -= len(b)
	return d.Buffer.Write(b)
}

func TestFullDiskTearsNoOtherLine(t *testing.T) {
	d := &disk{room: 100}
	s := jsonlines.New(d)
	records := sinktest.Records("GK0001", 0, 2)
	require.ErrorIs(t, s.Write(t.Context(), records), syscall.ENOSPC)
	require.ErrorIs(t, s.Write(t.Context(), records), syscall.ENOSPC, "still full")
	d.room = 1 << 20
	require.NoError(t, s.Write(t.Context(), records), "as soon as there is room again")
	torn, rest, found := strings.Cut(d.String(), "\n")
	require.True(t, found)
	assert.Len(t, torn, 100)
	assert.Len(t, lines(t, rest), 2)
}

func TestStuckOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, write := io.Pipe()
		s := jsonlines.New(write)
		records := sinktest.Records("GK0001", 0, 2)
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			began := time.Now()
			err := s.Write(ctx, records[:1])
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.ErrorContains(t, err, "stuck")
			assert.NotErrorIs(t, err, receiver.ErrNotStored, "it is worth another try")
			assert.Equal(t, time.Second, time.Since(began))
		}
		read2 := make(chan string)
		go func() {
			b, _ := io.ReadAll(read)
			read2 <- string(b)
		}()
		require.NoError(t, s.Write(t.Context(), records[1:]))
		require.NoError(t, write.Close())
		all := lines(t, <-read2)
		require.Len(t, all, 2, "what was under way, once, and what came then")
		assert.Equal(t, uint64(0), all[0].Message.Seq)
		assert.Equal(t, uint64(1), all[1].Message.Seq)
	})
}

func TestEndedContext(t *testing.T) {
	var out bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, jsonlines.New(&out).Write(ctx, sinktest.Records("GK0001", 0, 1)), context.Canceled)
	assert.Empty(t, out.String())
}

func BenchmarkWrite(b *testing.B) {
	records := sinktest.Records("GK0001", 0, 1000)
	s := jsonlines.New(io.Discard)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Write(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(records))/b.Elapsed().Seconds(), "records/s")
}
