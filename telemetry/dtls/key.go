package dtls

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/fieldgate/fieldgate/internal/secretfile"
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
	text, err := secretfile.Read(path, maxFile)
	if err != nil {
		return nil, err
	}
	return parseKey(text)
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
