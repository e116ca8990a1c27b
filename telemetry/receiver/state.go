package receiver

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
)

const (
	journalSuffix = ".journal"     // entries since the snapshot began
	oldSuffix     = ".journal.old" // entries before, while it is written
	newSuffix     = ".new"         // what will replace the file of that name
	// journalGrowth is by how many bytes a journal outgrows the snapshot
	// before the next snapshot is made.
	journalGrowth = 8 << 20
	// snapshotStep is how many devices are written between two batches.
	snapshotStep = 2048
)

// stateFile keeps the table on disk: a snapshot of all devices, replaced as
// a whole, and a journal of those that changed since. What append returned
// nil for outlives the process; what was synced outlives a power cut.
//
// append and forget are for any goroutine, the rest is for one.
type stateFile struct {
	path   string
	table  *table
	log    *slog.Logger
	errors *atomic.Uint64

	background sync.WaitGroup
	busy       atomic.Bool // there is a task in the background
	snapshot   *snapshot   // being written; nil = none
	retry      backoff.Backoff
	retryAt    time.Time

	mu           sync.Mutex
	journal      *os.File
	size         int64 // whole bytes of the journal
	torn         bool  // and then some that are not
	dirty        bool  // not synced
	snapshotSize int64
	failures     uint64
	failure      error // nil = all is on disk, or on its way
}

// openState reads what there is at path into the table, and makes it one
// snapshot and an empty journal. Where these cannot be written there are no
// acks until they can.
func openState(path string, t *table, log *slog.Logger, errs *atomic.Uint64) (*stateFile, error) {
	s := &stateFile{path: path, table: t, log: log, errors: errs, retry: backoff.Backoff{Min: time.Second, Max: time.Minute}}
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	switch err := s.replace(); {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission): // for the operator
		return nil, fmt.Errorf("state: %w", err)
	case err != nil: // of a full disk, perhaps, on which others wait for the start to make room
		s.mu.Lock()
		defer s.mu.Unlock()
		s.fail(err)
	}
	return s, nil
}

// load reads the files in the order in which they were written.
func (s *stateFile) load() error {
	for _, suffix := range []string{"", oldSuffix, journalSuffix} {
		good, err := s.loadFile(s.path + suffix)
		switch {
		case errors.Is(err, errBadState) && suffix != "":
			// The process or the machine ended within a write.
			s.log.Warn("receiver: the end of a journal is not whole, going on without it",
				"file", s.path+suffix, "whole_bytes", good, "error", err)
		case errors.Is(err, errBadState):
			return fmt.Errorf("%s: %w; without the file, messages received before can be replayed", s.path, err)
		case err != nil:
			return err
		}
	}
	return nil
}

func (s *stateFile) loadFile(path string) (good int64, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	full := false
	good, err = readState(bufio.NewReaderSize(f, 1<<20), func(d device, p *partWindow) {
		full = full || !s.table.put(d, p)
	})
	if full {
		return good, fmt.Errorf("%s has more devices than max_devices, %d", path, s.table.most)
	}
	return good, err
}

// openJournal begins an empty journal. Called with mu.
func (s *stateFile) openJournal() error {
	f, err := os.OpenFile(s.path+journalSuffix, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(stateMagic); err != nil {
		return errors.Join(err, f.Close())
	}
	s.journal, s.size, s.torn, s.dirty = f, int64(len(stateMagic)), false, true
	return nil
}

func (s *stateFile) closeJournal() {
	if s.journal != nil {
		_ = s.journal.Close()
		s.journal = nil
	}
}

// put writes whole frames to the end of the journal. What a failed write
// left behind is cut off by the next. Called with mu.
func (s *stateFile) put(b []byte) error {
	if s.journal == nil {
		return cmp.Or(s.failure, fs.ErrClosed)
	}
	if err := s.cutTorn(); err != nil {
		return err
	}
	if _, err := s.journal.WriteAt(b, s.size); err != nil {
		s.torn = true
		return err
	}
	s.size += int64(len(b))
	s.dirty = true
	return nil
}

func (s *stateFile) cutTorn() error {
	if !s.torn {
		return nil
	}
	if err := s.journal.Truncate(s.size); err != nil {
		return err
	}
	s.torn = false
	return nil
}

// append writes frames to the journal. It reports whether all that it was
// ever given is on its way to the disk.
func (s *stateFile) append(frames []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.put(frames); err != nil {
		s.fail(err)
	}
	return s.failure == nil
}

// fail notes an error: the journal lacks something until a snapshot is made.
// Called with mu.
func (s *stateFile) fail(err error) {
	s.errors.Add(1)
	if s.failure == nil {
		s.log.Error("receiver: the state cannot be written, no acks until it can", "file", s.path, "error", err)
	}
	s.failures++
	s.failure = err
}

func (s *stateFile) lastFailure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure
}

func (s *stateFile) try(f func() error) {
	if err := f(); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.fail(err)
	}
}

// close writes all to the disk and ends.
func (s *stateFile) close() {
	if s == nil {
		return
	}
	s.try(s.replace)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal != nil {
		_ = s.journal.Sync()
	}
	s.closeJournal()
}
