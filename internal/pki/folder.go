package pki

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/fieldgate/fieldgate/internal/atomicfile"
	"github.com/fieldgate/fieldgate/internal/secretfile"
)

// folder holds files for their owner only.
type folder string

// makeFolder makes a folder, whose parent must exist, unless it is there, and
// refuses one that others may use.
func makeFolder(path string) (folder, error) {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return openFolder(path)
}

func openFolder(path string) (folder, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s is no folder", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return "", fmt.Errorf("the mode of folder %s is %#o, others than its owner may use it: make it 0700", path, mode)
	}
	abs, err := filepath.Abs(path)
	return folder(abs), err
}

func (f folder) at(name ...string) string {
	return filepath.Join(append([]string{string(f)}, name...)...)
}

// read returns a file of at most limit bytes.
func (f folder) read(limit int64, name ...string) ([]byte, error) {
	text, err := secretfile.Read(f.at(name...), limit)
	if err == nil {
		return []byte(text), nil
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return nil, err // names the file itself
	}
	return nil, fmt.Errorf("%s: %w", f.at(name...), err)
}

func (f folder) write(content []byte, name ...string) error {
	return atomicfile.Write(f.at(name...), content)
}

func (f folder) has(name string) (bool, error) {
	_, err := os.Lstat(f.at(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// list returns the names of the files with a suffix, without it, sorted.
func (f folder) list(suffix string) ([]string, error) {
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), suffix); ok && e.Type().IsRegular() {
			names = append(names, name)
		}
	}
	return names, nil
}

// remove removes a file, if it is there, and waits until the disk knows.
func (f folder) remove(name string) error {
	if err := os.Remove(f.at(name)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	d, err := os.Open(string(f))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
