package filestore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/fieldgate/fieldgate/internal/atomicfile"
	"github.com/fieldgate/fieldgate/openvpn"
)

const (
	maxName = 100
	// MaxFile is how long a file may be: no key, certificate or list comes
	// near it.
	MaxFile = 4 << 20
)

// ErrName says that a name is no plain base name. Letters, digits, underscores, dashes
// and dots make one, no leading dot or dash, and nothing that ends with ".new".
var ErrName = errors.New("no plain name of a file")

// Store is an [openvpn.Store] on a folder. Its methods are safe for
// concurrent use; the folder belongs to one program.
type Store struct {
	root string
	mu   sync.Mutex
}

var _ openvpn.Store = (*Store)(nil)

// Open returns the store on a folder, and makes the folder, mode 0700, when
// there is none. One that others than its owner may use is refused.
func Open(folder string) (*Store, error) {
	if folder == "" {
		return nil, errors.New("filestore: the name of a folder is needed")
	}
	if err := makeFolder(folder); err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	return &Store{root: folder}, nil
}

// makeFolder makes a private folder, or sees that one is.
func makeFolder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is no folder", path)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s has mode %#o, others than its owner may use it: make it 0700", path, info.Mode().Perm())
	}
	return nil
}

// Put implements [openvpn.Store].
func (s *Store) Put(instance, name string, content []byte) error {
	if err := check(instance, name); err != nil {
		return err
	}
	if len(content) > MaxFile {
		return fmt.Errorf("filestore: file %s of instance %s: %d bytes are too long, allowed are %d", name, instance, len(content), MaxFile)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	folder := filepath.Join(s.root, instance)
	if err := clash(s.root, instance); err != nil {
		return fmt.Errorf("filestore: instance %s: %w", instance, err)
	}
	if err := makeFolder(folder); err != nil {
		return fmt.Errorf("filestore: %w", err)
	}
	if err := clash(folder, name); err != nil {
		return fmt.Errorf("filestore: file %s of instance %s: %w", name, instance, err)
	}
	if err := atomicfile.Write(filepath.Join(folder, name), content); err != nil {
		return fmt.Errorf("filestore: %w", err)
	}
	return nil
}

// clash refuses a name when the folder has one that differs only in case: on
// some file systems they are the same.
func clash(folder, name string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if have := e.Name(); have != name && strings.EqualFold(have, name) {
			return fmt.Errorf("%s is there, which differs only in case", have)
		}
	}
	return nil
}

// Get implements [openvpn.Store].
func (s *Store) Get(instance, name string) ([]byte, error) {
	if err := check(instance, name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	content, err := read(s.root, instance, name)
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	return content, nil
}

// read reads a file of an instance, and follows no link out of the store.
func read(path, instance, name string) ([]byte, error) {
	top, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = top.Close() }() // only read
	root, err := top.OpenRoot(instance)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // only read
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	_ = f.Close() // only read
	if err == nil && len(content) > MaxFile {
		err = fmt.Errorf("%s is longer than %d bytes", name, MaxFile)
	}
	if err != nil {
		return nil, err
	}
	return content, nil
}

// List implements [openvpn.Store].
func (s *Store) List(instance string) ([]string, error) {
	if err := check(instance); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	top, err := os.OpenRoot(s.root)
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	defer func() { _ = top.Close() }() // only read
	entries, err := fs.ReadDir(top.FS(), instance)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && plain(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// Delete implements [openvpn.Store].
func (s *Store) Delete(instance string) error {
	if err := check(instance); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := os.RemoveAll(filepath.Join(s.root, instance)); err != nil { // removes links, does not follow them
		return fmt.Errorf("filestore: %w", err)
	}
	return nil
}

func check(names ...string) error {
	for _, name := range names {
		if !plain(name) {
			return fmt.Errorf("filestore: %q: %w", name, ErrName)
		}
	}
	return nil
}

func plain(name string) bool {
	if name == "" || len(name) > maxName || name[0] == '.' || name[0] == '-' || strings.HasSuffix(name, ".new") {
		return false
	}
	for _, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}
