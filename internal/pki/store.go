package pki

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// maxStored is how many identities a store holds.
const maxStored = 1000

// Store keeps identities by name in a folder of its own, each with its key in
// one file. Methods are safe for concurrent use, also by several programs.
type Store struct{ dir folder }

// OpenStore opens the store in a folder, which it makes unless it is there.
func OpenStore(path string) (*Store, error) {
	dir, err := makeFolder(path)
	if err != nil {
		return nil, fmt.Errorf("pki: open store: %w", err)
	}
	return &Store{dir}, nil
}

// Put keeps an identity under a name, in place of what had that name. Names
// have 1 to 64 of A-Z a-z 0-9 _ - and begin with no dash; two that differ
// only in case are not both allowed, see [ErrExists].
func (s *Store) Put(name string, id Identity) error {
	if err := s.put(name, id); err != nil {
		return fmt.Errorf("pki: store %q: %w", name, err)
	}
	return nil
}

func (s *Store) put(name string, id Identity) error {
	if err := checkStoreName(name); err != nil {
		return err
	}
	if len(id.Chain)+len(id.CAs) == 0 {
		return errors.New("there is no certificate")
	}
	key := id.KeyPEM()
	if key == nil && id.Key != nil {
		return errors.New("its private key cannot be taken out of where it is")
	}
	unlock, err := lock(s.dir.at(lockFile))
	if err != nil {
		return err
	}
	defer unlock()
	names, err := s.dir.list(pemSuffix)
	if err != nil {
		return err
	}
	for _, other := range names {
		if other != name && strings.EqualFold(other, name) {
			return fmt.Errorf("%q, which differs only in case: %w", other, ErrExists)
		}
	}
	text := append(append(key, id.CertificatePEM()...), id.CAPEM()...)
	if len(text) > maxText {
		return fmt.Errorf("it is longer than %d bytes", maxText)
	}
	if len(names) >= maxStored {
		if exists, err := s.dir.has(name + pemSuffix); err != nil || !exists {
			return errors.Join(err, fmt.Errorf("the store holds %d identities, which is all that it may", maxStored))
		}
	}
	return s.dir.write(text, name+pemSuffix)
}

// Get returns the identity of a name, or an error that wraps [ErrNotFound].
func (s *Store) Get(name string) (Identity, error) {
	id, err := s.get(name)
	if err != nil {
		return Identity{}, fmt.Errorf("pki: identity %q: %w", name, err)
	}
	return id, nil
}

func (s *Store) get(name string) (Identity, error) {
	if err := checkStoreName(name); err != nil {
		return Identity{}, err
	}
	text, err := s.dir.read(maxText, name+pemSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return Identity{}, ErrNotFound
	}
	if err != nil {
		return Identity{}, err
	}
	return ParsePEM(text)
}

// Delete removes what has a name; the error wraps [ErrNotFound] when there is
// nothing.
func (s *Store) Delete(name string) error {
	if err := s.delete(name); err != nil {
		return fmt.Errorf("pki: delete %q: %w", name, err)
	}
	return nil
}

func (s *Store) delete(name string) error {
	if err := checkStoreName(name); err != nil {
		return err
	}
	unlock, err := lock(s.dir.at(lockFile))
	if err != nil {
		return err
	}
	defer unlock()
	switch exists, err := s.dir.has(name + pemSuffix); {
	case err != nil:
		return err
	case !exists:
		return ErrNotFound
	}
	return s.dir.remove(name + pemSuffix)
}

// Stored tells about an identity in a store, without its key.
type Stored struct {
	Name string `json:"name"` // in the store
	// Subject is the common name of the certificate, or that of the first CA
	// when there is no other.
	Subject     string    `json:"subject"`
	Serial      Serial    `json:"serial"`
	Fingerprint string    `json:"fingerprint"` // SHA-256
	Key         string    `json:"key"`         // such as "RSA 2048"; empty when there is none
	NotBefore   time.Time `json:"not_before,omitzero"`
	NotAfter    time.Time `json:"not_after,omitzero"`
	Chain       int       `json:"chain"` // certificates in the chain
	CAs         int       `json:"cas"`   // certificates of CAs
	// Problem says why it cannot be read; nothing else is known then.
	Problem string `json:"problem,omitempty"`
}

// List tells about all that is in the store, sorted by name. What cannot be
// read is listed with its Problem.
func (s *Store) List() ([]Stored, error) {
	names, err := s.dir.list(pemSuffix)
	if err != nil {
		return nil, fmt.Errorf("pki: list store: %w", err)
	}
	list := make([]Stored, 0, len(names))
	for _, name := range names {
		id, err := s.get(name)
		if errors.Is(err, ErrNotFound) { // deleted a moment ago
			continue
		}
		if err != nil {
			list = append(list, Stored{Name: name, Problem: err.Error()})
			continue
		}
		list = append(list, describe(name, id))
	}
	return list, nil
}

func describe(name string, id Identity) Stored {
	d := Stored{
		Name: name, Subject: id.Name(), Serial: id.Serial(), Fingerprint: id.Fingerprint(),
		Chain: len(id.Chain), CAs: len(id.CAs),
	}
	if id.Key != nil {
		d.Key = describeKey(id.Key.Public())
	}
	if leaf := id.Leaf(); leaf != nil {
		d.NotBefore, d.NotAfter = leaf.NotBefore, leaf.NotAfter
	} else {
		ca := id.CAs[0]
		d.Subject, d.Serial, d.NotBefore, d.NotAfter = title(ca), SerialOf(ca), ca.NotBefore, ca.NotAfter
	}
	return d
}

// checkStoreName keeps what is no plain name away from the file system.
func checkStoreName(name string) error {
	good := name != "" && len(name) <= 64 && name[0] != '-' && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	})
	if !good {
		return errors.New("a name has 1 to 64 of A-Z a-z 0-9 _ - and begins with no dash")
	}
	return nil
}
