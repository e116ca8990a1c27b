package store

import (
	"log/slog"
	"sync"
	"time"
)

// Stats is the state of a Store and what it has counted since Open.
type Stats struct {
	Devices  int       // with a last state
	Segments int       // files of the log
	Bytes    int64     // of the log with its indexes
	Records  int64     // in the log
	Oldest   time.Time // arrival of the oldest record; zero when there is none

	Stored    uint64 // records written and synced
	Unstored  uint64 // records that could not be
	Unindexed uint64 // records that are in no last state: the table is full
	Removed   uint64 // records that were too old or too much

	Damaged uint64 // places in the log that were skipped
	Torn    uint64 // bytes cut off at the end of the log at Open

	Failing   bool   // the latest Write failed
	LastError string // of the latest Write that failed

	Checkpoint       time.Time     // when the latest checkpoint was begun; zero: none yet
	CheckpointTook   time.Duration // how long it took
	CheckpointErrors uint64        // checkpoints that failed
}

// maxPlaces is how many damaged places are remembered, so that each is
// counted once.
const maxPlaces = 10_000

// state is the part of Stats that events change.
type state struct {
	mu     sync.Mutex
	stats  Stats
	places map[place]bool
	full   bool // that the table is full has been logged
	broken bool // the latest checkpoint failed
}

// Stats returns the state, at any time and without waiting for the disk.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.state.get()
	stats.Devices, stats.Segments, stats.Bytes = s.table.Len(), len(s.segments.list), s.segments.bytes()
	for _, g := range s.segments.list {
		stats.Records += g.records
		if oldest := time.Unix(0, g.min); g.records > 0 && (stats.Oldest.IsZero() || oldest.Before(stats.Oldest)) {
			stats.Oldest = oldest
		}
	}
	return stats
}

func (t *state) get() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stats
}

func (t *state) stored(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Stored += uint64(n)
	t.stats.Failing = false
}

func (t *state) failed(n int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Unstored += uint64(n)
	t.stats.Failing, t.stats.LastError = true, err.Error()
}

func (t *state) notIndexed(log *slog.Logger, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Unindexed++
	if !t.full {
		t.full = true
		log.Warn("store: a report has no place among the last states", "error", err)
	}
}

func (t *state) retained(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Removed += uint64(n)
}

func (t *state) torn(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Torn += uint64(n)
}

// damage counts a place and reports whether it is new.
func (t *state) damage(at place) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.places[at] || len(t.places) >= maxPlaces {
		return false
	}
	if t.places == nil {
		t.places = make(map[place]bool)
	}
	t.places[at] = true
	t.stats.Damaged++
	return true
}

func (t *state) checkpoint(log *slog.Logger, began time.Time, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.stats.CheckpointErrors++
		if !t.broken {
			log.Warn("store: no checkpoint, the one before stays", "error", err)
		}
	} else {
		t.stats.Checkpoint, t.stats.CheckpointTook = began, time.Since(began)
	}
	t.broken = err != nil
}
