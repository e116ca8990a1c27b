// Package enginefile keeps the identity of an SNMPv3 agent in a file, with a
// copy beside it.
//
//	opts.Store = enginefile.New("/var/lib/gateway/snmp-engine")
//
// A file is one line: the engine ID in hexadecimal, boots, and a check sum. It
// holds no secret, but who changes it can have recorded messages played again:
// only its owner may use it.
package enginefile

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/fieldgate/fieldgate/internal/atomicfile"
	"github.com/fieldgate/fieldgate/snmp"
)

// maxSize is longer than the file is.
const maxSize = 256

// Store is a snmp.EngineStore on a file that belongs to one agent. It is safe
// for concurrent use.
type Store struct {
	path, copy string
	mu         sync.Mutex // held by Load and Save
}

// New returns the Store of the file at path, whose folder must exist, and of
// its copy at path+".copy". It does no I/O.
func New(path string) *Store { return &Store{path: path, copy: path + ".copy"} }

// Load returns what was saved last. It wraps fs.ErrNotExist when neither file
// is there. One that is damaged or missing does no harm as long as the other
// is well.
func (s *Store) Load() (snmp.Engine, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// The copy is written first: it is never behind, so that no number of
	// boots comes again.
	engine, copyErr := read(s.copy)
	if copyErr == nil {
		return engine, nil
	}
	engine, err := read(s.path)
	switch {
	case err == nil:
		return engine, nil
	case errors.Is(err, fs.ErrNotExist) && errors.Is(copyErr, fs.ErrNotExist):
		return snmp.Engine{}, fmt.Errorf("enginefile: %w", err)
	}
	// One that is missing must not make it look like the very first time.
	return snmp.Engine{}, fmt.Errorf("enginefile: cannot be read: %v; %v (to begin as a new engine, remove both files)", err, copyErr)
}

// Save stores the engine in both files and returns once it is on the disk.
// After an error Load returns this engine or the one before.
func (s *Store) Save(e snmp.Engine) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, path := range []string{s.copy, s.path} {
		if err := atomicfile.Write(path, encode(e)); err != nil {
			return fmt.Errorf("enginefile: %w", err)
		}
	}
	return nil
}

// read reads one of the files.
func read(path string) (snmp.Engine, error) {
	f, err := os.Open(path)
	if err != nil {
		return snmp.Engine{}, err
	}
	content, err := io.ReadAll(io.LimitReader(f, maxSize))
	_ = f.Close() // only read
	if err != nil {
		return snmp.Engine{}, err
	}
	e, err := decode(content)
	if err != nil {
		return snmp.Engine{}, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

func encode(e snmp.Engine) []byte {
	line := fmt.Appendf(nil, "%x %d", e.ID, e.Boots)
	return fmt.Appendf(line, " %08x\n", crc32.ChecksumIEEE(line))
}

// errDamaged is the error of content that encode did not write.
var errDamaged = errors.New("it is damaged")

func decode(content []byte) (snmp.Engine, error) {
	var e snmp.Engine
	var id string
	if _, err := fmt.Sscanf(string(content), "%s %d", &id, &e.Boots); err != nil {
		return e, errDamaged
	}
	var err error
	if e.ID, err = hex.DecodeString(id); err != nil || !bytes.Equal(encode(e), content) {
		return snmp.Engine{}, errDamaged
	}
	return e, nil
}

var _ snmp.EngineStore = (*Store)(nil)
