package store_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
	"github.com/fieldgate/fieldgate/examples/collector/store"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// realistic makes reports as long as those of a device with 65 values.
func realistic(b testing.TB, n int) []receiver.Record {
	sample, err := telemetrytest.NewSource().Sample(b.Context())
	require.NoError(b, err)
	list := make([]receiver.Record, n)
	for i := range list {
		list[i] = record(serial(i), 0)
		m := list[i].Message
		m.Sample = sample
		list[i].Raw, err = telemetry.AppendMessage(nil, m)
		require.NoError(b, err)
	}
	return list
}

// BenchmarkWrite stores batches as a collector at 50,000 reports a second and
// an interval of 1 s does, each with its sync.
func BenchmarkWrite(b *testing.B) {
	s, err := store.Open(b.Context(), store.Options{Dir: b.TempDir(), RetainBytes: 1 << 30})
	require.NoError(b, err)
	batch := realistic(b, 50_000)
	b.SetBytes(int64(len(batch) * len(batch[0].Raw)))
	for seq := uint64(0); b.Loop(); seq++ {
		for i := range batch {
			batch[i].Message.Seq, batch[i].Received = seq, began.Add(time.Duration(seq)*time.Second)
		}
		require.NoError(b, s.Write(b.Context(), batch))
	}
	b.ReportMetric(float64(b.N)*float64(len(batch))/b.Elapsed().Seconds(), "records/s")
	require.NoError(b, s.Close(context.Background()))
}

// BenchmarkHistoryOfADay reads one value a minute of one device among 10,000
// devices of which each has 1,440: 14,400,000 records.
func BenchmarkHistoryOfADay(b *testing.B) {
	const devices, reports = 10_000, 1440
	s, err := store.Open(b.Context(), store.Options{Dir: b.TempDir()})
	require.NoError(b, err)
	batch := realistic(b, devices)
	for seq := range uint64(reports) {
		for i := range batch {
			batch[i].Message.Seq, batch[i].Received = seq, began.Add(time.Duration(seq)*time.Minute)
		}
		require.NoError(b, s.Write(b.Context(), batch))
	}
	for b.Loop() {
		n := 0
		require.NoError(b, s.History(b.Context(), serial(4711), began, began.AddDate(0, 0, 1), func(r *latest.Report) bool {
			if _, err := r.Message(); err == nil {
				n++
			}
			return true
		}))
		require.Equal(b, reports, n)
	}
	require.NoError(b, s.Close(context.Background()))
}

// BenchmarkMillionDevices fills a store with the reports of 1,000,000 devices,
// twice, and asks for single ones. It fails above 1 GB of memory or 10 ms.
func BenchmarkMillionDevices(b *testing.B) {
	const devices, batchSize = 1_000_000, 50_000
	s, err := store.Open(b.Context(), store.Options{Dir: b.TempDir()})
	require.NoError(b, err)
	batch := realistic(b, batchSize)
	for round := range 2 * devices / batchSize {
		for i := range batch {
			r := &batch[i]
			m := *r.Message
			m.Serial, m.Seq = serial((round*batchSize+i)%devices), uint64(round/(devices/batchSize))
			raw, err := telemetry.AppendMessage(nil, &m)
			require.NoError(b, err)
			r.Device, r.Raw, r.Message = m.Serial, raw, &m
		}
		require.NoError(b, s.Write(b.Context(), batch))
	}
	batch = nil
	runtime.GC()
	require.Equal(b, devices, s.Table().Len())
	peak := memory(b, "VmHWM")
	require.Less(b, peak, int64(1_000_000_000), "memory at most")
	i := 0
	var took []time.Duration
	for b.Loop() {
		asked := time.Now()
		state, ok := s.Table().Get(serial(i % devices))
		require.True(b, ok)
		m, err := state.Message()
		require.NoError(b, err)
		require.Equal(b, uint64(1), m.Seq)
		took = append(took, time.Since(asked))
		i += 7919
	}
	b.ReportMetric(float64(peak)/1e6, "peak-MB")
	b.ReportMetric(float64(memory(b, "VmRSS"))/1e6, "MB")
	slices.Sort(took)
	p999 := took[len(took)*999/1000]
	require.Less(b, p999, 10*time.Millisecond)
	b.ReportMetric(float64(p999.Microseconds())/1000, "p99.9-ms")
	asked := time.Now()
	page, _ := s.Table().Page(serial(500_000), 100, nil)
	require.Len(b, page, 100)
	b.ReportMetric(float64(time.Since(asked).Microseconds())/1000, "page-ms")
	asked = time.Now()
	require.NoError(b, s.Checkpoint(context.Background()))
	b.ReportMetric(float64(time.Since(asked).Milliseconds()), "checkpoint-ms")
	b.ReportMetric(float64(memory(b, "VmHWM"))/1e6, "peak-with-checkpoint-MB")
	require.NoError(b, s.Close(context.Background()))
}

// memory reads one value of this process, in bytes.
func memory(b testing.TB, name string) int64 {
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(b, err)
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			require.NoError(b, err)
			return n * 1024
		}
	}
	panic(fmt.Sprintf("no %s", name))
}
