package fanout_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/examples/collector/sink/fanout"
	"github.com/fieldgate/fieldgate/examples/collector/sink/sinktest"
	"github.com/fieldgate/fieldgate/internal/lifecycle/lifecycletest"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = errors.New("server down")

// fake keeps the seq of what is written to it.
type fake struct {
	mu      sync.Mutex
	seqs    []uint64
	batches []int
	err     error
	stuck   bool // until ctx ends
}

func (f *fake) Write(ctx context.Context, records []receiver.Record) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stuck {
		f.mu.Unlock()
		<-ctx.Done()
		f.mu.Lock()
		return ctx.Err()
	}
	if f.err != nil {
		return f.err
	}
	for _, r := range records {
		f.seqs = append(f.seqs, r.Message.Seq)
	}
	f.batches = append(f.batches, len(records))
	return nil
}

func (f *fake) set(err error, stuck bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err, f.stuck = err, stuck
}

func (f *fake) got() []uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]uint64(nil), f.seqs...)
}

func count(from, to uint64) []uint64 {
	var all []uint64
	for ; from < to; from++ {
		all = append(all, from)
	}
	return all
}

func TestContract(t *testing.T) {
	lifecycletest.TestService(t, func(t *testing.T) lifecycletest.Subject {
		f, err := fanout.New(&fake{}, map[string]receiver.Sink{"a": &fake{}, "b": &fake{}}, fanout.Options{})
		require.NoError(t, err)
		return lifecycletest.Subject{Service: f, Resources: func() int { return 0 }}
	})
}

// start returns a running Fanout, which the test must stop.
func start(t *testing.T, primary receiver.Sink, others map[string]receiver.Sink, o fanout.Options) *fanout.Fanout {
	f, err := fanout.New(primary, others, o)
	require.NoError(t, err)
	require.NoError(t, f.Start(t.Context()))
	return f
}

func TestEveryRecordReachesEverySink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var primary, a, b fake
		f := start(t, &primary, map[string]receiver.Sink{"a": &a, "b": &b}, fanout.Options{Batch: 3})
		records := sinktest.Records("GK0001", 0, 20)
		for i := 0; i < 20; i += 5 {
			passed := append([]receiver.Record(nil), records[i:i+5]...)
			require.NoError(t, f.Write(t.Context(), passed))
			clear(passed) // the slice is the caller's
		}
		synctest.Wait()
		for name, s := range map[string]*fake{"primary": &primary, "a": &a, "b": &b} {
			assert.Equal(t, count(0, 20), s.got(), name)
		}
		for _, n := range a.batches {
			assert.LessOrEqual(t, n, 3)
		}
		want := fanout.SinkStatus{Capacity: 16384, Written: 20}
		assert.Equal(t, fanout.Status{
			Primary: fanout.SinkStatus{Written: 20},
			Others:  map[string]fanout.SinkStatus{"a": want, "b": want},
		}, f.Status())
		require.NoError(t, f.Stop(t.Context()))
	})
}

func TestThePrimaryDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var primary, other fake
		f := start(t, &primary, map[string]receiver.Sink{"other": &other}, fanout.Options{})
		records := sinktest.Records("GK0001", 0, 3)

		other.set(errDown, false)
		require.NoError(t, f.Write(t.Context(), records[:1]), "the others do not count")

		// The receiver repeats a write that failed, so nothing is queued yet.
		primary.set(errDown, false)
		for range 5 {
			require.ErrorIs(t, f.Write(t.Context(), records[1:2]), errDown)
		}
		primary.set(nil, false)
		require.NoError(t, f.Write(t.Context(), records[1:2]))

		// It does not repeat this one.
		full := fmt.Errorf("disk full: %w", receiver.ErrNotStored)
		primary.set(full, false)
		require.ErrorIs(t, f.Write(t.Context(), records[2:]), receiver.ErrNotStored)

		other.set(nil, false)
		time.Sleep(time.Minute)
		assert.Equal(t, []uint64{0, 1}, primary.got())
		assert.Equal(t, []uint64{0, 1, 2}, other.got(), "each once")
		status := f.Status().Primary
		assert.Equal(t, uint64(2), status.Written)
		assert.Equal(t, uint64(1), status.Refused)
		assert.Equal(t, uint64(6), status.Failures)
		assert.Equal(t, full.Error(), status.LastError)
		require.NoError(t, f.Stop(t.Context()))
	})
}

func TestADeadSinkCostsTheOthersNothing(t *testing.T) {
	for name, dead := range map[string]*fake{"fails": {err: errDown}, "hangs": {stuck: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var primary, alive fake
				var log bytes.Buffer
				f := start(t, &primary, map[string]receiver.Sink{"dead": dead, "alive": &alive}, fanout.Options{
					Queue: 100, Batch: 10, Flush: 2 * time.Second, Logger: slog.New(slog.NewTextHandler(&log, nil)),
				})
				records := sinktest.Records("GK0001", 0, 1000)
				began := time.Now()
				for i := 0; i < 1000; i += 10 {
					require.NoError(t, f.Write(t.Context(), records[i:i+10]))
					synctest.Wait()
				}
				assert.Zero(t, time.Since(began), "no write waits for the dead one")
				assert.Equal(t, count(0, 1000), alive.got())
				status := f.Status().Others["dead"]
				assert.Equal(t, 110, status.Depth, "a full queue, and what is being written")
				assert.Equal(t, 100, status.Capacity)
				assert.Equal(t, uint64(890), status.Dropped)
				assert.Zero(t, status.Written)

				require.NoError(t, f.Stop(t.Context()))
				assert.Equal(t, 2*time.Second, time.Since(began), "the end is bounded")
				status = f.Status().Others["dead"]
				assert.Zero(t, status.Depth)
				assert.Equal(t, uint64(1000), status.Dropped, "all are accounted for")
				assert.LessOrEqual(t, strings.Count(log.String(), "\n"), 1, "the log is not flooded")
			})
		})
	}
}

func TestAnOutageEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var primary, other fake
		var log bytes.Buffer
		f := start(t, &primary, map[string]receiver.Sink{"other": &other}, fanout.Options{
			Queue: 50, Batch: 10, RetryMin: time.Second, RetryMax: 10 * time.Second,
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		records := sinktest.Records("GK0001", 0, 220)
		other.set(errDown, false)
		for i := range 200 { // an hour, a record every 18 s
			require.NoError(t, f.Write(t.Context(), records[i:i+1]))
			time.Sleep(18 * time.Second)
		}
		status := f.Status().Others["other"]
		assert.True(t, status.Failing)
		assert.Equal(t, errDown.Error(), status.LastError)
		assert.WithinRange(t, status.LastErrorTime, time.Now().Add(-10*time.Second), time.Now())
		assert.InDelta(t, 3600/7.5, float64(status.Failures), 100, "a try every 5 to 10 s")

		other.set(nil, false)
		time.Sleep(10 * time.Second)
		require.NoError(t, f.Write(t.Context(), records[200:]))
		synctest.Wait()
		got := other.got()
		assert.Equal(t, append([]uint64{0}, count(150, 220)...), got, "what was under way, and the newest that fit")
		status = f.Status().Others["other"]
		assert.False(t, status.Failing)
		assert.Equal(t, uint64(149), status.Dropped)
		assert.Equal(t, uint64(71), status.Written)
		assert.Zero(t, status.Depth)
		assert.Equal(t, 1, strings.Count(log.String(), "a sink fails"))
		assert.Regexp(t, `the sink works again" sink=other dropped=149`, log.String())
		require.NoError(t, f.Stop(t.Context()))
	})
}

func TestARefusalIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var primary fake
		other := &fake{err: fmt.Errorf("field type conflict: %w", receiver.ErrNotStored)}
		f := start(t, &primary, map[string]receiver.Sink{"other": other}, fanout.Options{})
		records := sinktest.Records("GK0001", 0, 5)
		require.NoError(t, f.Write(t.Context(), records[:3]))
		synctest.Wait()
		other.set(nil, false)
		require.NoError(t, f.Write(t.Context(), records[3:]))
		synctest.Wait()
		assert.Equal(t, []uint64{3, 4}, other.got())
		status := f.Status().Others["other"]
		assert.Equal(t, uint64(3), status.Refused)
		assert.Equal(t, uint64(2), status.Written)
		assert.Equal(t, uint64(1), status.Failures)
		assert.Contains(t, status.LastError, "field type conflict")
		require.NoError(t, f.Stop(t.Context()))
	})
}

func TestStopFlushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var primary, other fake
		other.set(errDown, false)
		f := start(t, &primary, map[string]receiver.Sink{"other": &other}, fanout.Options{Batch: 7, Flush: 10 * time.Second})
		require.NoError(t, f.Write(t.Context(), sinktest.Records("GK0001", 0, 100)))
		stopped := make(chan error)
		go func() { stopped <- f.Stop(t.Context()) }()
		time.Sleep(4 * time.Second)
		require.ErrorIs(t, f.Write(t.Context(), sinktest.Records("GK0001", 100, 1)), fanout.ErrNotRunning)
		other.set(nil, false)
		require.NoError(t, <-stopped)
		assert.Equal(t, count(0, 100), other.got())
		assert.Zero(t, f.Status().Others["other"].Dropped)
	})
}

func TestConcurrentWrites(t *testing.T) {
	var primary, other fake
	f := start(t, &primary, map[string]receiver.Sink{"other": &other}, fanout.Options{Queue: 64, Batch: 16})
	records := sinktest.Records("GK0001", 0, 1000)
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := w; i < 1000; i += 4 {
				assert.NoError(t, f.Write(t.Context(), records[i:i+1]))
				f.Status()
			}
		})
	}
	writers.Wait()
	require.NoError(t, f.Stop(t.Context()))
	assert.Len(t, primary.got(), 1000)
	status := f.Status().Others["other"]
	assert.Equal(t, uint64(1000), status.Written+status.Dropped)
	assert.Len(t, other.got(), int(status.Written))
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		primary receiver.Sink
		others  map[string]receiver.Sink
		options fanout.Options
		want    string
	}{
		"no primary":     {nil, nil, fanout.Options{}, "primary: required"},
		"nil sink":       {&fake{}, map[string]receiver.Sink{"a": nil}, fanout.Options{}, "others.a: required"},
		"no name":        {&fake{}, map[string]receiver.Sink{"": &fake{}}, fanout.Options{}, "a sink has no name"},
		"name taken":     {&fake{}, map[string]receiver.Sink{"primary": &fake{}}, fanout.Options{}, "others.primary: the primary sink is called so"},
		"queue":          {&fake{}, nil, fanout.Options{Queue: -1}, "queue: -1 is out of range"},
		"large queue":    {&fake{}, nil, fanout.Options{Queue: fanout.MaxQueue + 1}, "allowed is 1 to 4194304 records"},
		"batch":          {&fake{}, nil, fanout.Options{Batch: -1}, "batch: -1 is out of range"},
		"retry":          {&fake{}, nil, fanout.Options{RetryMin: 1}, "retry_min: 1ns is out of range"},
		"retry reversed": {&fake{}, nil, fanout.Options{RetryMin: 2 * time.Second, RetryMax: time.Second}, "retry_max: 1s is out of range"},
		"flush":          {&fake{}, nil, fanout.Options{Flush: -1}, "flush: -1ns is out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := fanout.New(c.primary, c.others, c.options)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestWriteBeforeStart(t *testing.T) {
	var primary fake
	f, err := fanout.New(&primary, nil, fanout.Options{})
	require.NoError(t, err)
	require.ErrorIs(t, f.Write(t.Context(), sinktest.Records("GK0001", 0, 1)), fanout.ErrNotRunning)
	assert.Empty(t, primary.got())
	require.NoError(t, f.Stop(t.Context()))
}

type discard struct{}

func (discard) Write(context.Context, []receiver.Record) error { return nil }

func BenchmarkWrite(b *testing.B) {
	records := sinktest.Records("GK0001", 0, 1000)
	f, err := fanout.New(discard{}, map[string]receiver.Sink{"a": discard{}, "b": discard{}}, fanout.Options{})
	require.NoError(b, err)
	require.NoError(b, f.Start(b.Context()))
	b.ReportAllocs()
	for b.Loop() {
		if err := f.Write(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(records))/b.Elapsed().Seconds(), "records/s")
	require.NoError(b, f.Stop(context.Background()))
}
