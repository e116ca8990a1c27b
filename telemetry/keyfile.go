package telemetry

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// maxKeyFile is more than any file with one key has.
const maxKeyFile = 4096

// ReadKeyFile reads the key of a device: a regular file of 64 hexadecimal
// digits, as [Key.Reveal] gives them, with white space around them at most.
// The file must not be open to its group or to others (mode 0600 or
// stricter). The error says which rule is broken, and wraps that of the
// system, such as fs.ErrNotExist; it never shows what the file holds.
func ReadKeyFile(path string) (Key, error) {
	key, err := readKeyFile(path)
	if err != nil {
		return Key{}, fmt.Errorf("telemetry: key file %s: %w", path, err)
	}
	return key, nil
}

func readKeyFile(path string) (Key, error) {
	// Looked at first, since opening a pipe would wait for its other end.
	info, err := os.Stat(path)
	if err != nil {
		return Key{}, err
	}
	if !info.Mode().IsRegular() {
		return Key{}, errors.New("it is no regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return Key{}, err
	}
	defer func() { _ = f.Close() }() // only read
	if info, err = f.Stat(); err != nil {
		return Key{}, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return Key{}, fmt.Errorf("its mode is %#o, others than its owner may use it: make it 0600", mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return Key{}, err
	}
	if len(text) > maxKeyFile {
		return Key{}, errors.New("it is too long for a key")
	}
	return ParseKey(string(text))
}
