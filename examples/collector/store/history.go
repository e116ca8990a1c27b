package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
	"github.com/fieldgate/fieldgate/telemetry"
)

// identity is what only one record of a device has. A record whose device got
// no acknowledgement may be stored twice.
type identity struct {
	boot telemetry.Maybe[uint32]
	seq  uint64
	part telemetry.Part
}

// History calls yield with the records of a device that arrived from from to
// to, both included, in the order of their arrival, until it returns false. A
// record that is stored twice comes once. Damaged records are skipped and
// counted; a segment that is removed meanwhile is skipped.
func (s *Store) History(ctx context.Context, device string, from, to time.Time, yield func(*latest.Report) bool) error {
	hash := hashOf(device)
	seen := make(map[identity]bool)
	lo, hi := nanoseconds(from), nanoseconds(to)
	for _, g := range s.overlapping(lo, hi, hash) {
		more, err := s.segmentHistory(ctx, g, device, func(r *latest.Report) bool {
			id := identity{r.Boot, r.Seq, r.Part}
			if r.Received < lo || r.Received > hi || r.Boot.Known && seen[id] {
				return true
			}
			seen[id] = true
			return yield(r)
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if !more {
			break
		}
	}
	return nil
}

// nanoseconds is UnixNano where that is defined, else its limits.
func nanoseconds(t time.Time) int64 {
	switch year := t.Year(); {
	case year < 1970:
		return 0
	case year > 2261:
		return 1<<63 - 1
	}
	return t.UnixNano()
}

// found is a segment with the offsets of a device, if they are known.
type found struct {
	segment segment
	hash    uint32
	active  bool
	offsets []int64
}

// overlapping returns the segments of a time, with what is in memory.
func (s *Store) overlapping(lo, hi int64, hash uint32) []found {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []found
	for _, g := range s.segments.list {
		if !g.overlaps(lo, hi) {
			continue
		}
		f := found{segment: *g, hash: hash, active: s.segments.open && g == s.segments.active()}
		if f.active {
			f.offsets = offsetsOf(s.segments.postings, hash)
		}
		list = append(list, f)
	}
	return list
}

func offsetsOf(postings []posting, hash uint32) (offsets []int64) {
	for _, p := range postings {
		if p.hash() == hash {
			offsets = append(offsets, p.offset())
		}
	}
	slices.Sort(offsets)
	return offsets
}

// segmentHistory reads the records of a device in one segment. more is false
// when yield has had enough.
func (s *Store) segmentHistory(ctx context.Context, g found, device string, yield func(*latest.Report) bool) (more bool, err error) {
	if !g.active {
		if g.offsets, err = s.lookup(&g.segment, g.hash); err != nil {
			_, postings, err := s.reindex(g.segment.number)
			if err != nil {
				return true, err
			}
			g.offsets = offsetsOf(postings, g.hash)
		}
	}
	if len(g.offsets) == 0 {
		return true, nil
	}
	f, err := os.Open(s.path(g.segment.number, ".log"))
	if err != nil {
		return true, err
	}
	defer func() { _ = f.Close() }()
	for _, at := range g.offsets {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		r, err := readRecord(f, at)
		if err != nil {
			s.damaged(g.segment.number, hole{at, at + frameHead})
			continue
		}
		if r.Device == device && !yield(&r) {
			return false, nil
		}
	}
	return true, nil
}
