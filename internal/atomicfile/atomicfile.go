// Package atomicfile replaces files in one step that a power cut cannot
// divide.
package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
)

// Write replaces the file at path, whose folder must exist, by one with the
// content that only its owner may use. A file path+".new" is made beside it
// and renamed over it, and both file and folder are synced: after a power cut
// path holds either the old content or the new one. The file belongs to one
// process at a time.
func Write(path string, content []byte) error {
	next := path + ".new" // always the same name: what a power cut leaves is used again
	if err := write(next, content); err != nil {
		_ = os.Remove(next) // it may be what fills the disk; the error is the one of writing
		return err
	}
	if err := os.Rename(next, path); err != nil {
		_ = os.Remove(next)
		return err
	}
	folder, err := os.Open(filepath.Dir(path)) // the rename itself must reach the disk too
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func write(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
