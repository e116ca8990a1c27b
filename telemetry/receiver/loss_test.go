package receiver_test

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// model knows by plain sets what the receiver must count of one device.
type model struct {
	boots                                              []*boot
	received, duplicate, replayed, reordered, lateMark uint64
}

type boot struct {
	number uint32
	taken  map[uint64]bool
	top    uint64
}

func (m *model) arrives(number uint32, seq uint64, late bool) {
	n := len(m.boots)
	if n == 0 || number > m.boots[n-1].number {
		m.boots = append(m.boots, &boot{number: number, taken: map[uint64]bool{}, top: seq})
		n++
	}
	b := m.boots[n-1]
	switch {
	case number < b.number, b.top >= receiver.Window && seq <= b.top-receiver.Window:
		m.replayed++
		return
	case b.taken[seq]:
		m.duplicate++
		return
	}
	m.received++
	switch {
	case late:
		m.lateMark++
	case seq < b.top:
		m.reordered++
	}
	b.taken[seq] = true
	b.top = max(b.top, seq)
}

// lost counts what is missing up to the last message of each boot: from the
// first one seen of the first boot, from 0 of the others.
func (m *model) lost() (n uint64) {
	for i, b := range m.boots {
		from := uint64(0)
		if i == 0 {
			from = b.top
			for seq := range b.taken {
				from = min(from, seq)
			}
		}
		for seq := from; seq <= b.top; seq++ {
			if !b.taken[seq] {
				n++
			}
		}
	}
	return n
}

func (m *model) check(t *testing.T, d receiver.DeviceStats) {
	t.Helper()
	last := m.boots[len(m.boots)-1]
	got := fmt.Sprintf("boot %d top %d received %d lost %d duplicate %d replayed %d reordered %d late %d reboots %d",
		d.Boot.Value, d.Top, d.Received, d.Lost, d.Duplicate, d.Replayed, d.Reordered, d.Late, d.Reboots)
	want := fmt.Sprintf("boot %d top %d received %d lost %d duplicate %d replayed %d reordered %d late %d reboots %d",
		last.number, last.top, m.received, m.lost(), m.duplicate, m.replayed, m.reordered, m.lateMark, len(m.boots)-1)
	require.Equal(t, want, got)
}

// arrival is a message that may be under way.
type arrival struct {
	boot uint32
	seq  uint64
	late bool
}

// life makes what arrives of one device: reports lost, doubled, late by a
// few or by many, never sent for a while, and reboots.
func life(rng *rand.Rand, reports int) []arrival {
	var sent []arrival
	a := arrival{boot: uint32(rng.IntN(3)), seq: uint64(rng.IntN(2) * rng.IntN(1000))}
	for range reports {
		switch p := rng.IntN(1000); {
		case p < 5:
			a = arrival{boot: a.boot + 1 + uint32(rng.IntN(2))}
		case p < 8:
			a.seq += uint64(rng.IntN(300)) // a link down for longer than the window, or not
		}
		if rng.IntN(100) >= 20 {
			sent = append(sent, a)
		}
		if rng.IntN(100) < 3 {
			sent = append(sent, a)
		}
		if rng.IntN(100) < 2 {
			again := a
			again.late = true
			sent = append(sent, again)
		}
		a.seq++
	}
	for i := range sent {
		if rng.IntN(100) < 10 {
			j := min(i+rng.IntN(5)*rng.IntN(40), len(sent)-1)
			sent[i], sent[j] = sent[j], sent[i]
		}
	}
	return sent
}

// The counters are those of the model after any sequence of events.
func TestLossIsExact(t *testing.T) {
	for seed := range uint64(12) {
		bubble(t, fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			c := config()
			c.Batch = 1 + rng.IntN(50)
			s := start(t, c)
			var models [4]model
			var lives [4][]arrival
			for i := range lives {
				lives[i] = life(rng, 1500)
			}
			for n := 0; ; n++ {
				i := rng.IntN(len(lives))
				if len(lives[i]) == 0 {
					break
				}
				a := lives[i][0]
				lives[i] = lives[i][1:]
				m := message(fmt.Sprintf("GK%d", i), a.boot, a.seq)
				m.Late = a.late
				s.post(sealed(t, m))
				models[i].arrives(a.boot, a.seq, a.late)
				if n%100 == 0 {
					s.settle()
				}
			}
			s.settle()
			for i := range models {
				models[i].check(t, s.device(fmt.Sprintf("GK%d", i)))
			}
			assert.Zero(t, s.Stats().QueueFull)
		})
	}
}

// A device that reports first out of order: what is below its first report
// counts as soon as something below it has shown that it was sent.
func TestLossBelowTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, config())
		for _, step := range []struct{ seq, lost uint64 }{{10, 0}, {12, 1}, {7, 3}, {8, 2}, {9, 1}, {11, 0}} {
			s.send(report(t, "GK0001", 1, step.seq))
			assert.Equal(t, step.lost, s.device("GK0001").Lost, "after %d", step.seq)
		}
	})
}

// The ends of the range of seq neither wrap nor stop the receiver.
func TestLossOfGreatNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, config())
		const most = 1<<64 - 1
		s.send(report(t, "GK0001", 1, 0))
		s.send(report(t, "GK0001", 1, most))
		assert.Equal(t, uint64(most-1), s.device("GK0001").Lost)
		s.send(report(t, "GK0001", 1, most-1))
		s.send(report(t, "GK0001", 1, most))
		s.send(report(t, "GK0001", 1, 1))
		s.send(report(t, "GK0001", 2, most))
		d := s.device("GK0001")
		assert.Equal(t, uint64(most), d.Lost, "it stays at the end of its range")
		assert.Equal(t, uint64(1), d.Duplicate)
		assert.Equal(t, uint64(1), d.Replayed)
		s.send(report(t, "GK0001", 2, most-5))
		assert.Equal(t, uint64(most-1), s.device("GK0001").Lost)
	})
}

// What a device may have sent since its last message is never "0 lost": it
// is silence.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, config())
		began := time.Now()
		s.post(report(t, "GK0001", 1, 0))
		s.settle()
		d := s.device("GK0001")
		assert.Equal(t, began.Add(60*time.Second).UTC(), d.Due)
		assert.Equal(t, began.UTC(), d.Last)
		time.Sleep(10 * time.Minute)
		assert.True(t, s.device("GK0001").Due.Before(time.Now()), "silent")

		s.post(report(t, "GK0001", 2, 0))
		s.settle()
		d = s.device("GK0001")
		assert.Zero(t, d.Lost)
		assert.Equal(t, 541*time.Second, d.Silence.Std(), "the time of the first boot's end less one period")
		assert.Equal(t, uint64(1), d.Reboots)
	})
}

// The clock of the server was wrong for a while: when it is right again, so
// is the silence. Messages that overtook each other change nothing.
func TestSilenceAfterAClockJump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var jump atomic.Int64
		now := func() time.Time { return time.Now().Add(time.Duration(jump.Load())) }
		s := start(t, config(), func(o *receiver.Options) { o.Now = now })
		arrives := func(seq uint64) time.Time {
			at := now().UTC()
			s.post(report(t, "GK0001", 1, seq))
			s.settle()
			return at
		}
		arrives(0)
		jump.Store(int64(24 * time.Hour))
		ahead := arrives(1)
		assert.Equal(t, ahead, s.device("GK0001").Last)
		jump.Store(0)
		right := arrives(2)
		assert.Equal(t, right, s.device("GK0001").Last)
		time.Sleep(2 * time.Minute)
		assert.True(t, s.device("GK0001").Due.Before(now()), "silent")

		late := arrives(4)
		jump.Store(int64(-3 * time.Second))
		arrives(3)
		assert.Equal(t, late, s.device("GK0001").Last)
	})
}

func TestSilenceOfUnknownPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, config())
		m := message("GK0001", 1, 0)
		m.Period = 0
		s.send(sealed(t, m))
		time.Sleep(time.Hour)
		s.send(report(t, "GK0001", 2, 0))
		assert.Zero(t, s.device("GK0001").Silence)
	})
}

// Each part of a split report is taken once; what is missing is counted.
func TestParts(t *testing.T) {
	part := func(t *testing.T, boot uint32, seq, index, count uint64) []byte {
		m := message("GK0001", boot, seq)
		m.Part = telemetry.Part{Index: index, Count: count}
		return sealed(t, m)
	}
	synctest.Test(t, func(t *testing.T) {
		s := start(t, config())
		s.send(part(t, 1, 0, 2, 3))
		assert.Equal(t, uint64(2), s.device("GK0001").LostParts)
		s.send(part(t, 1, 0, 1, 3))
		s.send(part(t, 1, 0, 2, 3)) // again
		s.send(part(t, 1, 1, 1, 2))
		s.send(part(t, 1, 0, 3, 3))
		s.send(report(t, "GK0001", 1, 1)) // parts of it are here already
		d := s.device("GK0001")
		assert.Equal(t, uint64(1), d.LostParts, "part 2 of report 1")
		assert.Equal(t, uint64(4), d.Received)
		assert.Equal(t, uint64(2), d.Duplicate)
		assert.Equal(t, uint64(1), d.Reordered)
		assert.Zero(t, d.Lost)

		s.send(part(t, 1, 5, 64, 64)) // more parts than ever before
		s.send(part(t, 1, 0, 3, 3))
		s.send(part(t, 1, 1, 1, 2))
		d = s.device("GK0001")
		assert.Equal(t, uint64(4), d.Duplicate, "what came before is still known")
		assert.Equal(t, uint64(3), d.Lost)
		assert.Equal(t, uint64(64), d.LostParts)
		s.send(part(t, 1, 1, 2, 2))
		d = s.device("GK0001")
		assert.Equal(t, uint64(4), d.Duplicate, "and what did not")
		assert.Equal(t, uint64(63), d.LostParts)

		s.send(part(t, 1, 128, 1, 2)) // takes the place of report 0
		s.send(part(t, 1, 0, 1, 3))
		assert.Equal(t, uint64(1), s.device("GK0001").Replayed)
		s.send(part(t, 1, 128, 2, 2))
		s.send(part(t, 2, 0, 1, 2))
		s.send(part(t, 2, 0, 1, 2))
		s.send(part(t, 2, 0, 2, 2))
		d = s.device("GK0001")
		assert.Equal(t, uint64(5), d.Duplicate)
		assert.Equal(t, uint64(63), d.LostParts)
	})
}

// A device without boot counter is known to have restarted by its uptime,
// its time, or a seq near 0 that is far below.
func TestWithoutBoot(t *testing.T) {
	type step struct {
		seq          uint64
		uptime, time uint64 // 0 = unknown
		boot         uint32 // 0 = unknown
		late         bool
		taken        bool
	}
	for name, steps := range map[string][]step{
		"order":                      {{seq: 5, taken: true}, {seq: 7, taken: true}, {seq: 6, taken: true}, {seq: 6}},
		"uptime goes on":             {{seq: 50, uptime: 3000, taken: true}, {seq: 0, uptime: 3100, taken: true}, {seq: 0, uptime: 3100}},
		"uptime goes back":           {{seq: 50, uptime: 3000, taken: true}, {seq: 49, uptime: 2940, taken: true}, {seq: 49, uptime: 2940}},
		"time goes on":               {{seq: 50, uptime: 3000, time: 1e9, taken: true}, {seq: 50, uptime: 3000, time: 1e9 + 500, taken: true}},
		"time goes back":             {{seq: 50, time: 1e9, taken: true}, {seq: 50, time: 1e9 - 500}},
		"far below":                  {{seq: 5000, taken: true}, {seq: 0, taken: true}, {seq: 1, taken: true}},
		"far below, not near 0":      {{seq: 5000, taken: true}, {seq: 128}},
		"far below, older":           {{seq: 5000, time: 1e9, taken: true}, {seq: 3, time: 1e9 - 500}},
		"late":                       {{seq: 50, uptime: 3000, taken: true}, {seq: 50, uptime: 3100, late: true}},
		"boot begins":                {{seq: 50, taken: true}, {seq: 0, boot: 1, taken: true}, {seq: 51}},
		"boot is not left away":      {{seq: 50, boot: 3, taken: true}, {seq: 51}, {seq: 0}},
		"boot 0 is not without boot": {{seq: 50, boot: 3, taken: true}, {seq: 51, boot: 2}},
	} {
		bubble(t, name, func(t *testing.T) {
			s := start(t, config())
			var taken uint64
			for i, step := range steps {
				m := message("GK0001", step.boot, step.seq)
				m.Boot.Known = step.boot != 0
				m.Uptime = telemetry.Maybe[uint64]{Known: step.uptime != 0, Value: step.uptime}
				m.Time = telemetry.Maybe[uint64]{Known: step.time != 0, Value: step.time}
				m.Late = step.late
				s.send(sealed(t, m))
				if step.taken {
					taken++
				}
				require.Equal(t, taken, s.Stats().Received, "step %d", i)
			}
		})
	}
}

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, config())
		send := func(boot uint32, seq, uptime uint64, at time.Time, late bool) receiver.DeviceStats {
			m := message("GK0001", boot, seq)
			m.Uptime = telemetry.Known(uptime)
			m.Time = telemetry.Maybe[uint64]{Known: !at.IsZero(), Value: uint64(max(at.Unix(), 0))}
			m.Late = late
			s.send(sealed(t, m))
			return s.device("GK0001")
		}
		d := send(1, 0, 30, time.Time{}, false)
		assert.False(t, d.ClockOffset.Known, "its clock is not set")
		assert.Zero(t, d.Booted)

		ahead := time.Now().Add(time.Hour)
		d = send(1, 1, 90, ahead, false)
		assert.Equal(t, telemetry.Known(int64(3600)), d.ClockOffset)
		assert.Equal(t, ahead.Add(-90*time.Second).UTC(), d.Booted, "dates the message before")

		d = send(1, 0, 30, ahead.Add(-time.Minute), true) // a duplicate
		assert.Equal(t, telemetry.Known(int64(3600)), d.ClockOffset)
		d = send(1, 3, 210, time.Unix(1<<40, 0), false)
		assert.Positive(t, d.ClockOffset.Value, "the clock of a device may show anything")
		d = send(1, 2, 150, ahead, true)
		assert.Equal(t, uint64(1), d.Late)
		assert.Positive(t, d.ClockOffset.Value, "a late message says nothing about the clock now")

		offset := d.ClockOffset
		d = send(1, 4, 270, ahead, true)
		assert.Equal(t, offset, d.ClockOffset, "nor does one that is the newest here")

		d = send(2, 0, 30, time.Time{}, false)
		assert.Zero(t, d.Booted, "of this boot nothing is known yet")
		assert.True(t, d.ClockOffset.Known)
	})
}
