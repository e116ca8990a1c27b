package xl2tpd

import (
	"errors"
	"os"
	"path/filepath"

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
	secrets := ""
	if s.Server != nil {
		secrets = renderSecrets(s.Server.Users)
		if err := put(f.serverOptions(), renderServer(*s.Server, f.serverLog())); err != nil {
			return err
		}
		if err := put(f.serverLog(), ""); err != nil {
			return err
		}
	}
	return errors.Join(
		put(filepath.Join(f.ppp(), "chap-secrets"), secrets),
		put(filepath.Join(f.ppp(), "options"), ""),
		put(f.tunnels(), ""),
		put(f.config(), renderDaemon(s, f.serverOptions())),
	)
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

func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
