package store

import (
	"context"
	"fmt"
	"os"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
)

// recover reads what is in the folder.
func (s *Store) recover(ctx context.Context) error {
	numbers, err := listSegments(s.options.Dir)
	if err != nil {
		return err
	}
	for i, number := range numbers {
		if err := ctx.Err(); err != nil {
			return err
		}
		if i < len(numbers)-1 {
			err = s.openFull(number)
		} else {
			err = s.openActive(number)
		}
		if err != nil {
			return err
		}
	}
	from, err := s.readCheckpoint()
	if err != nil {
		s.log.Warn("store: no usable checkpoint, the last states are read from the whole log", "error", err)
		s.table.Close()
		s.table, from = latest.New(s.options.MaxDevices), place{}
	}
	if err := s.replay(ctx, from); err != nil {
		return err
	}
	return s.pass(from)
}

// pass sees to it that nothing is written before the place of the checkpoint,
// where the next Open would take it for what the checkpoint knows. That is so
// when the log is shorter than it was.
func (s *Store) pass(from place) error {
	g := s.segments.active()
	if g != nil && (g.number > from.segment || g.number == from.segment && g.size >= from.offset) {
		return nil
	}
	s.least = from.segment + 1
	if s.writer.file == nil {
		return nil
	}
	return s.finish()
}

// openFull takes up a segment that is not written to any more.
func (s *Store) openFull(number uint64) error {
	info, err := os.Stat(s.path(number, ".log"))
	if err != nil {
		return err
	}
	g, err := s.readIndexHead(number, info.Size())
	if err != nil {
		if g, _, err = s.reindex(number); err != nil {
			return err
		}
	}
	s.segments.list = append(s.segments.list, g)
	return nil
}

// reindex reads a full segment and writes its index.
func (s *Store) reindex(number uint64) (*segment, []posting, error) {
	s.indexing.Lock()
	defer s.indexing.Unlock()
	g := newSegment(number)
	postings, end, size, err := s.survey(g)
	if err != nil {
		return nil, nil, err
	}
	if end < size {
		s.damaged(number, hole{end, size})
	}
	g.size = size
	if err := s.writeIndex(g, postings); err != nil {
		s.log.Warn("store: no index for a segment yet", "segment", number, "error", err)
	}
	return g, postings, nil
}

// openActive takes up the last segment, cuts off what is no whole record at
// its end, and goes on with it.
func (s *Store) openActive(number uint64) error {
	g := newSegment(number)
	postings, end, size, err := s.survey(g)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(s.path(number, ".log"), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	s.writer.file = f
	if end < size {
		s.log.Warn("store: the log ends within a record, cut off", "place", place{number, end}.String(), "bytes", size-end)
		s.state.torn(size - end)
		if err := f.Truncate(end); err != nil {
			return err
		}
	}
	if end == 0 {
		if _, err := f.WriteAt([]byte(segmentMagic), 0); err != nil {
			return err
		}
		end = int64(len(segmentMagic))
	}
	if err := f.Sync(); err != nil {
		return err
	}
	g.size = end
	s.segments = segments{append(s.segments.list, g), true, postings, place{number, end}}
	_ = os.Remove(s.path(number, ".idx")) // of a last segment that was taken for full
	return nil
}

// survey reads a whole segment.
func (s *Store) survey(g *segment) (postings []posting, end, size int64, err error) {
	end, size, err = s.scan(g.number, 0, func(at int64, r *latest.Report) error {
		postings = append(postings, newPosting(hashOf(r.Device), at))
		g.add(r.Received)
		return nil
	}, func(h hole) { s.damaged(g.number, h) })
	return postings, end, size, err
}

// replay takes the records from a place on into the last states.
func (s *Store) replay(ctx context.Context, from place) error {
	for _, g := range s.segments.list {
		offset := int64(0)
		switch {
		case g.number < from.segment:
			continue
		case g.number == from.segment:
			offset = from.offset
		}
		if offset > g.size {
			offset = 0
		}
		_, _, err := s.scan(g.number, offset, func(_ int64, r *latest.Report) error {
			if err := s.table.Apply(r); err != nil {
				s.state.notIndexed(s.log, err)
			}
			return ctx.Err()
		}, func(h hole) { s.damaged(g.number, h) })
		if err != nil {
			return fmt.Errorf("read the last states: %w", err)
		}
	}
	return nil
}

// damaged counts a damaged place, once.
func (s *Store) damaged(number uint64, h hole) {
	at := place{number, h.from}
	if s.state.damage(at) {
		s.log.Warn("store: damage in the log, skipped", "place", at.String(), "bytes", h.to-h.from)
	}
}
