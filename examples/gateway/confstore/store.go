package confstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

const (
	currentFile = "gateway.yaml"
	pendingFile = "pending.json"
)

// HistoryFolder is where older revisions are kept.
const HistoryFolder = "history"

// DefaultKeep is how many revisions are kept.
const DefaultKeep = 30

// Store keeps the configuration. Make it with [Open]. Its methods are safe for
// concurrent use; a folder belongs to one store at a time.
type Store struct {
	folder Folder
	keep   int
	now    func() time.Time

	mu      sync.Mutex
	newest  label
	text    []byte // of the newest revision, without its label
	doc     document.Document
	secrets secrets
	damaged bool // secrets.yaml is, and the next save replaces it
}

var _ control.Store = (*Store)(nil)

// Options are what the program chooses.
type Options struct {
	// Keep is how many revisions are kept, the newest one included; 0 means
	// [DefaultKeep].
	Keep int
	// Now is the clock of the labels; nil: time.Now.
	Now func() time.Time
}

// Open reads the configuration of a folder. A file that people have edited, or
// that has no label yet, becomes a revision of its own. The error is a
// *[document.Error] when the file has faults, and wraps fs.ErrNotExist when
// there is none.
func Open(folder Folder, o Options) (*Store, error) {
	s := &Store{folder: folder, keep: o.Keep, now: o.Now}
	if s.keep == 0 {
		s.keep = DefaultKeep
	}
	if s.now == nil {
		s.now = time.Now
	}
	_, err := s.Reload()
	return s, err
}

// Check reads the configuration of a folder and changes nothing. The error is
// that of [Open].
func Check(folder Folder) (document.Document, error) {
	content, err := read(folder)
	return content.doc, err
}

// content is what is read of a folder.
type content struct {
	label   label
	sealed  bool // the label is that of the text
	text    []byte
	doc     document.Document
	secrets secrets
}

func read(folder Folder) (c content, err error) {
	file, err := folder.ReadFile(currentFile)
	if err != nil {
		return c, err
	}
	refuse := func(problem string) error {
		return &document.Error{File: currentFile, Faults: []document.PlacedFault{{Fault: document.Fault{Problem: problem}}}}
	}
	if len(file) > document.MaxSize {
		return c, refuse("too large to be a configuration")
	}
	if c.secrets, err = readSecrets(folder); err != nil {
		return c, err
	}
	c.label, c.text, c.sealed = unseal(file)
	if c.label.Format > format {
		return c, refuse(fmt.Sprintf("written by a newer version of the gateway (format %d, this one knows %d): install that version, or restore an older revision",
			c.label.Format, format))
	}
	doc, faults := document.ParseWith(file, c.secrets.lookup)
	if len(faults) > 0 {
		return c, &document.Error{File: currentFile, Faults: faults}
	}
	c.doc = doc
	return c, nil
}

// Reload reads the file again. It tells whether people have edited it, which
// makes it the next revision; a file with faults changes nothing.
func (s *Store) Reload() (edited bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := read(s.folder)
	if err != nil {
		return false, err
	}
	l, text, doc, known := c.label, c.text, c.doc, c.secrets
	if c.sealed && l.Revision >= s.newest.Revision {
		s.newest, s.text, s.doc, s.secrets = l, text, doc, known
		_ = s.finish() // what cannot be tidied up now is at the next save
		return false, nil
	}
	last, err := s.lastRevision()
	if err != nil {
		return false, err
	}
	s.newest.Revision = max(last, l.Revision, s.newest.Revision)
	s.text, s.doc, s.secrets = text, doc, known
	what := currentFile + " was edited"
	if s.newest.Revision == 0 {
		what = "read for the first time"
	}
	if _, err := s.save("file", what, doc, func(secret func(string, document.Secret) string) ([]byte, error) {
		if kept, ok := document.ReplaceSecrets(text, doc, secret); ok {
			return kept, nil
		}
		return document.Dump(doc, text, secret)
	}); err != nil {
		// It counts all the same: a device with a read-only disk runs with it.
		s.newest.Revision++
		s.newest.By, s.newest.What, s.newest.At = "file", "not stored: "+err.Error(), s.now().UTC()
	}
	return true, nil
}

// Newest returns the newest revision.
func (s *Store) Newest() (document.Document, control.Version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doc, s.newest.version()
}

// Save stores a document as the next revision if base is still the newest
// one, else the error is a *[control.Conflict]. A document with faults is
// refused.
func (s *Store) Save(by, what string, base control.Revision, doc document.Document) (control.Version, error) {
	if faults := doc.Faults(); len(faults) > 0 {
		return control.Version{}, refused(faults)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if uint64(base) != s.newest.Revision {
		return control.Version{}, s.conflict(base)
	}
	return s.save(by, what, doc, s.dump(doc))
}

// dump writes a document with the comments of the newest text.
func (s *Store) dump(doc document.Document) writer {
	return func(secret func(string, document.Secret) string) ([]byte, error) {
		return document.Dump(doc, s.text, secret)
	}
}

// writer writes a document with its secrets as secret gives them.
type writer func(secret func(path string, s document.Secret) string) ([]byte, error)

func refused(faults []document.Fault) error {
	e := &document.Error{File: "configuration"}
	for _, f := range faults {
		e.Faults = append(e.Faults, document.PlacedFault{Fault: f})
	}
	return e
}

// save is called with mu held.
func (s *Store) save(by, what string, doc document.Document, write writer) (control.Version, error) {
	added := secrets{}
	for name, text := range s.secrets {
		added[name] = text
	}
	text, err := write(func(_ string, secret document.Secret) string {
		return document.Reference(added.nameOf(secret.Reveal())).Reveal()
	})
	if err != nil {
		return control.Version{}, err
	}
	if len(added) > len(s.secrets) || s.damaged {
		if err := added.write(s.folder); err != nil {
			return control.Version{}, fmt.Errorf("the configuration is not stored: %w", err)
		}
		s.secrets, s.damaged = added, false
	}
	if err := s.commit(label{Revision: s.newest.Revision + 1, By: by, What: what}, text, doc); err != nil {
		return control.Version{}, fmt.Errorf("the configuration is not stored: %w", err)
	}
	return s.newest.version(), nil
}

// commit makes a text the newest revision. What comes after that is tidying
// up, and is done again at the next start if it fails.
func (s *Store) commit(l label, text []byte, doc document.Document) error {
	l.At = s.now().UTC().Truncate(time.Second)
	content, err := seal(l, text)
	if err != nil {
		return err
	}
	if err := replace(s.folder, currentFile, content); err != nil {
		return err
	}
	s.newest, s.text, s.doc = l, text, doc
	_ = s.finish()
	return nil
}

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
	for len(names) > s.keep {
		if err := s.folder.Remove(HistoryFolder + "/" + names[0]); err != nil {
			return err
		}
		names = names[1:]
	}
	return s.dropSecrets(names)
}

// dropSecrets removes the secrets that no kept revision refers to.
func (s *Store) dropSecrets(history []string) error {
	used := make(map[string]bool)
	for _, name := range history {
		content, err := s.folder.ReadFile(HistoryFolder + "/" + name)
		if err != nil {
			return err
		}
		markReferences(content, used)
	}
	content, err := seal(s.newest, s.text)
	if err != nil {
		return err
	}
	markReferences(content, used)
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
// looks at every value, so that it needs no document that still reads: one of
// a newer version keeps its secrets too.
func markReferences(content []byte, used map[string]bool) {
	var root yaml.Node
	if yaml.Load(content, &root) != nil {
		return
	}
	var down func(n *yaml.Node)
	down = func(n *yaml.Node) {
		if name, is := strings.CutPrefix(n.Value, document.Reference("").Reveal()); is && n.Kind == yaml.ScalarNode {
			used[name] = true
		}
		for _, c := range n.Content {
			down(c)
		}
	}
	down(&root)
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
	slices.SortFunc(all, func(a, b control.Version) int { return -cmpRevision(a.Revision, b.Revision) })
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
	doc, faults := document.ParseWith(content, s.secrets.lookup)
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

// Export returns the newest revision as YAML, as people wrote it. Without
// secrets it reads [redacted] in their places.
func (s *Store) Export(withSecrets bool) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return document.Dump(s.doc, s.text, func(_ string, secret document.Secret) string {
		if withSecrets {
			return secret.Reveal()
		}
		return secret.String()
	})
}

// Import stores a text as the next revision. Secrets that read [redacted] are
// those of the newest revision.
func (s *Store) Import(by string, base control.Revision, text []byte) (control.Version, error) {
	if len(text) > document.MaxSize {
		return control.Version{}, refused([]document.Fault{{Problem: "too large to be a configuration"}})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if uint64(base) != s.newest.Revision {
		return control.Version{}, s.conflict(base)
	}
	text, err := document.FillRedacted(text, s.doc)
	if err != nil {
		return control.Version{}, err
	}
	doc, faults := document.ParseWith(text, s.secrets.lookup)
	if len(faults) > 0 {
		return control.Version{}, &document.Error{File: "import", Faults: faults}
	}
	s.text = bytes.Clone(text) // its comments are kept from now on
	return s.save(by, "imported", doc, s.dump(doc))
}

// SetUnconfirmed stores which apply waits for its confirmation; nil: none.
func (s *Store) SetUnconfirmed(u *control.Unconfirmed) error {
	if u == nil {
		err := s.folder.Remove(pendingFile)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return errors.Join(err, s.folder.Sync("."))
	}
	text, err := json.Marshal(u)
	if err != nil {
		return err
	}
	return replace(s.folder, pendingFile, text)
}

// Unconfirmed returns what waited when the gateway ended; nil: nothing.
func (s *Store) Unconfirmed() *control.Unconfirmed {
	text, err := s.folder.ReadFile(pendingFile)
	var u control.Unconfirmed
	if err != nil || json.Unmarshal(text, &u) != nil || u.Previous == 0 {
		return nil
	}
	return &u
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

func cmpRevision(a, b control.Revision) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
