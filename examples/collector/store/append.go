package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// writeSize is how much is written at once.
const writeSize = 1 << 20

// maxSpan is the longest time that a segment covers, so that records of a
// small fleet get old enough to be dropped.
const maxSpan = 24 * time.Hour

// writer is what only Write uses, and Close at the end.
type writer struct {
	mu       sync.Mutex
	file     *os.File // the segment that is written to; nil when a new one must be begun
	buf      []byte
	reports  []latest.Report // of the Write under way, as the postings are
	postings []posting
	closed   bool
}

// close reports whether it is the first.
func (w *writer) close() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	first := !w.closed
	w.closed = true
	return first
}

func (w *writer) closeFile() error {
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}

// Write takes the records into the last states, appends them to the log and
// syncs it. It stores all records or, when it returns an error, none, which
// then wraps [receiver.ErrNotStored]: the last states have them all the same.
// The next Write tries afresh.
func (s *Store) Write(_ context.Context, records []receiver.Record) error {
	s.writer.mu.Lock()
	defer s.writer.mu.Unlock()
	if s.writer.closed {
		return fmt.Errorf("store: %w: %w", receiver.ErrNotStored, os.ErrClosed)
	}
	reports := s.writer.reports[:0]
	for i := range records {
		reports = append(reports, latest.ReportOf(&records[i]))
		if err := s.table.Apply(&reports[i]); err != nil {
			s.state.notIndexed(s.log, err)
		}
	}
	s.writer.reports = reports
	defer clear(reports) // the datagrams are not held until the next Write
	if err := s.append(reports); err != nil {
		s.state.failed(len(records), err)
		return fmt.Errorf("store: %d records: %w: %w", len(records), receiver.ErrNotStored, err)
	}
	s.state.stored(len(records))
	return nil
}

// append writes and syncs. The caller holds writer.mu.
func (s *Store) append(reports []latest.Report) error {
	before, err := s.room()
	if err != nil {
		return err
	}
	after := before
	err = s.writeAll(&after, reports)
	written := err == nil
	if written {
		if err = s.writer.file.Sync(); err == nil {
			s.commit(&after)
			return nil
		}
		err = fmt.Errorf("sync: %w", err)
	}
	// Nothing of these records may stand before those that follow. After a
	// failed sync nobody knows what the file holds: it is not continued.
	if cut := s.writer.file.Truncate(before.size); written || cut != nil {
		err = errors.Join(err, cut, s.finish())
	}
	return err
}

// writeAll writes the reports behind the end of g, without syncing.
func (s *Store) writeAll(g *segment, reports []latest.Report) error {
	w := &s.writer
	w.buf, w.postings = w.buf[:0], w.postings[:0]
	for i := range reports {
		r, start := &reports[i], len(w.buf)
		w.buf = latest.AppendReport(openFrame(w.buf), r)
		if n := len(w.buf) - start - frameHead; n > maxBody {
			return fmt.Errorf("a record of %d bytes, allowed are %d", n, maxBody)
		}
		closeFrame(w.buf, start)
		w.postings = append(w.postings, newPosting(hashOf(r.Device), g.size+int64(start)))
		g.add(r.Received)
		if len(w.buf) < writeSize && i < len(reports)-1 {
			continue
		}
		if _, err := w.file.WriteAt(w.buf, g.size); err != nil {
			return err
		}
		g.size += int64(len(w.buf))
		w.buf = w.buf[:0]
	}
	return nil
}

// commit makes what was written and synced known.
func (s *Store) commit(after *segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*s.segments.active() = *after
	s.segments.postings = append(s.segments.postings, s.writer.postings...)
	s.segments.synced = place{after.number, after.size}
}

// room sees to it that there is a segment with room, and returns it.
func (s *Store) room() (segment, error) {
	s.mu.Lock()
	var g segment
	if last := s.segments.active(); last != nil {
		g = *last
	}
	s.mu.Unlock()
	if s.writer.file != nil {
		span := maxSpan
		if age := s.options.RetainAge / 8; age > 0 {
			span = min(span, age)
		}
		// One that began in the future, by a clock that was ahead, is too old
		// as well.
		age := s.options.Now().Sub(time.Unix(0, g.min)).Abs()
		if g.size < s.options.SegmentBytes && (g.records == 0 || age < span) {
			return g, nil
		}
		if err := s.finish(); err != nil {
			return g, err
		}
	}
	return s.begin(max(g.number+1, s.least))
}

// begin begins a segment. A number whose file is there already, as when it
// could not be removed, is passed over.
func (s *Store) begin(number uint64) (segment, error) {
	f, err := s.create(number)
	for errors.Is(err, fs.ErrExist) {
		number++
		f, err = s.create(number)
	}
	if err != nil {
		return segment{}, err
	}
	_, err = f.WriteString(segmentMagic)
	if err = errors.Join(err, s.syncDir()); err != nil {
		return segment{}, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	s.writer.file = f
	g := newSegment(number)
	g.size = int64(len(segmentMagic))
	s.mu.Lock()
	s.segments.list = append(s.segments.list, g)
	s.segments.open, s.segments.postings = true, nil
	s.mu.Unlock()
	s.retain()
	return *g, nil
}

func (s *Store) create(number uint64) (*os.File, error) {
	return os.OpenFile(s.path(number, ".log"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

// finish closes the segment that is written to and writes its index. Without
// one things go on: it is made again when it is needed.
func (s *Store) finish() error {
	s.mu.Lock()
	g, postings := *s.segments.active(), s.segments.postings
	s.mu.Unlock()
	if err := s.writeIndex(&g, postings); err != nil {
		s.log.Warn("store: no index for a segment yet", "segment", g.number, "error", err)
	}
	s.mu.Lock()
	s.segments.open, s.segments.postings = false, nil
	s.mu.Unlock()
	err := s.writer.file.Close()
	s.writer.file = nil
	return err
}
