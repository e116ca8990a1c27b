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

// retain removes the oldest segments that are too much or too old. The last
// one stays.
func (s *Store) retain(now time.Time) {
	old := s.expired(now)
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
func (s *Store) expired(now time.Time) []*segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	bytes, n := s.segments.bytes(), 0
	for ; n < len(s.segments.list)-1; n++ {
		g := s.segments.list[n]
		tooMuch := s.options.RetainBytes > 0 && bytes > s.options.RetainBytes
		tooOld := s.options.RetainAge > 0 && now.Sub(time.Unix(0, g.max)) > s.options.RetainAge
		if !tooMuch && !tooOld {
			break
		}
		bytes -= g.bytes()
	}
	old := slices.Clone(s.segments.list[:n])
	s.segments.list = slices.Delete(s.segments.list, 0, n)
	return old
}
