package receiver

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// snapshot is one that is being written.
type snapshot struct {
	file     *os.File
	size     int64
	place    int    // the next one
	failures uint64 // when it began
	buf      []byte
}

// replace writes a snapshot of all and begins an empty journal. It waits for
// the disk.
func (s *stateFile) replace() error {
	s.background.Wait()
	s.abandon()
	if err := s.rotate(); err != nil {
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
	return s.install(sn)
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

// changeJournal makes the journal the old one and begins another. Where there
// is an old one, of a snapshot that has failed, it goes to the end of that:
// left in its place, what it lacks would undo the snapshot that mends it.
// Called with mu.
func (s *stateFile) changeJournal() error {
	if s.journal != nil {
		if err := errors.Join(s.cutTorn(), s.journal.Sync()); err != nil {
			return err
		}
	}
	_, err := os.Stat(s.path + oldSuffix)
	switch {
	case err == nil:
		err = s.joinJournals()
	case errors.Is(err, fs.ErrNotExist):
		err = os.Rename(s.path+journalSuffix, s.path+oldSuffix)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil // the first start
		}
	}
	if err != nil {
		return err
	}
	s.closeJournal()
	return s.openJournal()
}

// joinJournals writes what is whole of the old journal and of the one after
// it as one. Until it is there, both stay; after, reading the newer one once
// more changes nothing.
func (s *stateFile) joinJournals() (err error) {
	path := s.path + oldSuffix + newSuffix
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(path)
		}
	}()
	if _, err := f.WriteString(stateMagic); err != nil {
		return err
	}
	for _, suffix := range []string{oldSuffix, journalSuffix} {
		if err := appendFrames(f, s.path+suffix); err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(path, s.path+oldSuffix)
}

// appendFrames copies the whole frames of a journal.
func appendFrames(to io.Writer, path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	good, err := readState(bufio.NewReader(f), func(device, *partWindow) {})
	if err != nil && !errors.Is(err, errBadState) {
		return err
	}
	head := int64(len(stateMagic))
	if good <= head {
		return nil
	}
	if _, err := f.Seek(head, io.SeekStart); err != nil {
		return err
	}
	_, err = io.CopyN(to, f, good-head)
	return err
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

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
