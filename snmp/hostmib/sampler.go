package hostmib

import (
	"time"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
)

const (
	window   = time.Minute     // of the averages
	interval = 5 * time.Second // between samples
	minSpan  = time.Second     // that an average covers at least
)

// sample is what the kernel counted up to a moment. The zero sample is that
// of the boot.
type sample struct {
	at     time.Time
	stat   hostfacts.Stat
	paging hostfacts.Paging
}

// usage is a reading and what its averages begin at.
type usage struct {
	now, base sample
	paged     bool          // paging is known
	span      time.Duration // between base and now, 0 where it is not known
}

// sampler returns the reading of the processors, which remembers samples of
// the last minute. It is called by one at a time.
func (h *Host) sampler() func() (usage, error) {
	var last hostfacts.Stat
	var samples []sample // oldest first
	return func() (usage, error) {
		stat, err := h.facts.Stat()
		if err != nil {
			return usage{}, err
		}
		keepFromFalling(&stat, last)
		last = stat
		paging, err := h.facts.Paging()
		u := usage{now: sample{time.Now(), stat, paging}, paged: err == nil}

		// Forget all that is older than the youngest sample of a full minute.
		for len(samples) > 1 && u.now.at.Sub(samples[1].at) >= window {
			samples = samples[1:]
		}
		if len(samples) > 0 && u.now.at.Sub(samples[0].at) >= minSpan && samples[0].stat.All.Total() < stat.All.Total() {
			u.base, u.span = samples[0], u.now.at.Sub(samples[0].at)
		} else if up, err := h.facts.Uptime(); err == nil {
			u.span = up
		}
		if n := len(samples); n == 0 || u.now.at.Sub(samples[n-1].at) >= interval {
			samples = append(samples, u.now)
		}
		return u, nil
	}
}

// keepFromFalling raises what the kernel has stepped back to what it was
// before.
func keepFromFalling(s *hostfacts.Stat, last hostfacts.Stat) {
	raise(&s.All, last.All)
	s.Interrupts, s.Contexts = max(s.Interrupts, last.Interrupts), max(s.Contexts, last.Contexts)
	before := make(map[int]hostfacts.Ticks, len(last.Processors))
	for _, p := range last.Processors {
		before[p.Number] = p.Ticks
	}
	for i := range s.Processors {
		raise(&s.Processors[i].Ticks, before[s.Processors[i].Number])
	}
}

func raise(t *hostfacts.Ticks, last hostfacts.Ticks) {
	t.User, t.Nice = max(t.User, last.User), max(t.Nice, last.Nice)
	t.System, t.Idle, t.IOWait = max(t.System, last.System), max(t.Idle, last.Idle), max(t.IOWait, last.IOWait)
	t.IRQ, t.SoftIRQ = max(t.IRQ, last.IRQ), max(t.SoftIRQ, last.SoftIRQ)
	t.Steal, t.Guest, t.GuestNice = max(t.Steal, last.Steal), max(t.Guest, last.Guest), max(t.GuestNice, last.GuestNice)
}

// percent is a share of the time since the base, truncated. Where no time has
// passed since then, it is that since the boot.
func percent(part, partBase, whole, wholeBase uint64) int32 {
	if whole <= wholeBase {
		partBase, wholeBase = 0, 0
	}
	if whole == 0 {
		return 0
	}
	return int32(less(part, partBase) * 100 / (whole - wholeBase))
}

// load is the share of the time that a processor was not idle. One that was
// not there at the base is measured from the boot.
func (u usage) load(p hostfacts.Processor) int32 {
	var base hostfacts.Ticks
	for _, b := range u.base.stat.Processors {
		if b.Number == p.Number {
			base = b.Ticks
		}
	}
	whole, wholeBase := p.Total(), base.Total()
	return percent(less(whole, p.Idle), less(wholeBase, base.Idle), whole, wholeBase)
}

// rate is a count per second since the base, truncated.
func (u usage) rate(count, base uint64) uint64 {
	return uint64(float64(less(count, base)) / u.span.Seconds())
}

// less returns a - b, or 0 where b is larger.
func less(a, b uint64) uint64 { return a - min(a, b) }
