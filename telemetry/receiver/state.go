package receiver

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
)

const (
	journalSuffix = ".journal"     // entries since the snapshot began
	oldSuffix     = ".journal.old" // entries before, while it is written
	newSuffix     = ".new"         // the snapshot that is written
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

// snapshot is one that is being written.
type snapshot struct {
	file     *os.File
	size     int64
	place    int    // the next one
	failures uint64 // when it began
	buf      []byte
}

// openState reads what there is at path into the table, and makes it one
// snapshot and an empty journal.
func openState(path string, t *table, log *slog.Logger, errs *atomic.Uint64) (*stateFile, error) {
	s := &stateFile{path: path, table: t, log: log, errors: errs, retry: backoff.Backoff{Min: time.Second, Max: time.Minute}}
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	if err := s.replace(); err != nil {
		return nil, fmt.Errorf("state: %w", err)
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

// replace writes a snapshot of all and begins an empty journal. It waits for
// the disk.
func (s *stateFile) replace() error {
	s.background.Wait()
	s.abandon()
	if err := s.begin(); err != nil {
		return err
	}
	for {
		done, err := s.write(1 << 16)
		if err != nil {
			s.abandon()
			return err
		}
		if done {
			break
		}
	}
	sn := s.snapshot
	s.snapshot = nil
	if err := s.install(sn); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeJournal()
	return s.openJournal()
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
		return fs.ErrClosed
	}
	if s.torn {
		if err := s.journal.Truncate(s.size); err != nil {
			return err
		}
		s.torn = false
	}
	if _, err := s.journal.WriteAt(b, s.size); err != nil {
		s.torn = true
		return err
	}
	s.size += int64(len(b))
	s.dirty = true
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

// tick syncs the journal, and begins a snapshot when the journal has grown
// or lacks something.
func (s *stateFile) tick(now time.Time) {
	s.mu.Lock()
	journal, dirty := s.journal, s.dirty
	failed := s.failure != nil
	grown := s.size > s.snapshotSize+journalGrowth
	s.mu.Unlock()
	if !failed {
		s.retry.Reset()
	}
	if s.snapshot == nil && (grown || failed) && now.After(s.retryAt) && !s.busy.Load() {
		s.retryAt = now.Add(s.retry.Next())
		s.try(s.rotate)
		return
	}
	if dirty && journal != nil {
		s.inBackground(func() error {
			s.mu.Lock()
			s.dirty = false
			s.mu.Unlock()
			if err := journal.Sync(); err != nil && !errors.Is(err, fs.ErrClosed) {
				return err
			}
			return nil
		})
	}
}

// inBackground runs f unless something else runs there.
func (s *stateFile) inBackground(f func() error) {
	if !s.busy.CompareAndSwap(false, true) {
		return
	}
	s.background.Go(func() {
		defer s.busy.Store(false)
		s.try(f)
	})
}

func (s *stateFile) try(f func() error) {
	if err := f(); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.fail(err)
	}
}

// rotate begins a snapshot and, for what comes after, another journal.
func (s *stateFile) rotate() error {
	if err := s.begin(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.changeJournal(); err != nil {
		s.abandon()
		return err
	}
	return nil
}

// changeJournal is called with mu. It changes nothing while there is an old
// journal, of a snapshot that has failed: both stay until this one is done.
func (s *stateFile) changeJournal() error {
	if _, err := os.Stat(s.path + oldSuffix); errors.Is(err, fs.ErrNotExist) && s.journal != nil {
		if err := errors.Join(s.journal.Sync(), os.Rename(s.path+journalSuffix, s.path+oldSuffix)); err != nil {
			return err
		}
		s.closeJournal()
	}
	if s.journal == nil {
		return s.openJournal()
	}
	return nil
}

// begin opens the file of a snapshot.
func (s *stateFile) begin() error {
	f, err := os.OpenFile(s.path+newSuffix, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	s.mu.Lock()
	failures := s.failures
	s.mu.Unlock()
	s.snapshot = &snapshot{file: f, failures: failures, buf: []byte(stateMagic)}
	return nil
}

// step goes on with the snapshot that is written, if any. It reports whether
// there is more to do at once.
func (s *stateFile) step() bool {
	if s.snapshot == nil {
		return false
	}
	done, err := s.write(snapshotStep)
	switch {
	case err != nil:
		s.abandon()
		s.try(func() error { return err })
		return false
	case !done:
		return true
	}
	if s.busy.Load() {
		return false // the sync of the journal; the next batch or tick comes here again
	}
	sn := s.snapshot
	s.snapshot = nil
	s.inBackground(func() error { return s.install(sn) })
	return false
}

// write writes the next n places of the snapshot.
func (s *stateFile) write(n int) (done bool, err error) {
	sn := s.snapshot
	sn.buf, done = s.table.appendPlaces(sn.buf, sn.place, n)
	sn.place += n
	if _, err := sn.file.Write(sn.buf); err != nil {
		return false, err
	}
	sn.size += int64(len(sn.buf))
	sn.buf = sn.buf[:0]
	return done, nil
}

// install puts the snapshot in the place of the one before.
func (s *stateFile) install(sn *snapshot) error {
	err := sn.file.Sync()
	if err := errors.Join(err, sn.file.Close()); err != nil {
		return err
	}
	if err := os.Rename(s.path+newSuffix, s.path); err != nil {
		return err
	}
	if err := syncFolder(filepath.Dir(s.path)); err != nil {
		return err
	}
	if err := os.Remove(s.path + oldSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.snapshotSize = sn.size
	if s.failure != nil && s.failures == sn.failures {
		s.failure = nil
		s.log.Info("receiver: the state is on disk again", "file", s.path)
	}
	return nil
}

func (s *stateFile) abandon() {
	if s.snapshot != nil {
		_ = s.snapshot.file.Close()
		_ = os.Remove(s.path + newSuffix)
		s.snapshot = nil
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

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
