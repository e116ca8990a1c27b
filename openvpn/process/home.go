package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/internal/atomicfile"
	"github.com/fieldgate/fieldgate/openvpn"
)

// What the folder of an instance holds. openvpn's working directory is apart,
// so that no file of the instance can have the name of one of these.
const (
	lockName   = "lock"
	configName = "config"
	socketName = "socket"
	outputName = "output"
	recordName = "record"
	filesName  = "files"
)

// home is the folder of an instance, locked.
type home struct {
	path   string
	lock   *os.File
	output *output // of the process; nil while there is none
}

// record is what a later life of this program needs to know.
type record struct {
	Identity identity  `json:"identity"`
	Digest   string    `json:"digest"`
	Started  time.Time `json:"started"`
	Files    []string  `json:"files"`
	Device   string    `json:"device,omitempty"`
	Bridge   string    `json:"bridge,omitempty"`
	Trusted  bool      `json:"trusted,omitempty"`
}

// openHome makes the folder and takes its lock.
func openHome(folder, name string) (*home, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	h := &home{path: filepath.Join(folder, name)}
	// They may be older than we are. Each is looked at before there is
	// anything made in it.
	for _, path := range []string{folder, h.path, h.inside(filesName)} {
		if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		if err := private(path); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(h.inside(lockName), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(f); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = fmt.Errorf("%w: %s is locked", openvpn.ErrBusy, h.path)
		}
		return nil, err
	}
	h.lock = f
	return h, nil
}

// forkTime is how long a child that a program left behind by its death may
// hold the program's locks: until it runs openvpn.
const forkTime = 250 * time.Millisecond

// flock takes a lock that is free, or becomes so in a moment.
func flock(f *os.File) error {
	for begin := time.Now(); ; time.Sleep(time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Since(begin) > forkTime {
			return err
		}
	}
}

// private makes sure that a folder is one, ours, and nobody else's.
func private(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "open", Path: path, Err: errors.New("it is no folder")}
	}
	// Root could use another's folder, whose owner could put links into it.
	if s, ok := info.Sys().(*syscall.Stat_t); ok && int(s.Uid) != os.Geteuid() {
		return &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("it belongs to another user (%d)", s.Uid)}
	}
	if info.Mode().Perm() == 0o700 {
		return nil
	}
	return os.Chmod(path, 0o700)
}

func (h *home) inside(name string) string { return filepath.Join(h.path, name) }

// close gives the lock back.
func (h *home) close() error {
	h.closeOutput()
	return h.lock.Close()
}

func (h *home) closeOutput() {
	if h.output != nil {
		h.output.close()
		h.output = nil
	}
}

// readOutput makes room in the pipe.
func (h *home) readOutput() {
	if h.output != nil {
		h.output.read()
	}
}

// fill writes what openvpn reads.
func (h *home) fill(l openvpn.Launch) error {
	for _, name := range slices.Sorted(maps.Keys(l.Files)) {
		path := filepath.Join(h.inside(filesName), name)
		_ = os.Remove(path) // whatever lies there: it is never written through
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = f.Write(l.Files[name])
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	text := l.Config
	if l.Trusted {
		var err error
		if text, err = supervised(text); err != nil {
			return err
		}
	}
	return atomicfile.Write(h.inside(configName), text)
}

// clean removes what was there for a process that has ended. Files that
// openvpn made, such as its list of addresses, stay.
func (h *home) clean(r record) {
	for _, name := range r.Files {
		if checkBase(name) == nil { // the record is a file
			_ = os.Remove(filepath.Join(h.inside(filesName), name))
		}
	}
	for _, name := range []string{configName, socketName, outputName, recordName} {
		_ = os.Remove(h.inside(name)) // mostly it is there
	}
}

func (h *home) readRecord() (r record, err error) {
	text, err := os.ReadFile(h.inside(recordName))
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}

func (h *home) writeRecord(r record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return atomicfile.Write(h.inside(recordName), text)
}

// spawn starts the child, in a session of its own: signals to the program and
// its terminal do not reach it.
func (h *home) spawn(program string, l openvpn.Launch) (identity, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return identity{}, err
	}
	defer func() { _ = null.Close() }()
	reader, output, err := makeOutput(h.inside(outputName))
	if err != nil {
		return identity{}, err
	}
	h.output = reader // closed with the rest
	defer func() { _ = output.Close() }()
	folder := h.inside(filesName)
	if l.Trusted && l.Folder != "" {
		folder = l.Folder
	}
	child, err := os.StartProcess(program, append([]string{program}, h.arguments(l)...), &os.ProcAttr{
		Dir: folder, Env: environment(), Files: []*os.File{null, output, output},
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return identity{}, err
	}
	pid := child.Pid
	_ = child.Release() // reaped by its pid, see identity.reap
	id, err := identify(pid)
	if err != nil {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		_, _ = syscall.Wait4(pid, nil, 0, nil)
	}
	return id, err
}

// arguments are openvpn's. What stands after --config wins over it.
func (h *home) arguments(l openvpn.Launch) []string {
	args := []string{
		"--verb", "3", // the least that tells why; the configuration may ask for more
		"--config", h.inside(configName),
		"--management", h.inside(socketName), "unix",
		"--management-hold", "--management-query-passwords", "--suppress-timestamps",
	}
	if !l.Trusted {
		args = append(args, "--script-security", "1")
	}
	if l.AskClients {
		args = append(args, "--management-client-auth")
	}
	if l.NoPassword {
		args = append(args, "--auth-user-pass-optional")
	}
	return args
}
