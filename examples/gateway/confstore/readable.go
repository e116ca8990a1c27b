package confstore

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// UnreadFile is where [OpenReadable] keeps what it could not read: the next
// save replaces gateway.yaml.
const UnreadFile = "gateway.unread.yaml"

// unreadSecrets is the same for secrets.yaml.
const unreadSecrets = "secrets.unread.yaml"

// OpenReadable is [Open] for a device that has to come up: a configuration
// that is damaged, or that a newer version has written, does not keep it from
// starting. Then the newest kept revision that reads counts, unread tells what
// is wrong with the newest one, and the file stays as it is until the next
// save. Where no kept revision reads either but there once was one, everything
// stands at its defaults but for the section web, if that reads, so that the
// device can be reached and mended.
//
// The error is that of [Open] where there never was a revision: that is a
// fault of who installs the device, who is there.
func OpenReadable(folder Folder, o Options) (s *Store, unread, err error) {
	s, unread = Open(folder, o)
	if unread == nil {
		return s, nil, nil
	}
	last, err := s.lastRevision()
	if err != nil || last == 0 {
		return nil, nil, errors.Join(unread, err)
	}
	if known, err := readSecrets(folder); err == nil {
		s.secrets = known
	} else {
		s.damaged = true
		keepUnread(folder, secretsFile, unreadSecrets)
	}
	file := keepUnread(folder, currentFile, UnreadFile)
	l, _, _ := unseal(file)
	number, text, doc := s.newestReadable()
	what := fmt.Sprintf("revision %d again: %s cannot be read", number, currentFile)
	if number == 0 {
		doc, what = document.Default(), "nothing that is kept can be read, so everything stands at its default"
		doc.Web = readableWeb(file, doc.Web)
	}
	// A number of its own, above all that there are: it is stored by the next
	// save only.
	s.newest = label{Revision: max(last, l.Revision) + 1, By: "gateway", What: what, At: s.now().UTC()}
	s.text, s.doc, s.unstored = text, doc, true
	return s, unread, nil
}

// keepUnread copies a file and returns it. The copy is of use, but nothing
// hangs on it.
func keepUnread(folder Folder, name, as string) []byte {
	file, err := folder.ReadFile(name)
	if err != nil {
		return nil
	}
	if kept, err := folder.ReadFile(as); err != nil || !bytes.Equal(kept, file) {
		_ = replace(folder, as, file)
	}
	return file
}

// newestReadable returns the newest revision of the history that reads; 0:
// none does.
func (s *Store) newestReadable() (uint64, []byte, document.Document) {
	names, err := s.folder.Names(HistoryFolder)
	if err != nil {
		return 0, nil, document.Document{}
	}
	slices.Sort(names)
	for _, name := range slices.Backward(names) {
		number := revisionOf(name)
		if number == 0 {
			continue
		}
		file, err := s.folder.ReadFile(HistoryFolder + "/" + name)
		if err != nil {
			continue
		}
		l, text, sealed := unseal(file)
		if !sealed || l.Format > document.Format {
			continue
		}
		text = document.Upgraded(text, l.Format)
		if doc, faults := document.ParseWith(text, s.secrets.lookup); len(faults) == 0 {
			return number, text, doc
		}
	}
	return 0, nil, document.Document{}
}

// readableWeb returns the section web of a file if that reads, else usual.
func readableWeb(file []byte, usual document.Web) document.Web {
	part := struct {
		Web document.Web `yaml:"web"`
	}{usual}
	if yaml.Load(file, &part) != nil {
		return usual
	}
	doc := document.Default()
	doc.Web = part.Web
	if len(doc.Faults()) > 0 {
		return usual
	}
	return part.Web
}
