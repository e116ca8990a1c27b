package hubconfig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/fieldgate/fieldgate/api"
)

// ErrNoPrevious says that there is nothing to restore.
var ErrNoPrevious = errors.New("there is no previous configuration")

// The files of a [Store].
const (
	currentFile  = "hub.yaml"
	previousFile = "hub.previous.yaml"
)

// Store keeps the configuration of a hub in a folder, as hub.yaml, and the
// one before as hub.previous.yaml. It is the [api.Sync] of the hub. A power
// cut at any moment leaves the old configuration or the new one. Its methods
// are safe for concurrent use; the folder is one Store's.
type Store struct {
	folder string
	apply  func(Config) error
	busy   sync.Mutex // held while the configuration changes
}

var _ api.Sync = (*Store)(nil)

// NewStore returns a Store in a folder, which must exist when it is used.
// apply puts a valid configuration in force; when it fails the hub must be as
// it was. No two calls overlap.
func NewStore(folder string, apply func(Config) error) *Store {
	return &Store{folder: folder, apply: apply}
}

// Load returns what is stored; where nothing is, that is the zero Config. It
// does not call apply.
func (s *Store) Load() (Config, error) {
	c, _, err := s.read(currentFile)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, nil
	}
	return c, err
}

// Sync implements [api.Sync] with a workbook or YAML: see [Import]. A report
// comes with each file that was taken or refused.
func (s *Store) Sync(ctx context.Context, file io.Reader) (report string, err error) {
	if !s.busy.TryLock() {
		return "", fmt.Errorf("hubconfig: sync: %w", api.ErrBusy)
	}
	defer s.busy.Unlock()
	text, err := readAll(ctx, file)
	if errors.Is(err, api.ErrRefused) {
		report = err.Error() + "\n"
	}
	if err != nil {
		return report, fmt.Errorf("hubconfig: sync: %w", err)
	}
	c, r, err := Import(text)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = s.replace(c)
	}
	if err != nil {
		return r.String(), fmt.Errorf("hubconfig: sync: %w", err)
	}
	return r.String(), nil
}

func readAll(ctx context.Context, file io.Reader) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, MaxWorkbook+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > MaxWorkbook:
		return nil, fmt.Errorf("%w: the file has more than %d bytes", api.ErrRefused, MaxWorkbook)
	}
	return text, ctx.Err()
}

// Restore puts the previous configuration in force again, and makes the one
// that was in force the previous one. Errors are or wrap [ErrNoPrevious],
// [api.ErrBusy], those of apply and of the file system.
func (s *Store) Restore() error {
	if !s.busy.TryLock() {
		return fmt.Errorf("hubconfig: restore: %w", api.ErrBusy)
	}
	defer s.busy.Unlock()
	c, _, err := s.read(previousFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = ErrNoPrevious
	case err == nil:
		err = s.replace(c)
	}
	if err != nil {
		return fmt.Errorf("hubconfig: restore: %w", err)
	}
	return nil
}

// replace puts c in force and stores it. All that may need space on the disk
// comes first; then c is applied, and put in its place by a rename.
func (s *Store) replace(c Config) error {
	var text bytes.Buffer
	if err := c.WriteYAML(&text); err != nil {
		return err
	}
	if text.Len() > MaxYAML {
		return fmt.Errorf("%w: stored as YAML it has %d bytes, allowed are %d", api.ErrRefused, text.Len(), MaxYAML)
	}
	old, before, err := s.read(currentFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		before = []byte(Config{}.String())
	case errors.Is(err, api.ErrRefused): // damaged: it is kept as it is, for people
		old = Config{}
	case err != nil:
		return err
	}
	next, past := s.path(currentFile+".new"), s.path(previousFile+".new")
	defer func() { _, _ = os.Remove(next), os.Remove(past) }() // what has been renamed is not there any more
	if err := errors.Join(write(next, text.Bytes()), write(past, before)); err != nil {
		return err
	}
	if err := s.apply(c); err != nil {
		return fmt.Errorf("apply: %w", err)
	}
	err = os.Rename(past, s.path(previousFile))
	if err == nil {
		err = os.Rename(next, s.path(currentFile))
	}
	if err != nil {
		return errors.Join(err, s.apply(old))
	}
	return s.syncFolder()
}

func (s *Store) path(name string) string { return filepath.Join(s.folder, name) }

// read returns a stored configuration, and its text.
func (s *Store) read(name string) (Config, []byte, error) {
	text, err := os.ReadFile(s.path(name))
	if err != nil {
		return Config{}, nil, err
	}
	c, _, err := Import(text)
	if err != nil {
		return Config{}, text, fmt.Errorf("%s: %w", s.path(name), err)
	}
	return c, text, nil
}

func write(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncFolder makes the renames last.
func (s *Store) syncFolder() error {
	folder, err := os.Open(s.folder)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
