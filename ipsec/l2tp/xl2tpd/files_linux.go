package xl2tpd

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/ipsec/l2tp"
)

// files are what the programs read and write, in a folder that is locked.
type files struct {
	folder string
	lock   *os.File
}

func (f *files) path(name string) string { return filepath.Join(f.folder, name) }

// ppp is what lies over /etc/ppp.
func (f *files) ppp() string     { return f.path("ppp") }
func (f *files) config() string  { return f.path("xl2tpd.conf") }
func (f *files) control() string { return f.path("control") }
func (f *files) pid() string     { return f.path("pid") }
func (f *files) tunnels() string { return f.path("tunnels") } // secrets of tunnels: none

// Of the server's pppds. No client is called so, see options.
func (f *files) serverOptions() string { return f.path("server.options") }
func (f *files) serverLog() string     { return f.path("server.log") }

// userPrefix begins the names of files that hold the user of a pppd of the
// server; its number follows.
const userPrefix = "user."

// Of the pppd of a client.
func (f *files) options(client string) string { return f.path("to_" + client + ".options") }
func (f *files) log(client string) string     { return f.path("to_" + client + ".log") }

// write makes all files but those of clients anew.
func (f *files) write(s l2tp.Setup) error {
	if err := f.clean(); err != nil {
		return err
	}
	if err := os.Mkdir(f.ppp(), 0o700); err != nil {
		return err
	}
	authUp := filepath.Join(f.ppp(), "auth-up")
	return errors.Join(
		f.serve(s.Server),
		put(f.serverLog(), ""),
		put(authUp, renderAuthUp(f.path(userPrefix))),
		os.Chmod(authUp, 0o700),
		put(filepath.Join(f.ppp(), "options"), ""),
		put(f.tunnels(), ""),
		put(f.config(), renderDaemon(s, f.serverOptions())),
	)
}

// serve makes the files that each pppd of the server reads. They may be in use.
func (f *files) serve(s *l2tp.ServerSetup) error {
	secrets := filepath.Join(f.ppp(), "chap-secrets")
	if s == nil {
		return put(secrets, "")
	}
	return errors.Join(
		replace(f.serverOptions(), renderServer(*s, f.serverLog())),
		replace(secrets, renderSecrets(s.Users)),
	)
}

// user returns who has authenticated to a pppd of the server, "" before that.
func (f *files) user(pid int) string {
	text, _ := os.ReadFile(f.path(userPrefix + strconv.Itoa(pid)))
	name, complete := strings.CutSuffix(string(text), "\n")
	if !complete {
		return ""
	}
	return name
}

// forgetUsers removes what is known of pppds that have ended.
func (f *files) forgetUsers() error {
	list, err := filepath.Glob(f.path(userPrefix + "*"))
	for _, path := range list {
		pid, _ := strconv.Atoi(strings.TrimPrefix(filepath.Base(path), userPrefix))
		if _, lives := readStat(pid); !lives {
			err = errors.Join(err, remove(path))
		}
	}
	return err
}

// call makes the files of a client.
func (f *files) call(c l2tp.Call) error {
	return errors.Join(put(f.log(c.Name), ""), put(f.options(c.Name), renderCall(c, f.log(c.Name))))
}

// forget removes the files of a client.
func (f *files) forget(client string) error {
	return errors.Join(remove(f.options(client)), remove(f.log(client)))
}

// clean removes everything but the lock.
func (f *files) clean() error {
	entries, err := os.ReadDir(f.folder)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if e.Name() != "lock" {
			errs = append(errs, os.RemoveAll(f.path(e.Name())))
		}
	}
	return errors.Join(errs...)
}

// put writes a file that only this user may read. Nobody else can have put
// another one, or a link, into the folder.
func put(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }

// replace is put for a file that somebody may read just now.
func replace(path, text string) error {
	if err := put(path+".new", text); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
