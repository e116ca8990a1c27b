package firmware

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/internal/hostfacts"
)

// What the folder holds, see the package's comment.
const (
	imageName  = "firmware.img"
	partPrefix = "firmware-"
	partSuffix = ".part"
	lockName   = "firmware.lock"
	logName    = "apply.log"
)

// reserve is what an image must leave free, in bytes: on OpenWrt the folder
// is in memory.
const reserve = 1 << 20

// part is a file that grows.
type part interface {
	io.Writer
	Sync() error
	Close() error
	Name() string
}

// folder is the place of the image.
type folder struct {
	path string

	// What a test lets fail.
	create func(dir string) (part, error)
	rename func(from, to string) error
	sync   func(dir string) error
	free   func(dir string) (bytes uint64, err error)
}

func newFolder(path string) folder {
	return folder{
		path:   path,
		create: func(dir string) (part, error) { return os.CreateTemp(dir, partPrefix+"*"+partSuffix) },
		rename: os.Rename,
		sync:   syncFolder,
		free: func(dir string) (uint64, error) {
			space, err := hostfacts.New(hostfacts.Options{}).Space(dir)
			return space.AvailableKiB << 10, err
		},
	}
}

func (f folder) image() string { return filepath.Join(f.path, imageName) }

// lock makes the folder where it is missing, and takes it. The lock ends when
// the file, and every copy that a child has of it, is closed.
func (f folder) lock() (*os.File, error) {
	if err := f.ensure(); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(f.path, lockName), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%w in another program", api.ErrBusy)
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// ensure demands a folder whose content nobody else can exchange.
func (f folder) ensure() error {
	if err := os.Mkdir(f.path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(f.path)
	if err != nil {
		return err
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir():
		return fmt.Errorf("%s is no folder", f.path)
	case !known || int64(owner.Uid) != int64(os.Geteuid()):
		return fmt.Errorf("%s belongs to another user, who could exchange the image: choose another folder", f.path)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("%s has mode %#o, others could exchange the image: make it 0700", f.path, info.Mode().Perm())
	}
	return nil
}

// clean removes images, whole ones and pieces.
func (f folder) clean() error {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return err
	}
	var faults []error
	for _, e := range entries {
		name := e.Name()
		if name == imageName || strings.HasPrefix(name, partPrefix) && strings.HasSuffix(name, partSuffix) {
			faults = append(faults, os.Remove(filepath.Join(f.path, name)))
		}
	}
	return errors.Join(faults...)
}

// room refuses an image for which there is none.
func (f folder) room(size int64) error {
	free, err := f.free(f.path)
	if err != nil {
		return err
	}
	if need := uint64(size) + reserve; free < need {
		return refused("no room: the image and what must stay free need %d KiB, %d are free", (need+1023)>>10, free>>10)
	}
	return nil
}

// keep makes p the image, for certain: also a power cut right after it finds
// it whole.
func (f folder) keep(p part) (fs.FileInfo, error) {
	if err := p.Sync(); err != nil {
		return nil, err
	}
	if err := p.Close(); err != nil {
		return nil, err
	}
	if err := f.rename(p.Name(), f.image()); err != nil {
		return nil, err
	}
	if err := f.sync(f.path); err != nil {
		return nil, err
	}
	return os.Lstat(f.image())
}

// holds reports whether the image is still the one that info is of.
func (f folder) holds(info fs.FileInfo) bool {
	now, err := os.Lstat(f.image())
	return err == nil && os.SameFile(now, info) && now.Size() == info.Size() && now.ModTime().Equal(info.ModTime())
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
