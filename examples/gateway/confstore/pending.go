package confstore

import (
	"encoding/json"
	"errors"
	"io/fs"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
)

const pendingFile = "pending.json"

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
