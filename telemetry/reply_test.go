package telemetry_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// keyFile returns the path of a file with the test key.
func keyFile(t testing.TB) string {
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, []byte(testKey+"\n"), 0o600))
	return path
}

// storing is a server that acks what it stores, and what it has stored
// already once more. Its clock is 7 s ahead.
type storing struct {
	t      testing.TB
	stored map[[2]uint64]int // by seq and part
	mute   bool              // stores and says nothing
	deny   map[uint64]bool   // by seq: neither stored nor acked
}

func (s *storing) answer(d datagram) []byte {
	m := d.message
	if s.deny[m.Seq] {
		return nil
	}
	s.stored[[2]uint64{m.Seq, m.Part.Index}]++
	if s.mute {
		return nil
	}
	ack, err := telemetry.AppendAck(nil, &telemetry.Ack{
		Serial: m.Serial, Boot: m.Boot.Value, Seq: m.Seq, Part: m.Part.Index, Time: uint64(time.Now().Unix()) + 7,
	}, key(s.t))
	assert.NoError(s.t, err)
	assert.LessOrEqual(s.t, len(ack), d.size, "an ack is never longer than what it answers")
	return ack
}

// acking returns a network with a storing server, and a Config for it.
func acking(t testing.TB, period time.Duration, ring int) (*network, *storing, telemetry.Config, telemetry.Options) {
	server := &storing{t: t, stored: map[[2]uint64]int{}, deny: map[uint64]bool{}}
	n := &network{key: key(t), server: server.answer}
	c := config(period, "a")
	c.KeyFile, c.Acks, c.Ring = keyFile(t), true, ring
	o := steady(options())
	o.NextBoot = func(context.Context) (uint32, error) { return 97, nil }
	return n, server, c, o
}

func TestAcks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, server, c, o := acking(t, time.Minute, 0)
		s := start(t, c, o, n)
		pass(30 * time.Minute)
		st := s.Status().Destinations[0]
		assert.Equal(t, uint64(30), st.Sent)
		assert.Equal(t, uint64(30), st.Acked)
		assert.Zero(t, st.Unacked+st.Late+st.BadAcks)
		assert.Equal(t, telemetry.Known(int64(7)), st.ClockOffset)
		assert.Equal(t, st.LastSent, st.LastAck)
		assert.Len(t, server.stored, 30)
		assert.LessOrEqual(t, n.sockets(), 1)
	})
}

// Without a ring what is not acked is counted, nothing else.
func TestUnackedWithoutRing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, server, c, o := acking(t, time.Minute, 0)
		server.deny = map[uint64]bool{3: true, 5: true}
		s := start(t, c, o, n)
		synctest.Wait()
		pass(time.Until(s.Status().Next) + 9*time.Minute + 11*time.Second)
		st := s.Status().Destinations[0]
		assert.Equal(t, uint64(10), st.Sent)
		assert.Equal(t, uint64(8), st.Acked)
		assert.Equal(t, uint64(2), st.Unacked)
		assert.Zero(t, st.Late+st.Dropped)
		assert.False(t, st.Failing, "one ack may be lost")
	})
}

// Every third report is lost twice, and the first ack of every fifth: all
// are stored all the same, late and soon.
func TestLossIsMadeUp(t *testing.T) {
	for _, period := range []time.Duration{time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			n, server, c, o := acking(t, period, 32)
			tries := map[uint64]int{}
			n.lose = func(d datagram) bool {
				tries[d.message.Seq]++
				return d.message.Seq%3 == 0 && tries[d.message.Seq] <= 2
			}
			n.server = func(d datagram) []byte {
				answer := server.answer(d)
				if d.message.Seq%5 == 0 && server.stored[[2]uint64{d.message.Seq, 0}] == 1 {
					return nil
				}
				return answer
			}
			s := start(t, c, o, n)
			pass(100 * period)
			n.set(func() { n.lose, n.server = nil, server.answer })
			pass(10*period + time.Minute)
			reports := s.Status().Reports
			for seq := range reports {
				assert.NotZero(t, server.stored[[2]uint64{seq, 0}], "seq %d of %d", seq, reports)
			}
			st := s.Status().Destinations[0]
			assert.Equal(t, reports, st.Acked)
			assert.NotZero(t, st.Late)
			for _, d := range n.received("") {
				if d.message.Late {
					assert.Less(t, d.at.Sub(time.Unix(int64(d.message.Time.Value), 0)), 2*period+time.Minute, "soon")
				}
			}
		})
	}
}

// A server that is gone for an hour gets little more than the live reports,
// and then the latest of what it has missed.
func TestServerGoneForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, server, c, o := acking(t, time.Minute, 32)
		s := start(t, c, o, n)
		pass(10 * time.Minute)
		sockets := len(n.dialled())
		wire := 0
		n.set(func() { n.lose = func(datagram) bool { wire++; return true } })
		pass(time.Hour)
		st := s.Status().Destinations[0]
		assert.LessOrEqual(t, wire, 62, "it is not flooded while it is away")
		assert.True(t, st.Failing)
		assert.Equal(t, "no acks come", st.LastError)
		assert.Equal(t, 32, st.Waiting)
		assert.Greater(t, len(n.dialled()), sockets+15, "other sockets are tried")
		n.set(func() { n.lose = nil })
		pass(5 * time.Minute)
		st = s.Status().Destinations[0]
		assert.Zero(t, st.Waiting)
		assert.False(t, st.Failing)
		assert.Equal(t, s.Status().Reports, st.Acked+st.Unacked)
		assert.Equal(t, uint64(60-32), st.Unacked, "the rest of the hour")
		newest := s.Status().Reports - 1
		for seq := newest - 32; seq <= newest; seq++ {
			assert.Equal(t, 1, server.stored[[2]uint64{seq, 0}], "seq %d", seq)
		}
	})
}

// A report that the server never acks is sent late five times and given up.
func TestGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, server, c, o := acking(t, time.Minute, 32)
		server.deny[3] = true
		s := start(t, c, o, n)
		pass(time.Hour)
		tries := 0
		for _, d := range n.received("") {
			if d.message.Seq == 3 {
				tries++
			}
		}
		assert.Equal(t, 6, tries)
		st := s.Status().Destinations[0]
		assert.Equal(t, uint64(1), st.Unacked)
		assert.Equal(t, st.Sent-1, st.Acked)
		assert.Zero(t, st.Waiting)
	})
}

// The parts of a report are acked apart: only the one that was lost is sent
// again, under its own number.
func TestPartsAreAckedApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, server, c, o := acking(t, time.Minute, 32)
		source := telemetrytest.NewSource()
		source.Set(large().Sample)
		o.Source = source
		n.lose = func(d datagram) bool { return d.message.Part.Index == 2 && !d.message.Late }
		s := start(t, c, o, n)
		synctest.Wait()
		pass(time.Until(s.Status().Next) + 4*time.Minute + 15*time.Second)
		want := map[[2]uint64]int{}
		for seq := range uint64(5) {
			want[[2]uint64{seq, 1}], want[[2]uint64{seq, 2}] = 1, 1
		}
		assert.Equal(t, want, server.stored)
		assert.Equal(t, uint64(5), s.Status().Destinations[0].Acked)
		for _, d := range n.received("") {
			assert.LessOrEqual(t, d.size, telemetry.MaxDatagram)
		}
	})
}

// What is no ack for this device, or not any more, changes nothing.
func TestStrangeAnswers(t *testing.T) {
	other := telemetry.NewKey()
	seal := func(a telemetry.Ack, k telemetry.Key) []byte {
		b, err := telemetry.AppendAck(nil, &a, k)
		require.NoError(t, err)
		return b
	}
	for name, c := range map[string]struct {
		answer []byte
		bad    bool
	}{
		"junk":               {[]byte("hello"), true},
		"another key":        {seal(telemetry.Ack{Serial: serial, Boot: 97}, other), true},
		"another device":     {seal(telemetry.Ack{Serial: "GK0002", Boot: 97}, key(t)), true},
		"an earlier start":   {seal(telemetry.Ack{Serial: serial, Boot: 96}, key(t)), false},
		"another report":     {seal(telemetry.Ack{Serial: serial, Boot: 97, Seq: 1000}, key(t)), false},
		"a part of no parts": {seal(telemetry.Ack{Serial: serial, Boot: 97, Part: 1}, key(t)), false},
		"a part out of all":  {seal(telemetry.Ack{Serial: serial, Boot: 97, Part: 1 << 63}, key(t)), false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, _, config, o := acking(t, time.Hour, 0)
				n.server = func(datagram) []byte { return c.answer }
				s := start(t, config, o, n)
				pass(time.Hour + time.Minute)
				st := s.Status().Destinations[0]
				assert.Equal(t, uint64(1), st.Sent)
				assert.Equal(t, uint64(1), st.Unacked)
				assert.Zero(t, st.Acked)
				assert.False(t, st.ClockOffset.Known)
				if c.bad {
					assert.Equal(t, uint64(1), st.BadAcks)
				} else {
					assert.Zero(t, st.BadAcks)
				}
			})
		})
	}
}

// An ack that somebody sends once more is not believed again.
func TestOldAckSetsNoOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, server, c, o := acking(t, time.Minute, 0)
		s := start(t, c, o, n)
		pass(time.Minute)
		require.Equal(t, telemetry.Known(int64(7)), s.Status().Destinations[0].ClockOffset)
		old := server.answer(n.received("")[0])
		n.set(func() { n.server = func(datagram) []byte { return old } })
		pass(time.Minute)
		st := s.Status().Destinations[0]
		assert.Equal(t, uint64(2), st.Sent)
		assert.Equal(t, uint64(1), st.Acked)
		assert.Equal(t, telemetry.Known(int64(7)), st.ClockOffset)
	})
}

// An ack that comes when its report waits in the ring already is as good.
func TestSlowAck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, server, c, o := acking(t, time.Minute, 4)
		n.delay = 13 * time.Second
		s := start(t, c, o, n)
		synctest.Wait()
		pass(time.Until(s.Status().Next) + 30*time.Second)
		st := s.Status().Destinations[0]
		assert.Equal(t, uint64(1), st.Acked)
		assert.Zero(t, st.Waiting)
		assert.Equal(t, 2, server.stored[[2]uint64{0, 0}], "it has come late as well by then")
		n.set(func() { n.delay = 0 })
		pass(2 * time.Minute)
		st = s.Status().Destinations[0]
		assert.Equal(t, s.Status().Reports, st.Acked)
	})
	synctest.Test(t, func(t *testing.T) { // slower than the server counts as gone
		n, _, c, o := acking(t, time.Minute, 4)
		n.delay = 25 * time.Second
		s := start(t, c, o, n)
		synctest.Wait()
		pass(time.Until(s.Status().Next) + 22*time.Second)
		st := s.Status().Destinations[0]
		assert.True(t, st.Failing)
		assert.Equal(t, 1, st.Waiting)
	})
}

// The socket that waits for acks sees a refusal at once.
func TestRefusalWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, server, c, o := acking(t, time.Minute, 4)
		n.server = func(datagram) []byte { return []byte(refusal) }
		s := start(t, c, o, n)
		synctest.Wait()
		pass(time.Until(s.Status().Next))
		st := s.Status().Destinations[0]
		assert.True(t, st.Failing)
		assert.Contains(t, st.LastError, "waiting for acks: read udp: connection refused")
		assert.Zero(t, n.sockets(), "it is not used again")
		n.set(func() { n.server = server.answer })
		pass(2 * time.Minute)
		st = s.Status().Destinations[0]
		assert.False(t, st.Failing)
		assert.Equal(t, uint64(3), st.Acked)
		assert.Equal(t, uint64(1), st.Late)
	})
}

// A socket that fails between two parts takes the ack of the first along: the
// first is sent once more, the second is not.
func TestSocketFailsBetweenParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, server, c, o := acking(t, time.Minute, 4)
		source := telemetrytest.NewSource()
		source.Set(large().Sample)
		o.Source = source
		n.delay = time.Millisecond // of the ack, which comes to a closed socket
		n.failWrites(nil, syscall.ENOBUFS)
		s := start(t, c, o, n)
		synctest.Wait()
		pass(time.Until(s.Status().Next) + 30*time.Second)
		assert.Equal(t, map[[2]uint64]int{{0, 1}: 2, {0, 2}: 1}, server.stored)
		st := s.Status().Destinations[0]
		assert.Equal(t, uint64(1), st.Sent)
		assert.Equal(t, uint64(1), st.Acked)
		assert.Equal(t, uint64(1), st.Late)
	})
}
