package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/lifecycle/lifecycletest"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

const serial = "GK0001"

func config(period time.Duration, hosts ...string) telemetry.Config {
	c := telemetry.Config{Enabled: true, Period: telemetry.Duration(period)}
	for _, host := range hosts {
		c.Destinations = append(c.Destinations, telemetry.Destination{Host: host, Port: 5150})
	}
	return c
}

func options() telemetry.Options {
	return telemetry.Options{Source: telemetrytest.NewSource(), Serial: serial}
}

// start runs an agent on n until the end of the test.
func start(t *testing.T, c telemetry.Config, o telemetry.Options, n *network) *telemetry.Service {
	o.Dial = n.Dial
	s, err := telemetry.New(c, o)
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() {
		assert.NoError(t, s.Stop(context.Background()))
		assert.Zero(t, n.sockets(), "sockets left open")
	})
	return s
}

// pass lets time pass in the bubble and everything that is due happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestContract(t *testing.T) {
	lifecycletest.TestService(t, func(t *testing.T) lifecycletest.Subject {
		var n network
		var hold atomic.Bool
		var refuse atomic.Pointer[error]
		o := options()
		o.Dial = n.Dial
		o.NextBoot = func(ctx context.Context) (uint32, error) {
			if hold.Swap(false) {
				<-ctx.Done()
				return 0, ctx.Err()
			}
			if err := refuse.Swap(nil); err != nil {
				return 0, *err
			}
			return 1, nil
		}
		s, err := telemetry.New(config(time.Minute, "a", "b"), o)
		require.NoError(t, err)
		disabled, err := telemetry.New(telemetry.DefaultConfig(), telemetry.Options{})
		require.NoError(t, err)
		return lifecycletest.Subject{
			Service:   s,
			Disabled:  disabled,
			Resources: n.sockets,
			Refuse:    func(err error) { refuse.Store(&err) },
			Hold:      func() { hold.Store(true) },
		}
	})
}

func TestNewNeedsItsOptions(t *testing.T) {
	for name, c := range map[string]struct {
		options telemetry.Options
		want    []string
	}{
		"none":            {telemetry.Options{}, []string{"Options.Source is required", "Options.Serial is required"}},
		"long serial":     {telemetry.Options{Source: telemetrytest.NewSource(), Serial: strings.Repeat("x", 65)}, []string{"Options.Serial has 65 bytes, allowed are 64"}},
		"serial not text": {telemetry.Options{Source: telemetrytest.NewSource(), Serial: "\xff"}, []string{"Options.Serial is not UTF-8"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := telemetry.New(config(time.Minute, "a"), c.options)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

// The first message comes at the phase of the serial, the next ones whole
// periods later, each with the next seq and the facts of its moment.
func TestReportsOnceEachPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		o := options()
		o.NextBoot = func(context.Context) (uint32, error) { return 97, nil }
		began := time.Now()
		s := start(t, config(time.Minute, "a"), o, &n)
		synctest.Wait()
		first := s.Status().Next.Sub(began)
		assert.True(t, first >= 0 && first < time.Minute, "phase %s", first)
		pass(first + 3*time.Minute)
		got := n.received("")
		require.Len(t, got, 4)
		for i, d := range got {
			assert.Equal(t, first+time.Duration(i)*time.Minute, d.at.Sub(began))
			assert.Equal(t, "a:5150", d.addr)
			m := d.message
			assert.Equal(t, serial, m.Serial)
			assert.Equal(t, telemetry.Known(uint32(97)), m.Boot)
			assert.Equal(t, uint64(i), m.Seq)
			assert.Equal(t, uint64(60), m.Period)
			assert.Equal(t, telemetry.Stats{SendErrors: num(0), Dropped: num(0), CollectMS: num(0)}, m.Stats)
			assert.Equal(t, num(uint64(3600+d.at.Sub(began)/time.Second)), m.Uptime)
		}
		st := s.Status()
		assert.Equal(t, uint64(4), st.Reports)
		assert.Equal(t, uint64(4), st.Destinations[0].Sent)
		assert.Equal(t, time.Now(), st.Destinations[0].LastSent)
		assert.Equal(t, time.Now().Add(time.Minute), st.Next)
		assert.Len(t, n.dialled(), 1, "one socket serves many messages")
	})
}

// The clock of a bubble stands in the year 2000: it has never been set.
func TestTimeIsLeftOutUntilTheClockIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		start(t, config(time.Second, "a"), options(), &n)
		pass(time.Second)
		require.Len(t, n.received(""), 1)
		assert.False(t, n.received("")[0].message.Time.Known)
	})
	synctest.Test(t, func(t *testing.T) {
		var n network
		var set atomic.Bool
		o := options()
		o.Clock = func() (time.Time, bool) { return time.Unix(1794993408, 999), set.Load() }
		start(t, config(time.Second, "a"), o, &n)
		pass(time.Second)
		set.Store(true)
		pass(time.Second)
		got := n.received("")
		require.Len(t, got, 2)
		assert.False(t, got[0].message.Time.Known)
		assert.Equal(t, num(1794993408), got[1].message.Time)
		assert.False(t, got[1].message.Boot.Known, "no NextBoot, no boot")
	})
}

func TestLargeReportIsSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		o := options()
		source := telemetrytest.NewSource()
		source.Set(large().Sample)
		o.Source = source
		s := start(t, config(time.Minute, "a"), o, &n)
		pass(time.Minute)
		got := n.received("")
		require.Len(t, got, 2)
		for i, d := range got {
			assert.LessOrEqual(t, d.size, telemetry.MaxDatagram)
			assert.Equal(t, telemetry.Part{Index: uint64(i + 1), Count: 2}, d.message.Part)
			assert.Zero(t, d.message.Seq)
		}
		assert.Equal(t, uint64(1), s.Status().Destinations[0].Sent, "one report")
	})
}

// A failure in the middle of a split report repeats no part that has left.
func TestSplitReportGoesOnWhereItFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		o := options()
		source := telemetrytest.NewSource()
		source.Set(large().Sample)
		o.Source = source
		start(t, config(time.Minute, "a"), o, &n)
		n.failWrites(nil, syscall.ENOBUFS)
		pass(59 * time.Second)
		got := n.received("")
		require.Len(t, got, 2)
		assert.Equal(t, uint64(1), got[0].message.Part.Index)
		assert.Equal(t, uint64(2), got[1].message.Part.Index)
	})
}

func TestSourceThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		var log bytes.Buffer
		source := telemetrytest.NewSource()
		o := telemetry.Options{Source: source, Serial: serial, Logger: slog.New(slog.NewTextHandler(&log, nil))}
		s := start(t, config(time.Second, "a"), o, &n)
		source.Fail(errors.New("no /proc"))
		pass(3 * time.Second)
		got := n.received("")
		require.Len(t, got, 3, "the report goes out without facts")
		assert.False(t, got[2].message.Uptime.Known)
		assert.Equal(t, uint64(2), got[2].message.Seq)
		assert.Equal(t, uint64(3), s.Status().SourceFailures)
		assert.Equal(t, "no /proc", s.Status().SourceError)
		source.Fail(nil)
		pass(2 * time.Second)
		assert.True(t, n.received("")[3].message.Uptime.Known)
		assert.Empty(t, s.Status().SourceError)
		assert.Equal(t, 1, strings.Count(log.String(), "facts are missing"), "logged at the change only")
		assert.Equal(t, 1, strings.Count(log.String(), "complete again"))
	})
}

// partial is a Source that gives what it has when its time is up.
type partial struct{}

func (partial) Sample(ctx context.Context) (telemetry.Sample, error) {
	<-ctx.Done()
	return telemetry.Sample{Uptime: telemetry.Known(uint64(7))}, ctx.Err()
}

func TestSlowSourceHandsOverWhatItHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		s := start(t, config(time.Minute, "a"), telemetry.Options{Source: partial{}, Serial: serial}, &n)
		synctest.Wait()
		pass(time.Until(s.Status().Next) + 5*time.Second)
		got := n.received("")
		require.Len(t, got, 1)
		assert.Equal(t, num(7), got[0].message.Uptime)
		assert.Equal(t, num(4500), got[0].message.Stats.CollectMS)
		assert.Equal(t, uint64(1), s.Status().SourceFailures)
	})
}

// deaf is a Source that ignores its ctx until it is released.
type deaf struct {
	release chan struct{}
	calls   atomic.Int32
	inside  atomic.Int32
	most    atomic.Int32
}

func (d *deaf) Sample(context.Context) (telemetry.Sample, error) {
	d.calls.Add(1)
	d.most.Store(max(d.most.Load(), d.inside.Add(1)))
	defer d.inside.Add(-1)
	<-d.release
	return telemetry.Sample{Uptime: telemetry.Known(uint64(9))}, nil
}

func TestStuckSourceDoesNotStopTheReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		source := &deaf{release: make(chan struct{})}
		release := sync.OnceFunc(func() { close(source.release) })
		defer release()
		s := start(t, config(time.Minute, "a"), telemetry.Options{Source: source, Serial: serial}, &n)
		synctest.Wait()
		pass(time.Until(s.Status().Next) + 4*time.Minute + 5*time.Second)
		got := n.received("")
		require.Len(t, got, 5)
		assert.False(t, got[0].message.Uptime.Known)
		assert.Equal(t, num(5000), got[0].message.Stats.CollectMS)
		assert.Equal(t, num(0), got[1].message.Stats.CollectMS, "it is not asked again while it hangs")
		assert.Equal(t, int32(1), source.calls.Load())
		assert.Equal(t, uint64(5), s.Status().SourceFailures)
		assert.Zero(t, s.Status().Skipped)

		release() // it is well again: the late answer is thrown away
		pass(time.Minute)
		got = n.received("")
		require.Len(t, got, 6)
		assert.Equal(t, num(9), got[5].message.Uptime)
		assert.Equal(t, int32(2), source.calls.Load())
		assert.Equal(t, int32(1), source.most.Load())
	})
}

// A report that takes longer than a period lets the next ones fall out: none
// is queued, and seq counts the periods.
func TestSkipsThePeriodsThatCollectingTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		o := options()
		o.Clock = func() (time.Time, bool) {
			time.Sleep(2500 * time.Millisecond) // stands for anything slow in the making of a report
			return time.Time{}, false
		}
		s := start(t, config(time.Second, "a"), o, &n)
		synctest.Wait()
		pass(time.Until(s.Status().Next) + 8500*time.Millisecond)
		got := n.received("")
		require.Len(t, got, 3)
		for i, d := range got {
			assert.Equal(t, uint64(3*i), d.message.Seq)
			assert.Equal(t, num(uint64(2*i)), d.message.Stats.Dropped)
			assert.Equal(t, got[0].at.Add(time.Duration(3*i)*time.Second), d.at)
		}
		assert.Equal(t, uint64(6), s.Status().Skipped)
	})
}

func TestUnreachableAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		var log bytes.Buffer
		o := options()
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		n.failDial("a:5150", &net.DNSError{Err: "no such host", Name: "a", IsNotFound: true})
		s := start(t, config(time.Hour, "a"), o, &n)
		synctest.Wait()
		st := s.Status().Destinations[0]
		assert.Equal(t, uint64(1), st.Failed, "the name is looked up at once")
		assert.Contains(t, st.LastError, "no such host")
		assert.True(t, st.Failing)

		pass(time.Until(s.Status().Next))
		tries := len(n.dialled())
		pass(10 * time.Minute)
		dials := n.dialled()[tries:]
		assert.True(t, len(dials) >= 10 && len(dials) <= 26, "%d look-ups in 10 min", len(dials))

		n.failDial("a:5150", nil)
		pass(time.Minute)
		got := n.received("")
		require.Len(t, got, 1, "the report was kept until it could leave")
		assert.Equal(t, num(1), got[0].message.Stats.SendErrors, "as it was made")
		pass(time.Hour)
		got = n.received("")
		require.Len(t, got, 2)
		st = s.Status().Destinations[0]
		assert.Equal(t, num(st.Failed), got[1].message.Stats.SendErrors)
		assert.Equal(t, uint64(2), st.Sent)
		assert.Zero(t, st.Dropped)
		assert.False(t, st.Failing)
		assert.Equal(t, 1, strings.Count(log.String(), "sending fails"), "logged at the change only")
		assert.Equal(t, 1, strings.Count(log.String(), "sending works again"))
	})
}

// A report that could not leave gives way to the next one.
func TestUnsentReportGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		n.failDial("a:5150", syscall.ENETUNREACH)
		s := start(t, config(10*time.Second, "a"), options(), &n)
		pass(10 * time.Minute)
		n.failDial("a:5150", nil)
		pass(2 * time.Minute)
		st := s.Status()
		got := n.received("")
		require.NotEmpty(t, got)
		assert.Equal(t, num(st.Destinations[0].Dropped), got[len(got)-1].message.Stats.Dropped)
		assert.Equal(t, st.Reports, st.Destinations[0].Sent+st.Destinations[0].Dropped, "each report was sent or is counted")
		for i := 1; i < len(got); i++ {
			assert.Equal(t, got[i-1].message.Seq+1, got[i].message.Seq)
		}
	})
}

func TestFreshSocketAfterAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		s := start(t, config(time.Minute, "a"), options(), &n)
		pass(time.Minute)
		n.failWrites(syscall.ECONNREFUSED)
		pass(time.Minute + 2*time.Second)
		got := n.received("")
		require.Len(t, got, 2, "tried again without a loss")
		assert.Len(t, n.dialled(), 2)
		assert.Equal(t, 1, n.sockets())
		st := s.Status().Destinations[0]
		assert.Equal(t, uint64(1), st.Failed)
		assert.Contains(t, st.LastError, "connection refused")
		assert.True(t, st.Failing, "one success is no proof, a refusal shows at the next write")
		pass(time.Minute)
		assert.False(t, s.Status().Destinations[0].Failing)
	})
}

func TestBlockedWriteEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network{block: true}
		s := start(t, config(time.Minute, "a"), options(), &n)
		pass(time.Minute + 5*time.Second)
		st := s.Status().Destinations[0]
		assert.NotZero(t, st.Failed)
		assert.Contains(t, st.LastError, "i/o timeout")
	})
	synctest.Test(t, func(t *testing.T) {
		n := network{block: true}
		s := start(t, config(time.Minute, "a"), options(), &n)
		synctest.Wait()
		pass(time.Until(s.Status().Next))
		began := time.Now()
		require.NoError(t, s.Stop(t.Context()))
		assert.Zero(t, time.Since(began), "Stop does not wait for a blocked write")
	})
}

func TestStuckDestinationDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network{hold: map[string]chan struct{}{"stuck:5150": make(chan struct{})}}
		s := start(t, config(time.Minute, "stuck", "good"), options(), &n)
		pass(5 * time.Minute)
		assert.Empty(t, n.received("stuck:5150"))
		got := n.received("good:5150")
		require.Len(t, got, 5)
		for _, d := range got {
			assert.Equal(t, telemetry.Stats{SendErrors: num(0), Dropped: num(0), CollectMS: num(0)}, d.message.Stats,
				"the counters are those of this destination")
		}
		st := s.Status().Destinations
		assert.NotZero(t, st[0].Failed)
		assert.Contains(t, st[0].LastError, "deadline exceeded")
		assert.Zero(t, st[1].Failed)

		began := time.Now()
		require.NoError(t, s.Stop(t.Context()))
		assert.Zero(t, time.Since(began), "Stop does not wait for a stuck dial")
	})
}

func TestStopIsPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // with a source that hangs
		var n network
		source := &deaf{release: make(chan struct{})}
		defer close(source.release)
		s := start(t, config(time.Minute, "a"), telemetry.Options{Source: source, Serial: serial}, &n)
		synctest.Wait()
		pass(time.Until(s.Status().Next) + time.Second)
		began := time.Now()
		require.NoError(t, s.Stop(t.Context()))
		assert.LessOrEqual(t, time.Since(began), 500*time.Millisecond)
		assert.Empty(t, n.received(""))
	})
	synctest.Test(t, func(t *testing.T) { // between two tries
		var n network
		n.failDial("a:5150", syscall.ENETUNREACH)
		s := start(t, config(time.Hour, "a"), options(), &n)
		synctest.Wait()
		pass(time.Until(s.Status().Next) + 5*time.Minute)
		began := time.Now()
		require.NoError(t, s.Stop(t.Context()))
		assert.Zero(t, time.Since(began))
	})
}

func TestStatusBeforeStart(t *testing.T) {
	s, err := telemetry.New(config(time.Minute, "a"), options())
	require.NoError(t, err)
	st := s.Status()
	assert.Zero(t, st.Next)
	assert.Equal(t, []telemetry.DestinationStatus{{Destination: telemetry.Destination{Host: "a", Port: 5150}}}, st.Destinations)
	assert.Equal(t, "telemetry", s.String())
	require.NoError(t, s.Stop(t.Context()))
}
