package process

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/openvpn"
)

// DefaultFolder is where instances live without [Options.Folder].
const DefaultFolder = "/run/fieldgate/openvpn"

// programs are where openvpn may be.
var programs = []string{"/usr/sbin/openvpn", "/usr/local/sbin/openvpn", "/usr/bin/openvpn", "/usr/local/bin/openvpn"}

// maxFolder is the most bytes of a folder's name: the path of a socket has
// 107 at most (unix(7)), and a name of an instance 32.
const maxFolder = 107 - len("/") - 32 - len("/"+socketName)

// Options are the surroundings of a [Runner]. The zero Options are good.
type Options struct {
	// Folder is an absolute path, of 67 bytes at most, best on a file system
	// that a restart of the machine empties. It is made, with mode 0700.
	// Default [DefaultFolder].
	Folder string
	// Program is the absolute path of openvpn. Default: the first that exists
	// of openvpn in /usr/sbin, /usr/local/sbin, /usr/bin and /usr/local/bin.
	Program string
	// Timeout is how long an openvpn may be silent before it counts as lost;
	// six times that while it resolves a name. Default 10 s.
	Timeout time.Duration
	// ByteCountInterval is how often traffic is told, in whole seconds. Default 5 s.
	ByteCountInterval time.Duration
	// Logger gets what is done to processes that nobody asked about. Default:
	// discard.
	Logger *slog.Logger
}

// Runner starts openvpn. Its methods are safe for concurrent use.
type Runner struct {
	o Options
	// contested holds the names of instances that another program had: what
	// it leaves behind may have come after Adopt looked.
	contested sync.Map
}

var _ openvpn.Runner = (*Runner)(nil)

// New returns a Runner. It touches nothing: whether openvpn is there shows
// when it is needed.
func New(o Options) (*Runner, error) {
	o.Folder = filepath.Clean(cmp.Or(o.Folder, DefaultFolder))
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.ByteCountInterval = max(cmp.Or(o.ByteCountInterval, 5*time.Second), time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case !filepath.IsAbs(o.Folder):
		return nil, fmt.Errorf("openvpn: the folder %q is no absolute path", o.Folder)
	case len(o.Folder) > maxFolder:
		return nil, fmt.Errorf("openvpn: the folder %q has more than %d bytes, too many for sockets in it", o.Folder, maxFolder)
	case o.Program != "" && !filepath.IsAbs(o.Program):
		return nil, fmt.Errorf("openvpn: the program %q is no absolute path", o.Program)
	}
	return &Runner{o: o}, nil
}

// Version implements [openvpn.Runner].
func (r *Runner) Version(ctx context.Context) (string, error) {
	program, err := r.program()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, program, "--version")
	cmd.Env = environment()
	cmd.Stdin = nil
	cmd.WaitDelay = time.Second
	out, err := cmd.Output() // 2.4 and older end with status 1
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	words := strings.Fields(string(out))
	if len(words) < 2 || words[0] != "OpenVPN" {
		return "", fmt.Errorf("openvpn: %s does not tell its version: %w: %w", program, openvpn.ErrNotInstalled,
			cmp.Or(err, errors.New("it is another program")))
	}
	return words[1], nil
}

// program returns the path of openvpn.
func (r *Runner) program() (string, error) {
	candidates := programs
	if r.o.Program != "" {
		candidates = []string{r.o.Program}
	}
	for _, path := range candidates {
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("openvpn: %w: there is no program %s", openvpn.ErrNotInstalled, strings.Join(candidates, ", "))
}

// environment is that of openvpn: none of ours gets in.
func environment() []string {
	return []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C"}
}

// Start implements [openvpn.Runner].
func (r *Runner) Start(ctx context.Context, l openvpn.Launch) (openvpn.Process, error) {
	p, err := r.start(ctx, l)
	if err != nil {
		return nil, fmt.Errorf("openvpn: start %q: %w", l.Name, err)
	}
	return p, nil
}

func (r *Runner) start(ctx context.Context, l openvpn.Launch) (*process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkLaunch(l); err != nil {
		return nil, err
	}
	program, err := r.program()
	if err != nil {
		return nil, err
	}
	home, err := r.openHome(l.Name)
	if err != nil {
		return nil, err
	}
	p, err := r.succeed(ctx, home, l)
	if err == nil && p == nil {
		if p, err = r.launch(program, home, l); err == nil {
			go p.run(nil)
		}
	}
	if err != nil {
		return nil, errors.Join(err, home.close())
	}
	return p, nil
}

// openHome locks the folder of an instance.
func (r *Runner) openHome(name string) (*home, error) {
	h, err := openHome(r.o.Folder, name)
	if errors.Is(err, openvpn.ErrBusy) {
		r.contested.Store(name, true)
	}
	return h, err
}

// succeed returns the process of an instance that another gateway still held
// when this one looked for processes to adopt, if it is as it should be. Any
// other one is ended.
func (r *Runner) succeed(ctx context.Context, home *home, l openvpn.Launch) (*process, error) {
	old, err := home.readRecord()
	known := err == nil && old.Identity.alive()
	if _, was := r.contested.LoadAndDelete(l.Name); was {
		running, err := managed(r.o.Folder)
		if err != nil {
			return nil, err
		}
		r.endOthers(ctx, l.Name, running[l.Name], known, old.Identity)
	}
	if !known {
		return nil, nil
	}
	if old.Digest == l.Digest {
		if p := r.takeOver(ctx, l.Name, home, old); p != nil {
			return p, nil
		}
		return nil, ctx.Err()
	}
	r.o.Logger.Warn("an openvpn with another configuration is ended", "instance", l.Name, "pid", old.Identity.PID)
	old.Identity.end(r.o.Timeout / 2)
	return nil, nil
}

// launch fills the folder and starts the child in it.
func (r *Runner) launch(program string, home *home, l openvpn.Launch) (*process, error) {
	switch old, err := home.readRecord(); {
	case err == nil && old.Identity.alive():
		return nil, fmt.Errorf("%w: process %d of an earlier life does not end", openvpn.ErrBusy, old.Identity.PID)
	case err == nil:
		home.clean(old)
	case !errors.Is(err, fs.ErrNotExist):
		home.clean(record{}) // it was cut off
	}
	rec := record{Digest: l.Digest, Device: l.Device, Bridge: l.Bridge, Trusted: l.Trusted, Started: time.Now()}
	for name := range l.Files {
		rec.Files = append(rec.Files, name)
	}
	if err := home.fill(l); err != nil {
		home.clean(rec)
		return nil, err
	}
	id, err := home.spawn(program, l)
	if err != nil {
		home.clean(rec)
		return nil, err
	}
	rec.Identity = id
	if err := home.writeRecord(rec); err != nil {
		id.end(r.o.Timeout) // nobody could find it again
		home.clean(rec)
		return nil, err
	}
	return r.process(l.Name, home, rec), nil
}
