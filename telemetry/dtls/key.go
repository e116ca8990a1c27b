package dtls

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Lengths of a key in bytes. Shorter ones can be found by trying.
const (
	minKey = 16
	maxKey = 64
	// maxFile is more than any key file has.
	maxFile = 4096
)

// readKey reads a key file. Its errors never show what the file holds.
func readKey(path string) ([]byte, error) {
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
	defer func() { _ = f.Close() }() // only read
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("its mode is %#o, others than its owner may use it: make it 0600", mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, err
	}
	return parseKey(string(text))
}

func parseKey(text string) ([]byte, error) {
	key, err := hex.DecodeString(strings.TrimSpace(text))
	switch {
	case err != nil:
		return nil, errors.New("it is not an even number of hexadecimal digits")
	case len(key) < minKey || len(key) > maxKey:
		return nil, fmt.Errorf("the key has %d bytes, allowed are %d to %d", len(key), minKey, maxKey)
	}
	return key, nil
}
