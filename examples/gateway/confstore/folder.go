package confstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder is where the store writes; tests put one there that loses its power.
// Names may have one slash.
type Folder interface {
	ReadFile(name string) ([]byte, error) // wraps fs.ErrNotExist
	// WriteFile makes a file of mode 0600, in the place of one that is there,
	// and syncs it.
	WriteFile(name string, content []byte) error
	// Rename moves a file over another one.
	Rename(old, name string) error
	Remove(name string) error
	// Sync makes the names in the folder itself, or one below, last.
	Sync(below string) error
	Names(below string) ([]string, error)
}

// Disk is a folder of the file system. It makes the folders below as needed.
type Disk string

// ReadFile implements [Folder].
func (d Disk) ReadFile(name string) ([]byte, error) { return os.ReadFile(d.path(name)) }

// WriteFile implements [Folder].
func (d Disk) WriteFile(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(d.path(name)), 0o700); err != nil {
		return err
	}
	// Never into what is there: it may be a link, or a file that others read.
	if err := os.Remove(d.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(d.path(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Rename implements [Folder].
func (d Disk) Rename(old, name string) error { return os.Rename(d.path(old), d.path(name)) }

// Remove implements [Folder].
func (d Disk) Remove(name string) error { return os.Remove(d.path(name)) }

// Sync implements [Folder].
func (d Disk) Sync(below string) error {
	folder, err := os.Open(d.path(below))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Names implements [Folder].
func (d Disk) Names(below string) ([]string, error) {
	entries, err := os.ReadDir(d.path(below))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func (d Disk) path(name string) string { return filepath.Join(string(d), name) }

// put puts content in the place of a file in one step. Until the folder is
// synced a power cut may bring the file before back.
func put(f Folder, name string, content []byte) error {
	next := name + ".new"
	err := f.WriteFile(next, content)
	if err == nil {
		err = f.Rename(next, name)
	}
	if err != nil {
		_ = f.Remove(next) // it may be what fills the disk; the error is the one of writing
	}
	return err
}

// replace does so for good.
func replace(f Folder, name string, content []byte) error {
	if err := put(f, name, content); err != nil {
		return err
	}
	return f.Sync(filepath.Dir(name))
}
