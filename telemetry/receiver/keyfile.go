package receiver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/fieldgate/fieldgate/internal/secretfile"
	"github.com/fieldgate/fieldgate/telemetry"
)

// KeyFile is a [KeyStore] that was read from a file, one device a line:
//
//	# serial and key, 64 hexadecimal digits
//	GK0123456789 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
//	* 202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f
//
// Empty lines and lines that begin with # are skipped. The line with the
// star is the master key of a fleet: each device that has no line of its own
// has the key that [telemetry.DeriveKey] makes of it. Nobody but the owner
// may read or write the file: mode 0600 or stricter.
//
// It is safe for concurrent use.
type KeyFile struct {
	path string

	mu   sync.RWMutex
	keys keyTable
}

// keyTable is what a key file says.
type keyTable struct {
	devices map[string]telemetry.Key
	master  telemetry.Key // zero = none
}

// OpenKeyFile reads a key file. The error wraps [ErrKeyFile], or that of the
// file system, and never holds a key.
func OpenKeyFile(path string) (*KeyFile, error) {
	k := &KeyFile{path: path}
	if err := k.Reload(); err != nil {
		return nil, err
	}
	return k, nil
}

// Reload reads the file again. After an error the keys stay what they were.
func (k *KeyFile) Reload() error {
	keys, err := readKeyFile(k.path)
	if err != nil {
		return fmt.Errorf("receiver: keys: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys = keys
	return nil
}

// Key implements [KeyStore]. It never fails.
func (k *KeyFile) Key(_ context.Context, serial string) (telemetry.Key, bool, error) {
	k.mu.RLock()
	key, own := k.keys.devices[serial]
	master := k.keys.master
	k.mu.RUnlock()
	if !own && !master.IsZero() {
		key = telemetry.DeriveKey(master, serial)
	}
	return key, !key.IsZero(), nil
}

// Len returns how many devices have a line of their own.
func (k *KeyFile) Len() int {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return len(k.keys.devices)
}

// String tells where the keys are from and how many there are.
func (k *KeyFile) String() string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	text := fmt.Sprintf("%s: %d keys", k.path, len(k.keys.devices))
	if !k.keys.master.IsZero() {
		text += " and a master"
	}
	return text
}

func readKeyFile(path string) (keyTable, error) {
	f, err := secretfile.Open(path)
	var system *fs.PathError
	switch {
	case errors.As(err, &system):
		return keyTable{}, err
	case err != nil:
		return keyTable{}, fmt.Errorf("%s: %w: %w", path, err, ErrKeyFile)
	}
	defer func() { _ = f.Close() }() // only read
	keys, err := parseKeys(f)
	if err != nil {
		return keyTable{}, fmt.Errorf("%s: %w", path, err)
	}
	return keys, nil
}

// parseKeys reads the lines of a key file. Its errors name the line and
// never show what should be a key.
func parseKeys(r io.Reader) (keyTable, error) {
	t := keyTable{devices: make(map[string]telemetry.Key)}
	lines := bufio.NewScanner(r)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if err := t.add(strings.Fields(line)); err != nil {
			return keyTable{}, fmt.Errorf("line %d: %w: %w", n, err, ErrKeyFile)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return keyTable{}, fmt.Errorf("line %d: %w: %w", n+1, err, ErrKeyFile)
	case err != nil:
		return keyTable{}, err
	}
	return t, nil
}

func (t *keyTable) add(fields []string) error {
	if len(fields) != 2 {
		return fmt.Errorf("%d words, want a serial and a key", len(fields))
	}
	serial := fields[0]
	key, err := telemetry.ParseKey(fields[1])
	_, twice := t.devices[serial]
	switch {
	case err != nil:
		return err
	case len(serial) > telemetry.MaxSerial || !utf8.ValidString(serial):
		return fmt.Errorf("the serial is not text of 1 to %d bytes", telemetry.MaxSerial)
	case twice || serial == "*" && !t.master.IsZero():
		return fmt.Errorf("%s has a key already", serial)
	case serial == "*":
		t.master = key
	default:
		t.devices[serial] = key
	}
	return nil
}

var _ KeyStore = (*KeyFile)(nil)
