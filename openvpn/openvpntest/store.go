package openvpntest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/fieldgate/fieldgate/openvpn"
)

// Store is an [openvpn.Store] in memory. The zero value is empty. Its methods
// are safe for concurrent use.
type Store struct {
	mu    sync.Mutex
	files map[string]map[string][]byte
	fault error
}

var _ openvpn.Store = (*Store)(nil)

// NewStore returns an empty store.
func NewStore() *Store { return &Store{} }

// Fail lets all calls fail with err, until it is nil again.
func (s *Store) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = err
}

// Put implements [openvpn.Store].
func (s *Store) Put(instance, name string, content []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(instance, name); err != nil {
		return err
	}
	if s.files == nil {
		s.files = make(map[string]map[string][]byte)
	}
	for have := range s.files {
		if have != instance && strings.EqualFold(have, instance) {
			return fmt.Errorf("instance %q: %q is there, which differs only in case", instance, have)
		}
	}
	if s.files[instance] == nil {
		s.files[instance] = make(map[string][]byte)
	}
	for have := range s.files[instance] {
		if have != name && strings.EqualFold(have, name) {
			return fmt.Errorf("file %q: %q is there, which differs only in case", name, have)
		}
	}
	s.files[instance][name] = bytes.Clone(content)
	return nil
}

// Get implements [openvpn.Store].
func (s *Store) Get(instance, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(instance, name); err != nil {
		return nil, err
	}
	content, ok := s.files[instance][name]
	if !ok {
		return nil, fmt.Errorf("file %s of instance %s: %w", name, instance, fs.ErrNotExist)
	}
	return append([]byte{}, content...), nil
}

// List implements [openvpn.Store].
func (s *Store) List(instance string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(instance, "x"); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(s.files[instance])), nil
}

// Delete implements [openvpn.Store].
func (s *Store) Delete(instance string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(instance, "x"); err != nil {
		return err
	}
	delete(s.files, instance)
	return nil
}

func (s *Store) check(names ...string) error {
	if s.fault != nil {
		return s.fault
	}
	for _, name := range names {
		if name == "" || len(name) > 100 || name[0] == '.' || name[0] == '-' || strings.HasSuffix(name, ".new") || strings.ContainsFunc(name, strange) {
			return fmt.Errorf("%q: %w", name, errName)
		}
	}
	return nil
}

var errName = errors.New("no base name of letters, digits, _ - and dots")

func strange(r rune) bool {
	return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("_-.", r))
}
