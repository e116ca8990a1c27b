package telemetry_test

import (
	"errors"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// steady gives the agent a clock that is set, at the time of the bubble.
func steady(o telemetry.Options) telemetry.Options {
	o.Clock = func() (time.Time, bool) { return time.Now(), true }
	return o
}

// seqs returns the seq of each datagram, in the order of arrival.
func seqs(list []datagram) []uint64 {
	var all []uint64
	for _, d := range list {
		all = append(all, d.message.Seq)
	}
	return all
}

func late(list []datagram) []datagram {
	var all []datagram
	for _, d := range list {
		if d.message.Late {
			all = append(all, d)
		}
	}
	return all
}

// What could not leave is sent late: with its own seq and time, oldest first,
// behind a live report, at most 5 a second.
func TestRing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		const period = 10 * time.Minute // far more than any pause between two tries
		c := config(period, "a")
		c.Ring = 8
		s := start(t, c, steady(options()), &n)
		synctest.Wait()
		began := s.Status().Next
		pass(time.Until(began) + 3*period)
		require.Equal(t, []uint64{0, 1, 2, 3}, seqs(n.received("")))

		n.failDial("a:5150", syscall.ENETUNREACH)
		n.failWrites(syscall.ENETUNREACH)
		pass(6 * period)
		st := s.Status().Destinations[0]
		assert.Equal(t, 5, st.Waiting, "the sixth is live and still tried")
		assert.True(t, st.Failing)
		n.failDial("a:5150", nil)
		pass(period)
		st = s.Status().Destinations[0]
		assert.Zero(t, st.Waiting)
		assert.Zero(t, st.Dropped)
		assert.Equal(t, uint64(5), st.Late)
		assert.Equal(t, s.Status().Reports, st.Sent, "each once")
		assert.False(t, st.Failing)

		got := n.received("")
		require.Equal(t, []uint64{0, 1, 2, 3, 9, 4, 5, 6, 7, 8, 10}, seqs(got), "the newest first")
		assert.False(t, got[4].message.Late)
		resent := late(got)
		require.Len(t, resent, 5)
		for i, d := range resent {
			due := began.Add(time.Duration(d.message.Seq) * period)
			assert.Equal(t, uint64(due.Unix()), d.message.Time.Value, "the time of the report")
			assert.Equal(t, got[0].message.Uptime.Value+600*d.message.Seq, d.message.Uptime.Value, "its facts")
			if i > 0 {
				assert.Equal(t, 200*time.Millisecond, d.at.Sub(resent[i-1].at))
			}
		}
		assert.Equal(t, 5*time.Second, resent[0].at.Sub(got[4].at), "the first after a failure is left alone for a while")
	})
}

// The ring is bounded: the oldest fall out of it, and are counted.
func TestRingOverflows(t *testing.T) {
	for _, size := range []int{0, 1, 32} {
		synctest.Test(t, func(t *testing.T) {
			var n network
			c := config(10*time.Second, "a")
			c.Ring = size
			n.failDial("a:5150", syscall.ENETUNREACH)
			s := start(t, c, options(), &n)
			synctest.Wait()
			pass(time.Until(s.Status().Next) + 99*10*time.Second + time.Second)
			st := s.Status().Destinations[0]
			assert.Equal(t, size, st.Waiting)
			assert.Equal(t, uint64(99-size), st.Dropped, "one of 100 is live")
			n.failDial("a:5150", nil)
			pass(2*time.Minute + 5*time.Second)
			got := n.received("")
			resent := late(got)
			require.Len(t, resent, size)
			for i, d := range resent {
				assert.InDelta(t, 99+i-size, d.message.Seq, 6, "the latest, while live ones gave way to newer ones")
			}
			st = s.Status().Destinations[0]
			assert.Equal(t, s.Status().Reports, st.Sent+st.Dropped+uint64(st.Waiting))
			assert.Equal(t, num(st.Dropped), got[len(got)-1].message.Stats.Dropped, "the server is told")
		})
	}
}

// While late ones are sent, a live report goes first, and a new failure
// leaves the rest in the ring.
func TestRingGivesWayAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		c := config(time.Second, "a")
		c.Ring = 32
		n.failDial("a:5150", syscall.ENETUNREACH)
		s := start(t, c, options(), &n)
		pass(5 * time.Minute)
		require.Equal(t, 32, s.Status().Destinations[0].Waiting)
		n.failDial("a:5150", nil)
		for len(late(n.received(""))) < 10 {
			pass(100 * time.Millisecond)
		}
		waiting := s.Status().Destinations[0].Waiting
		assert.Greater(t, waiting, 0)
		n.set(func() { n.refused = map[string]bool{"a:5150": true} })
		pass(400 * time.Millisecond)
		before := len(n.received(""))
		pass(2 * time.Second)
		assert.GreaterOrEqual(t, s.Status().Destinations[0].Waiting, waiting-1, "none is lost by the failure")
		n.set(func() { n.refused = nil })
		pass(3 * time.Minute)
		got := n.received("")
		assert.Greater(t, len(got), before)
		assert.Zero(t, s.Status().Destinations[0].Waiting)
		last := map[bool]uint64{}
		for _, d := range got {
			if seq, ok := last[d.message.Late]; ok && !d.message.Late {
				assert.Greater(t, d.message.Seq, seq, "live reports come in order")
			}
			last[d.message.Late] = d.message.Seq
		}
		unique := map[uint64]bool{}
		for _, seq := range seqs(got) {
			assert.False(t, unique[seq], "seq %d twice", seq)
			unique[seq] = true
		}
		for at, d := range got {
			if at > 0 && d.message.Late && got[at-1].message.Late {
				assert.GreaterOrEqual(t, d.at.Sub(got[at-1].at), 200*time.Millisecond)
			}
		}
	})
}

// The parts of a split report that have left are not sent again.
func TestRingSendsTheMissingParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		source := telemetrytest.NewSource()
		source.Set(large().Sample)
		c := config(time.Minute, "a")
		c.Ring = 4
		o := steady(options())
		o.Source = source
		s := start(t, c, o, &n)
		synctest.Wait()
		n.failWrites(nil, syscall.ENETUNREACH)
		pass(time.Until(s.Status().Next))
		require.Len(t, n.received(""), 1, "the first part has left")
		n.failDial("a:5150", syscall.ENETUNREACH)
		pass(time.Minute + time.Second)
		n.failDial("a:5150", nil)
		pass(3 * time.Minute)
		resent := late(n.received(""))
		require.Len(t, resent, 1)
		assert.Zero(t, resent[0].message.Seq)
		assert.Equal(t, telemetry.Part{Index: 2, Count: 2}, resent[0].message.Part)
		assert.Equal(t, large().Sample, join([]telemetry.Message{*n.received("")[0].message, *resent[0].message}).Sample)
	})
}

// A report that a receiver's window would refuse is not kept.
func TestRingForgetsWhatIsTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n network
		var stuck atomic.Bool
		o := options()
		o.Clock = func() (time.Time, bool) {
			if stuck.Swap(false) {
				time.Sleep(95*time.Second + time.Millisecond)
			}
			return time.Time{}, false
		}
		c := config(time.Second, "a")
		c.Ring = 4
		n.failDial("a:5150", syscall.ENETUNREACH)
		s := start(t, c, o, &n)
		synctest.Wait()
		pass(time.Until(s.Status().Next) + 2500*time.Millisecond)
		require.Equal(t, 2, s.Status().Destinations[0].Waiting, "0 and 1; 2 is live")
		stuck.Store(true)
		pass(97 * time.Second)
		st := s.Status().Destinations[0]
		assert.Equal(t, uint64(95), s.Status().Skipped)
		assert.Equal(t, 1, st.Waiting, "99 is live, 3 is just young enough")
		assert.Equal(t, uint64(3), st.Dropped)
	})
}

// picky is an Encoder that refuses some messages.
type picky func(m *telemetry.Message) error

func (p picky) Encode(m *telemetry.Message, limit int) ([][]byte, error) {
	if err := p(m); err != nil {
		return nil, err
	}
	return telemetry.CBOR{}.Encode(m, limit)
}

// A report that cannot be encoded is given up, and stops no other.
func TestUnencodable(t *testing.T) {
	odd := errors.New("odd")
	for name, refuse := range map[string]func(m *telemetry.Message) bool{
		"live": func(m *telemetry.Message) bool { return m.Seq == 1 },
		"late": func(m *telemetry.Message) bool { return m.Late },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n network
				c := config(time.Minute, "a")
				c.Ring = 4
				c.Destinations[0].Encoding = telemetry.EncodingInflux
				o := options()
				o.Encoders = map[telemetry.Encoding]telemetry.Encoder{telemetry.EncodingInflux: picky(func(m *telemetry.Message) error {
					if refuse(m) {
						return odd
					}
					return nil
				})}
				n.failDial("a:5150", syscall.ENETUNREACH)
				s := start(t, c, o, &n)
				synctest.Wait()
				pass(time.Until(s.Status().Next) + time.Minute + time.Second)
				n.failDial("a:5150", nil)
				pass(10 * time.Minute)
				st := s.Status().Destinations[0]
				assert.Equal(t, uint64(1), st.Dropped)
				assert.Equal(t, s.Status().Reports, st.Sent+st.Dropped)
				assert.Contains(t, st.LastError, "odd")
				assert.False(t, st.Failing)
			})
		})
	}
}

// While a dial hangs, only so many reports wait for its end.
func TestReportsDuringAStuckDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network{hold: map[string]chan struct{}{"a:5150": make(chan struct{})}}
		c := config(time.Second, "a")
		c.Ring = 2
		s := start(t, c, options(), &n)
		pass(9500 * time.Millisecond)
		st := s.Status()
		assert.Equal(t, st.Reports-3, st.Destinations[0].Dropped)
		close(n.hold["a:5150"])
		pass(time.Minute)
		st = s.Status()
		assert.Equal(t, st.Reports, st.Destinations[0].Sent+st.Destinations[0].Dropped)
		assert.Equal(t, uint64(2), st.Destinations[0].Late)
	})
}
