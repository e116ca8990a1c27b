package store

import (
	"os"
	"slices"
	"time"
)

// segments is the whole log. The Store's mu guards it.
type segments struct {
	list     []*segment
	open     bool      // the last one is written to
	postings []posting // of the active one
	synced   place     // what lies before it is on the disk
}

// active returns the last segment, nil when there is none.
func (l *segments) active() *segment {
	if len(l.list) == 0 {
		return nil
	}
	return l.list[len(l.list)-1]
}

func (l *segments) bytes() int64 {
	var sum int64
	for _, g := range l.list {
		sum += g.bytes()
	}
	return sum
}

// maxLag is how far the clock may be ahead of the time that has passed.
const maxLag = time.Minute

// ageClock is the time by which records age. It follows the machine's clock,
// but when that jumps ahead it goes on as before, until what came before the
// jump is too old without it: what was removed because of a clock that is
// wrong for a while does not come back with the right one.
type ageClock struct {
	now  time.Time     // zero: not begun
	read time.Time     // when it was last asked, with a monotonic reading
	held time.Duration // how long it has not followed
}

// at returns the time, wall being that of the machine, newest the arrival of
// the newest record, zero when there is none, and retain the time for which
// records are kept.
func (c *ageClock) at(wall, newest time.Time, retain time.Duration) time.Time {
	read := time.Now()
	switch passed := read.Sub(c.read); {
	case !c.now.IsZero():
		c.now = c.now.Add(passed)
		c.held += passed
	case !newest.IsZero():
		c.now = newest
	default:
		c.now = wall
	}
	if c.held > retain || wall.Sub(c.now) < maxLag {
		c.now, c.held = wall, 0
	}
	c.read = read
	return c.now
}

// newest returns when the newest record arrived that is not of the future,
// zero when there is none.
func (l *segments) newest(now time.Time) (newest time.Time) {
	for _, g := range l.list {
		if at := time.Unix(0, g.max); g.records > 0 && at.After(newest) && !at.After(now) {
			newest = at
		}
	}
	return newest
}

// ended returns when the last record of a segment arrived at the latest. Where
// that is after now, as by a clock that was ahead, the next segment tells.
func (l *segments) ended(i int, now time.Time) time.Time {
	for ; i < len(l.list)-1; i++ {
		if at := time.Unix(0, l.list[i].max); !at.After(now) {
			return at
		}
	}
	return now
}

// retain removes the oldest segments that are too much or too old. The last
// one stays.
func (s *Store) retain() {
	old := s.expired(s.options.Now())
	for _, g := range old {
		if err := os.Remove(s.path(g.number, ".log")); err != nil {
			s.log.Warn("store: an old segment cannot be removed", "error", err)
		}
		_ = os.Remove(s.path(g.number, ".idx")) // useless alone; there may be none
		s.state.retained(g.records)
	}
	if len(old) > 0 {
		_ = s.syncDir() // else a removed one may be back after a power cut
	}
}

// expired takes the segments that retain removes off the list.
func (s *Store) expired(wall time.Time) []*segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.age.at(wall, s.segments.newest(wall), s.options.RetainAge)
	bytes, n := s.segments.bytes(), 0
	for ; n < len(s.segments.list)-1; n++ {
		g := s.segments.list[n]
		tooMuch := s.options.RetainBytes > 0 && bytes > s.options.RetainBytes
		tooOld := s.options.RetainAge > 0 && now.Sub(s.segments.ended(n, wall)) > s.options.RetainAge
		if !tooMuch && !tooOld {
			break
		}
		bytes -= g.bytes()
	}
	old := slices.Clone(s.segments.list[:n])
	s.segments.list = slices.Delete(s.segments.list, 0, n)
	return old
}
