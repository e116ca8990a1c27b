package confstore

import (
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// Export returns the newest revision as YAML, as people wrote it. Without
// secrets it reads [redacted] in their places.
func (s *Store) Export(withSecrets bool) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return document.Dump(s.doc, s.text, func(_ string, secret document.Secret) string {
		if withSecrets {
			return document.Literal(secret)
		}
		return secret.String()
	})
}

// Import stores a text as the next revision. Secrets that read [redacted] are
// those of the newest revision. What [Store.Save] refuses is refused.
func (s *Store) Import(by string, base control.Revision, text []byte) (control.Version, error) {
	if len(text) > document.MaxSize {
		return control.Version{}, refused([]document.Fault{{Problem: "too large to be a configuration"}})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if uint64(base) != s.newest.Revision {
		return control.Version{}, s.conflict(base)
	}
	l, text, _ := unseal(text) // it may be a file as it was stored
	if l.Format > document.Format {
		return control.Version{}, refused([]document.Fault{{Problem: newerVersion(l.Format)}})
	}
	text, err := document.FillRedacted(document.Upgraded(text, l.Format), s.doc, document.Literal)
	if err != nil {
		return control.Version{}, err
	}
	doc, faults := document.ParseWith(text, s.secrets.lookup)
	if len(faults) > 0 {
		return control.Version{}, &document.Error{File: "import", Faults: faults}
	}
	if faults := document.FixedFaults(s.doc, doc); len(faults) > 0 {
		return control.Version{}, refused(faults)
	}
	return s.save(by, "imported", doc, text) // its comments are kept from now on
}
