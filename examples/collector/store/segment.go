package store

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
)

// segmentMagic begins each segment.
const segmentMagic = "FGTLOG1\n"

// place is a position in the log.
type place struct {
	segment uint64
	offset  int64
}

func (p place) String() string { return fmt.Sprintf("%016x.log at byte %d", p.segment, p.offset) }

// segment is one file of the log.
type segment struct {
	number   uint64
	size     int64
	records  int64
	min, max int64 // times of arrival; max < min while there is none
}

func newSegment(number uint64) *segment {
	return &segment{number: number, min: math.MaxInt64, max: math.MinInt64}
}

func (g *segment) add(received int64) {
	g.records++
	g.min, g.max = min(g.min, received), max(g.max, received)
}

// overlaps reports whether records of from to to can be in g.
func (g *segment) overlaps(from, to int64) bool { return g.min <= to && g.max >= from }

// bytes returns what g takes on the disk, with its index.
func (g *segment) bytes() int64 { return g.size + indexHead + fanSize + 8*g.records }

func (s *Store) path(number uint64, suffix string) string {
	return filepath.Join(s.options.Dir, fmt.Sprintf("%016x%s", number, suffix))
}

// listSegments returns the numbers of the segments in dir, ascending.
func listSegments(dir string) ([]uint64, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, err
	}
	var numbers []uint64
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".log")
		if n, err := strconv.ParseUint(name, 16, 64); ok && err == nil && len(name) == 16 {
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}

// scan reads the records of a segment from an offset on, 0 = all. It returns
// the end of the last valid one and the size of the file; what lies between is
// not told to damaged.
func (s *Store) scan(number uint64, from int64, yield func(at int64, r *latest.Report) error, damaged func(hole)) (end, size int64, err error) {
	f, err := os.Open(s.path(number, ".log"))
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	size = info.Size()
	if from == 0 {
		magic := make([]byte, len(segmentMagic))
		if _, err := io.ReadFull(f, magic); err == nil && string(magic) == segmentMagic {
			from = int64(len(segmentMagic))
		}
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return 0, size, err
	}
	end = from
	in := newFrames(io.LimitReader(f, size-from), from)
	for {
		body, at, err := in.next()
		switch {
		case errors.Is(err, io.EOF):
			return end, size, nil
		case err != nil:
			return end, size, fmt.Errorf("%s: %w", place{number, in.at}, err)
		case in.hole.from < in.hole.to:
			damaged(in.hole)
		}
		end = at + frameHead + int64(len(body))
		r, err := latest.ParseReport(body)
		if err != nil {
			damaged(hole{at, end})
			continue
		}
		if err := yield(at, &r); err != nil {
			return end, size, err
		}
	}
}

// readRecord reads the record at an offset.
func readRecord(f io.ReaderAt, at int64) (latest.Report, error) {
	b := make([]byte, 1024) // room for most
	n, err := f.ReadAt(b, at)
	if n < frameHead {
		return latest.Report{}, fmt.Errorf("truncated: %w", err)
	}
	size, ok := bodyLength(b)
	if !ok {
		return latest.Report{}, errDamaged
	}
	if size += frameHead; size > n {
		b = make([]byte, size)
		if _, err := f.ReadAt(b, at); err != nil {
			return latest.Report{}, fmt.Errorf("truncated: %w", err)
		}
	}
	if b = b[:size]; !validFrame(b) {
		return latest.Report{}, errDamaged
	}
	return latest.ParseReport(b[frameHead:])
}
