package telemetry

import (
	"fmt"

	"github.com/fieldgate/fieldgate/internal/secretfile"
)

// maxKeyFile is more than any file with one key has.
const maxKeyFile = 4096

// ReadKeyFile reads the key of a device: a regular file of 64 hexadecimal
// digits, as [Key.Reveal] gives them, with white space around them at most.
// The file must not be open to its group or to others (mode 0600 or
// stricter). The error says which rule is broken, and wraps that of the
// system, such as fs.ErrNotExist; it never shows what the file holds.
func ReadKeyFile(path string) (Key, error) {
	text, err := secretfile.Read(path, maxKeyFile)
	if err != nil {
		return Key{}, fmt.Errorf("telemetry: key file %s: %w", path, err)
	}
	key, err := ParseKey(text)
	if err != nil {
		return Key{}, fmt.Errorf("telemetry: key file %s: %w", path, err)
	}
	return key, nil
}
