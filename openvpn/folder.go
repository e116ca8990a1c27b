package openvpn

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	defaultFolder = "/etc/openvpn"
	lookEvery     = 2 * time.Second
	maxFolder     = 256         // files that become instances
	maxFolderFile = 100<<10 - 1 // bytes of one; LuCI refuses 100 KB too
	maxSideFile   = 1 << 20     // bytes of a file that one names
)

// place is where the folder is, empty when there is none.
func (f Folder) place() string {
	switch {
	case !f.Enabled:
		return ""
	case f.Path == "":
		return defaultFolder
	}
	return f.Path
}

// watch follows a folder. All but problem is called with Service.applying
// held: disks may be slow, and nobody who asks for the status waits for one.
type watch struct {
	place string
	files map[string]*watched // by name of the file

	mu  sync.Mutex
	err error
}

// watched is one file of the folder.
type watched struct {
	stamp   string   // sizes and times of it and the files that it names
	seen    [32]byte // sum of what was read last
	misses  int      // how often it was not there
	content []byte   // what counts: it was there twice, or is old
	taken   [32]byte // sum of that, zero until then
	unit    unit     // what Import made of it
}

// look reads the folder of a Config. With first, files that nobody has
// touched for a while count at once; else they must be the same twice. It
// reports whether something has changed.
func (s *Service) look(c Config, first bool) bool {
	place := c.Folder.place()
	if place == "" {
		return s.watch.clear()
	}
	return s.watch.look(place, s.opts.OpenFolder(place), time.Now(), first)
}

// watchFolder follows the folder until ctx ends.
func (s *Service) watchFolder(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if s.claim(ctx) != nil {
			return
		}
		if s.look(s.config(), false) {
			_ = s.reconcile(ctx, nil) // each instance tells its own fault
		}
		s.yield()
	}
}

func (w *watch) clear() bool {
	had := len(w.files) > 0
	w.place, w.files = "", nil
	w.fail(nil)
	return had
}

func (w *watch) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
}

// problem tells what is wrong with the folder as a whole.
func (w *watch) problem() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		return ""
	}
	return w.err.Error()
}

func (w *watch) look(place string, fsys fs.FS, now time.Time, first bool) (changed bool) {
	if w.place != place {
		changed = len(w.files) > 0
		w.place, w.files = place, make(map[string]*watched)
	}
	names, err := configFiles(fsys)
	w.fail(err)
	if names == nil && err != nil {
		return changed // a folder that cannot be read ends no tunnel
	}
	for _, name := range names {
		f := w.files[name]
		if f == nil {
			f = &watched{}
			w.files[name] = f
		}
		f.misses = 0
		changed = f.look(fsys, name, now, first) || changed
	}
	for name, f := range w.files {
		if slices.Contains(names, name) {
			continue
		}
		if f.misses++; f.misses > 1 { // an editor may be about to put it back
			delete(w.files, name)
			changed = true
		}
	}
	return changed
}

// configFiles returns the names of the files that count. With names the error
// tells about others that do not.
func configFiles(fsys fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return []string{}, nil
	}
	if err != nil {
		return nil, err
	}
	names := []string{}
	seen := make(map[string]string)
	for _, e := range entries {
		name := e.Name()
		base, is := strings.CutSuffix(name, ".conf")
		if !is || strings.HasPrefix(name, ".") || e.IsDir() {
			continue
		}
		if other, twice := seen[key(base)]; twice {
			err = fmt.Errorf("%s and %s differ only in case: rename one, the first counts", other, name)
			continue
		}
		if len(names) == maxFolder {
			return names, fmt.Errorf("there are more than %d files, the first count", maxFolder)
		}
		seen[key(base)] = name
		names = append(names, name)
	}
	return names, err
}

// look reads the file, unless it is as before, and reports whether it counts
// in another form than before.
func (f *watched) look(fsys fs.FS, name string, now time.Time, first bool) bool {
	stamp, newest := f.stampOf(fsys, name)
	settled := now.Sub(newest).Abs() >= lookEvery // also of the future: clocks jump
	if stamp == f.stamp && settled && f.seen == f.taken {
		return false // a file that is just being written may keep its stamp
	}
	f.stamp = stamp
	content, err := readFile(fsys, name, maxFolderFile)
	u := f.unit
	if !slices.Equal(content, f.content) || err != nil || f.content == nil {
		u = importUnit(name, content, err)
	}
	u.files = sideFiles(fsys, u)
	sum := sumOf(content, u)
	same := sum == f.seen
	f.seen = sum
	if sum == f.taken || !same && !(first && settled) {
		return false
	}
	f.taken, f.content, f.unit = sum, content, u
	return true
}

// stampOf returns the sizes and times of a file and those that it names, and
// the latest of the times.
func (f *watched) stampOf(fsys fs.FS, name string) (stamp string, newest time.Time) {
	for _, name := range append([]string{name}, f.unit.sideNames()...) {
		info, err := fs.Stat(fsys, name)
		if err != nil {
			stamp += name + ": none\n"
			continue
		}
		stamp += fmt.Sprintf("%s: %d %d\n", name, info.Size(), info.ModTime().UnixNano())
		if info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	return stamp, newest
}

// sideNames are the files beside it that a file of the folder names.
func (u unit) sideNames() []string {
	var names []string
	for _, name := range u.Files {
		if _, inline := u.inline[name]; !inline && validBase(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// sideFiles returns all files of a unit: the inline ones, and those beside it
// that can be read.
func sideFiles(fsys fs.FS, u unit) map[string][]byte {
	files := maps.Clone(u.inline)
	if files == nil {
		files = make(map[string][]byte)
	}
	for _, name := range u.sideNames() {
		if content, err := readFile(fsys, name, maxSideFile); err == nil {
			files[name] = content
		}
	}
	return files
}

// importUnit makes a unit of a file.
func importUnit(name string, content []byte, err error) unit {
	base := strings.TrimSuffix(name, ".conf")
	u := unit{fromFolder: true}
	u.Name = base
	switch {
	case err != nil:
		u.fault = fmt.Errorf("%s: %w", clean(name), err)
		return u
	case !validName(base):
		u.fault = fmt.Errorf("rename the file: "+nameRule, base)
		return u
	}
	imported, err := Import(base, content)
	u.Instance, u.inline, u.report = imported.Instance, imported.Files, imported.Report
	u.Name = base
	if err == nil {
		err = u.Validate()
	}
	if err == nil && len(imported.Lost) > 0 {
		err = fmt.Errorf("%s: without it the tunnel is less safe than the file means; upload the file and settle that", imported.Lost[0])
	}
	if err != nil {
		u.fault = fmt.Errorf("%s: %w", name, err)
	}
	return u
}

// units returns the instances of the folder by name.
func (w *watch) units(f Folder) []unit {
	var all []unit
	for _, name := range slices.Sorted(maps.Keys(w.files)) {
		file := w.files[name]
		if file.taken == ([32]byte{}) {
			continue
		}
		u := file.unit
		u.Enabled = !slices.ContainsFunc(f.Disabled, func(off string) bool { return key(off) == key(u.Name) })
		if f.TrustWhole && validName(u.Name) && len(file.content) > 0 {
			u.whole, u.cwd, u.fault = file.content, w.place, nil
		}
		all = append(all, u)
	}
	return all
}

// readFile reads a regular file of at most limit bytes.
func readFile(fsys fs.FS, name string, limit int64) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait
		return nil, errors.New("it is no regular file")
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()                                  // only read
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() { // it was put in place of the other
		err = errors.New("it is no regular file")
	}
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(content)) > limit {
		return nil, fmt.Errorf("it is longer than %d bytes", limit)
	}
	return content, err
}

// sumOf tells whether a file, or one that it names, has changed.
func sumOf(content []byte, u unit) [32]byte {
	l := Launch{Config: content, Files: u.files}
	fault := ""
	if u.fault != nil {
		fault = u.fault.Error()
	}
	return sha256.Sum256([]byte(digest(l, "") + fault))
}
