package confstore

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/internal/order"
)

// finish puts the newest revision into the history, and removes what is no
// longer kept.
func (s *Store) finish() error {
	names, err := s.folder.Names(HistoryFolder)
	if err != nil {
		return err
	}
	if own := historyName(s.newest.Revision); !slices.Contains(names, own) {
		content, err := seal(s.newest, s.text)
		if err == nil {
			err = replace(s.folder, HistoryFolder+"/"+own, content)
		}
		if err != nil {
			return err
		}
		names = append(names, own)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return revisionOf(name) == 0 })
	slices.Sort(names)
	old := max(0, len(names)-s.keep)
	kept, waits := names[old:], s.Unconfirmed()
	for _, name := range names[:old] {
		if waits != nil && revisionOf(name) == uint64(waits.Previous) {
			kept = append(kept, name) // it may have to come back
			continue
		}
		if err := s.folder.Remove(HistoryFolder + "/" + name); err != nil {
			return err
		}
	}
	return s.dropSecrets(kept)
}

// dropSecrets removes the secrets that no kept revision refers to.
func (s *Store) dropSecrets(history []string) error {
	used, files := make(map[string]bool), make(map[string]map[string]bool)
	for _, name := range history {
		files[name] = s.used[name]
		if files[name] == nil {
			content, err := s.folder.ReadFile(HistoryFolder + "/" + name)
			if err != nil {
				return err
			}
			files[name] = make(map[string]bool)
			markReferences(content, files[name])
		}
		maps.Copy(used, files[name])
	}
	s.used = files
	markReferences(s.text, used)
	if content, err := s.folder.ReadFile(UnreadFile); err == nil {
		markReferences(content, used) // somebody may mend it
	}
	kept := s.secrets.only(used)
	if len(kept) == len(s.secrets) {
		return nil
	}
	if err := kept.write(s.folder); err != nil {
		return err
	}
	s.secrets = kept
	return nil
}

// markReferences notes the names of secrets that a stored text refers to. It
// needs no text that still reads: one that is damaged, or of a newer version,
// keeps its secrets too.
func markReferences(content []byte, used map[string]bool) {
	for {
		_, rest, found := bytes.Cut(content, []byte(document.Reference("").Reveal()))
		if !found {
			return
		}
		name := rest
		if end := bytes.IndexAny(rest, " \t\r\n\"',]}"); end >= 0 {
			name = rest[:end]
		}
		used[string(name)] = true
		content = rest
	}
}

// storeNewest puts the newest revision, which is not on the disk, into the
// history: an apply that is taken back asks for it. Nothing else hangs on it.
func (s *Store) storeNewest(known secrets) {
	text, err := document.Dump(s.doc, s.text, known.refer)
	if err != nil {
		return
	}
	if content, err := seal(s.newest, text); err == nil {
		_ = replace(s.folder, HistoryFolder+"/"+historyName(s.newest.Revision), content)
	}
}

// History lists the kept revisions, the newest first.
func (s *Store) History() ([]control.Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names, err := s.folder.Names(HistoryFolder)
	if err != nil {
		return nil, err
	}
	all := []control.Version{s.newest.version()}
	for _, name := range names {
		if r := revisionOf(name); r == 0 || r == s.newest.Revision {
			continue
		}
		content, err := s.folder.ReadFile(HistoryFolder + "/" + name)
		if err != nil {
			return nil, err
		}
		if l, _, ok := unseal(content); ok {
			all = append(all, l.version())
		}
	}
	order.Sort(all, func(a, b control.Version) int { return cmp.Compare(b.Revision, a.Revision) })
	return all, nil
}

// ErrNoRevision means that there never was a revision of that number, or that
// it is not kept any more.
var ErrNoRevision = errors.New("this revision is not kept")

// At returns a kept revision.
func (s *Store) At(r control.Revision) (document.Document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at(r)
}

func (s *Store) at(r control.Revision) (document.Document, error) {
	if uint64(r) == s.newest.Revision {
		return s.doc, nil
	}
	content, err := s.folder.ReadFile(HistoryFolder + "/" + historyName(uint64(r)))
	if errors.Is(err, fs.ErrNotExist) {
		return document.Document{}, fmt.Errorf("revision %d: %w", r, ErrNoRevision)
	}
	if err != nil {
		return document.Document{}, err
	}
	l, _, _ := unseal(content)
	doc, faults := document.ParseWith(document.Upgraded(content, l.Format), s.secrets.lookup)
	if len(faults) > 0 {
		return document.Document{}, &document.Error{File: fmt.Sprintf("revision %d", r), Faults: faults}
	}
	return doc, nil
}

// Diff lists what differs between two kept revisions.
func (s *Store) Diff(from, to control.Revision) ([]control.Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.at(from)
	if err != nil {
		return nil, err
	}
	b, err := s.at(to)
	if err != nil {
		return nil, err
	}
	return changes(a, b), nil
}

func changes(a, b document.Document) []control.Change {
	var all []control.Change
	for _, d := range document.Diff(a, b) {
		all = append(all, control.Change(d))
	}
	return all
}

func (s *Store) conflict(base control.Revision) error {
	c := &control.Conflict{Base: base, Newest: control.Revision(s.newest.Revision), By: s.newest.By, At: s.newest.At}
	if old, err := s.at(base); err == nil {
		c.Changes = changes(old, s.doc)
	}
	return c
}

func (s *Store) lastRevision() (uint64, error) {
	names, err := s.folder.Names(HistoryFolder)
	last := uint64(0)
	for _, name := range names {
		last = max(last, revisionOf(name))
	}
	return last, err
}

func (l label) version() control.Version {
	return control.Version{Revision: control.Revision(l.Revision), At: l.At, By: l.By, What: l.What}
}

func historyName(revision uint64) string { return fmt.Sprintf("%010d.yaml", revision) }

// revisionOf returns the revision of a file of the history; 0: it is none.
func revisionOf(name string) uint64 {
	var r uint64
	if n, err := fmt.Sscanf(name, "%010d.yaml", &r); n != 1 || err != nil || historyName(r) != name {
		return 0
	}
	return r
}
