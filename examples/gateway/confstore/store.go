package confstore

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

const currentFile = "gateway.yaml"

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
	// unstored: the newest revision is not on the disk, since it cannot be
	// written or stands in for one that cannot be read.
	unstored bool
	// used are the secrets that each file of the history refers to. A file
	// that is there does not change any more.
	used map[string]map[string]bool
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
	if c.label.Format > document.Format {
		return c, refuse(newerVersion(c.label.Format))
	}
	c.text = document.Upgraded(c.text, c.label.Format)
	doc, faults := document.ParseWith(document.Upgraded(file, c.label.Format), c.secrets.lookup)
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
	last, err := s.lastRevision()
	if err != nil {
		return false, err
	}
	l, text, doc := c.label, c.text, c.doc
	if c.sealed && l.Revision >= max(last, s.newest.Revision) {
		s.newest, s.text, s.doc, s.secrets, s.unstored = l, text, doc, c.secrets, false
		_ = s.finish() // what cannot be tidied up now is at the next save
		return false, nil
	}
	what := currentFile + " was edited"
	switch {
	case c.sealed: // its number is taken
		what = fmt.Sprintf("revision %d again: it was put in the place of %s", l.Revision, currentFile)
	case max(last, l.Revision, s.newest.Revision) == 0:
		what = "read for the first time"
	}
	s.newest = label{Revision: max(last, l.Revision, s.newest.Revision)}
	s.text, s.doc, s.secrets, s.unstored = text, doc, c.secrets, false
	if _, err := s.save("file", what, doc, text, inPlace(text, doc)); err != nil {
		// It counts all the same: a device with a read-only disk runs with it.
		s.newest = label{Revision: s.newest.Revision + 1, By: "file", What: "not stored: " + err.Error(), At: s.now().UTC()}
		s.unstored = true
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
// refused, and so is one that changes what only the file may, see
// [document.FixedFaults].
func (s *Store) Save(by, what string, base control.Revision, doc document.Document) (control.Version, error) {
	if faults := doc.Faults(); len(faults) > 0 {
		return control.Version{}, refused(faults)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if uint64(base) != s.newest.Revision {
		return control.Version{}, s.conflict(base)
	}
	if faults := document.FixedFaults(s.doc, doc); len(faults) > 0 {
		return control.Version{}, refused(faults)
	}
	return s.save(by, what, doc, s.text, edited(s.text, s.doc, doc))
}

// Restore stores a document that was in force before as the next revision,
// whatever is the newest. It is for the gateway itself: people save.
func (s *Store) Restore(what string, doc document.Document) (control.Version, error) {
	if faults := doc.Faults(); len(faults) > 0 {
		return control.Version{}, refused(faults)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.save("gateway", what, doc, s.text, edited(s.text, s.doc, doc))
}

// writer writes a document whose secrets refer to known ones, which it may
// add to, as a text that reads back as the document.
type writer func(known secrets) ([]byte, error)

// edited writes what differs from what a text reads as, and leaves everything
// else as it is.
func edited(text []byte, was, doc document.Document) writer {
	return func(known secrets) ([]byte, error) {
		kept, ok := document.Edit(text, was, doc, known.refer, known.lookup)
		if !ok {
			return nil, errNotReadBack
		}
		return kept, nil
	}
}

// inPlace replaces the secrets of a text that people have written, and leaves
// everything else as it is.
func inPlace(text []byte, doc document.Document) writer {
	return func(known secrets) ([]byte, error) {
		kept, ok := document.ReplaceSecrets(text, doc, known.refer)
		if !ok || !document.Means(kept, doc, known.lookup) {
			return nil, errNotReadBack
		}
		return kept, nil
	}
}

// dumped writes a document anew, with the comments of an older text.
func dumped(doc document.Document, comments []byte) writer {
	return func(known secrets) ([]byte, error) {
		text, err := document.Dump(doc, comments, known.refer)
		if err == nil && len(text) <= maxText && !document.Means(text, doc, known.lookup) {
			err = errNotReadBack
		}
		return text, err
	}
}

func refused(faults []document.Fault) error {
	e := &document.Error{File: "configuration"}
	for _, f := range faults {
		e.Faults = append(e.Faults, document.PlacedFault{Fault: f})
	}
	return e
}

// errNotReadBack is of a text that would not mean what was to be stored.
var errNotReadBack = errors.New("what would be written does not read back as what was given: is there a character in it that YAML cannot hold?")

// errUnsynced is of a revision that counts, for the file cannot be changed back.
var errUnsynced = errors.New("the configuration is stored, but a power cut may bring the one before back")

// save is called with mu held. What is written has the comments of an older
// text, and is written by the first of the writers that can; the last one is
// dumped.
func (s *Store) save(by, what string, doc document.Document, comments []byte, writers ...writer) (control.Version, error) {
	added := maps.Clone(s.secrets)
	if added == nil {
		added = secrets{}
	}
	text, err := write(added, append(writers, dumped(doc, comments)))
	if err == nil && s.unstored {
		s.storeNewest(added)
	}
	if err == nil && (len(added) > len(s.secrets) || s.damaged) {
		err = added.write(s.folder)
	}
	if err != nil {
		return control.Version{}, fmt.Errorf("the configuration is not stored: %w", err)
	}
	s.secrets, s.damaged = added, false
	if err := s.commit(label{Revision: s.newest.Revision + 1, By: by, What: what}, text, doc); errors.Is(err, errUnsynced) {
		return control.Version{}, err
	} else if err != nil {
		return control.Version{}, fmt.Errorf("the configuration is not stored: %w", err)
	}
	return s.newest.version(), nil
}

// write returns the text of the first writer that can.
func write(known secrets, writers []writer) (text []byte, err error) {
	for _, w := range writers {
		if text, err = w(known); err == nil {
			break
		}
	}
	if err == nil && len(text) > maxText {
		err = fmt.Errorf("it is too large: %d bytes, allowed are %d", len(text), maxText)
	}
	return text, err
}

// maxText leaves room for the label in what is read again.
const maxText = document.MaxSize - 4<<10

// commit makes a text the newest revision. What comes after that is tidying
// up, and is done again at the next start if it fails.
func (s *Store) commit(l label, text []byte, doc document.Document) error {
	l.At = s.now().UTC().Truncate(time.Second)
	content, err := seal(l, text)
	if err != nil {
		return err
	}
	before, unread := s.folder.ReadFile(currentFile)
	if err := put(s.folder, currentFile, content); err != nil {
		return err
	}
	// Where the folder is not synced, a power cut may bring the revision before
	// back, so that is put back at once.
	synced := s.folder.Sync(".")
	if synced != nil && unread == nil && put(s.folder, currentFile, before) == nil {
		return synced
	}
	s.newest, s.text, s.doc, s.unstored = l, text, doc, false
	if synced != nil {
		return fmt.Errorf("%w: %w", errUnsynced, synced)
	}
	_ = s.finish()
	return nil
}
