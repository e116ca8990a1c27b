// Package secretfile reads files that hold secrets, and refuses those that
// others could read too.
package secretfile

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Open opens a regular file that nobody but its owner may use (mode 0600 or
// stricter) for reading. The error says which rule is broken, or is that of
// the system.
func Open(path string) (*os.File, error) {
	// Looked at first, since opening a pipe would wait for its other end.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := private(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// private looks at the file that was opened: the name may lead to another
// one by now.
func private(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("its mode is %#o, others than its owner may use it: make it 0600", mode)
	}
	return nil
}

// Read returns the whole text of such a file, which may have limit bytes at
// the most. Errors never show what the file holds.
func Read(path string, limit int64) (string, error) {
	f, err := Open(path)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	_ = f.Close() // only read
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("it is longer than %d bytes", limit)
	}
	if err != nil {
		return "", err
	}
	return string(text), nil
}
