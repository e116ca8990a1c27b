package xl2tpd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/ipsec/l2tp"
)

// Where things are.
const (
	// DefaultProgram is xl2tpd.
	DefaultProgram = "/usr/sbin/xl2tpd"
	// pppdProgram is compiled into xl2tpd.
	pppdProgram = "/usr/sbin/pppd"
	pppDevice   = "/dev/ppp"
)

// How long things may take.
const (
	startTime = 15 * time.Second       // xl2tpd, until it reads its control pipe
	lockTime  = 10 * time.Second       // the programs of one before us, to end
	politely  = 3 * time.Second        // a program that was asked to end
	pollTime  = 100 * time.Millisecond // between looks at what is not told
)

// Options is what the program injects.
type Options struct {
	// Folder is for the files of the programs, among them those with secrets:
	// an absolute path of up to 64 letters, digits, and characters of "/._-",
	// best on a file system in memory such as /run. It is made when it is
	// missing, and must belong to this user alone. Required.
	Folder string
	// Program is the path of xl2tpd. Default [DefaultProgram].
	Program string
	// Logger gets what a fault of the programs is about. Nil discards it.
	Logger *slog.Logger
}

// Backend is the real backend. Make it with [New].
type Backend struct {
	opts Options
	cut  cut
}

var _ l2tp.Backend = (*Backend)(nil)

// New returns the backend. It does no I/O.
func New(o Options) (*Backend, error) {
	if !filepath.IsAbs(o.Folder) || len(o.Folder) > 64 || strings.ContainsFunc(o.Folder, unusable) {
		return nil, fmt.Errorf("xl2tpd: Options.Folder %q: an absolute path of up to 64 letters, digits and ._- is needed", o.Folder)
	}
	o.Folder = filepath.Clean(o.Folder)
	if o.Program == "" {
		o.Program = DefaultProgram
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Backend{opts: o}, nil
}

// unusable tells what the files of xl2tpd cannot quote.
func unusable(c rune) bool {
	return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune("/._-", c)
}

// Start implements [l2tp.Backend].
func (b *Backend) Start(ctx context.Context, s l2tp.Setup) (l2tp.Daemon, error) {
	d, err := b.start(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("xl2tpd: %w", err)
	}
	return d, nil
}

func (b *Backend) start(ctx context.Context, s l2tp.Setup) (_ *daemon, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := b.check(); err != nil {
		return nil, err
	}
	f, err := b.occupy(ctx)
	if err != nil {
		return nil, err
	}
	d := &daemon{
		files: f, guard: guard{s.Listen}, opts: b.opts, cut: &b.cut, setup: s, unwatch: func() {},
		links: make(map[string]*link), seen: make(map[process]time.Time), done: make(chan struct{}),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.giveBack())
		}
	}()
	for _, p := range orphans(f.folder) { // of one before us, that was killed
		p.signal(syscall.SIGKILL)
	}
	if err := d.guard.raise(); err != nil {
		return nil, fmt.Errorf("%w: %w", l2tp.ErrHost, err)
	}
	watched, unwatch := context.WithCancel(context.Background())
	d.unwatch = unwatch
	d.watching.Go(func() { d.guard.watch(watched, b.opts.Logger) })
	if err := f.write(s); err != nil {
		return nil, err
	}
	return d, d.launch(ctx)
}

// check looks whether the host has what is needed. The kernel loads most
// modules by itself when they are used, as here.
func (b *Backend) check() error {
	var errs []error
	lacks := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, path := range []string{b.opts.Program, pppdProgram} {
		if info, err := os.Stat(path); err != nil {
			lacks("the program %s is missing: install the packages xl2tpd and ppp", path)
		} else if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
			lacks("%s is no program", path)
		}
	}
	if info, err := os.Stat(pppFolder); err != nil || !info.IsDir() {
		lacks("the folder %s is missing: pppd needs it", pppFolder)
	}
	f, err := os.OpenFile(pppDevice, os.O_RDWR, 0)
	switch {
	case err == nil:
		errs = append(errs, f.Close())
	case errors.Is(err, fs.ErrNotExist):
		lacks("there is no %s: load the kernel's module ppp_generic", pppDevice)
	case errors.Is(err, fs.ErrPermission):
		lacks("%s may not be used: root is needed", pppDevice)
	default:
		lacks("%s cannot be used, the kernel's module ppp_generic is missing: %w", pppDevice, err)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%w: %w", l2tp.ErrHost, err)
	}
	if err := kernelL2TP(); err != nil {
		b.opts.Logger.Warn("the kernel has no L2TP (modules l2tp_ppp and pppox): packets go through the program, which is slower", "error", err)
	}
	return nil
}

// kernelL2TP tells whether the kernel carries PPP over L2TP by itself.
func kernelL2TP() error {
	const (
		familyPPPoX = 24 // linux/socket.h
		protoOL2TP  = 1  // linux/if_pppox.h
	)
	fd, err := syscall.Socket(familyPPPoX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, protoOL2TP)
	if err != nil {
		return err
	}
	return syscall.Close(fd)
}

// occupy takes the folder, and waits for the programs of one before us that
// was killed: they end then too, but in their own time.
func (b *Backend) occupy(ctx context.Context) (*files, error) {
	folder := b.opts.Folder
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return nil, err
	}
	own, _ := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || own == nil || int(own.Uid) != os.Geteuid() {
		return nil, fmt.Errorf("%s is for secrets: it must be a folder of this user with the mode 0700", folder)
	}
	lock, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lockTime)
	defer cancel()
	for {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return &files{folder: folder, lock: lock}, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("another program uses %s: %w", folder, err), lock.Close())
		case <-time.After(pollTime):
		}
	}
}
