package xl2tpd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/internal/order"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
)

// daemon is a running xl2tpd.
type daemon struct {
	files   *files
	guard   guard
	opts    Options
	cut     *cut
	program *program
	control *control
	done    chan struct{}

	watching sync.WaitGroup // over the guard
	unwatch  context.CancelFunc

	closing sync.Mutex // one Close at a time
	closed  bool       // all is given back; guarded by closing

	mu    sync.Mutex
	setup l2tp.Setup
	ends  bool // Close has begun
	err   error
	links map[string]*link      // by client
	calls int                   // so far
	seen  map[process]time.Time // sessions of the server, since when
}

// launch starts xl2tpd and waits until it takes commands.
func (d *daemon) launch(ctx context.Context) error {
	f := d.files
	p, err := launch(d.opts.Program, []string{
		"-D", "-c", f.config(), "-s", f.tunnels(), "-C", f.control(), "-p", f.pid(),
	}, f.ppp(), f.lock)
	if err != nil {
		return fmt.Errorf("%w: %w", l2tp.ErrHost, err)
	}
	d.program, d.control = p, &control{path: f.control()}
	for !d.control.ready() {
		select {
		case <-p.done:
			return p.ended()
		case <-ctx.Done():
			return fmt.Errorf("it does not open its control pipe: %w: %s", ctx.Err(), strings.Join(tail(p.log.all(), 3), "; "))
		case <-time.After(pollTime / 5):
		}
	}
	go func() {
		<-p.done
		d.mu.Lock()
		if !d.ends {
			d.err = fmt.Errorf("%w: %w", l2tp.ErrClosed, p.ended())
		}
		d.mu.Unlock()
		close(d.done)
	}()
	return nil
}

// Done implements [l2tp.Daemon].
func (d *daemon) Done() <-chan struct{} { return d.done }

// Err implements [l2tp.Daemon].
func (d *daemon) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// Sessions implements [l2tp.Daemon].
func (d *daemon) Sessions(context.Context) ([]l2tp.Session, error) {
	select {
	case <-d.done:
		return nil, l2tp.ErrClosed
	default:
	}
	if d.serves() == nil {
		return nil, nil
	}
	d.trim()
	var list []l2tp.Session
	now := make(map[process]time.Time)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range children(d.program.pid) {
		if c.options != d.files.serverOptions() {
			continue
		}
		s := l2tp.Session{User: d.files.user(c.pid), Peer: c.peer, Interface: c.name(), Since: time.Now()}
		if since, ok := d.seen[c.process]; ok {
			s.Since = since
		}
		now[c.process] = s.Since
		if s.Interface != "" {
			s.Local, s.Remote, _ = interfaceFacts(s.Interface)
		}
		list = append(list, s)
	}
	d.seen = now
	order.Stable(list, func(a, b l2tp.Session) int { return a.Since.Compare(b.Since) })
	return list, nil
}

// trim keeps the log of the server's pppds short, which write to its end,
// wherever that is, and removes what those left that have ended.
func (d *daemon) trim() {
	const limit = 64 << 10
	if info, err := os.Stat(d.files.serverLog()); err == nil && info.Size() > limit {
		if err := os.Truncate(d.files.serverLog(), 0); err != nil {
			d.opts.Logger.Warn("the log of pppd cannot be shortened", "error", err)
		}
	}
	if err := d.files.forgetUsers(); err != nil {
		d.opts.Logger.Warn("files of sessions cannot be removed", "error", err)
	}
}

// serves returns the server, nil if there is none.
func (d *daemon) serves() *l2tp.ServerSetup {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.setup.Server
}

// Change implements [l2tp.Daemon]. Each pppd of the server reads its files when
// it starts, xl2tpd has a part in none of it.
func (d *daemon) Change(_ context.Context, s l2tp.Setup) error {
	d.closing.Lock()
	defer d.closing.Unlock()
	select {
	case <-d.done:
		return l2tp.ErrClosed
	default:
	}
	d.mu.Lock()
	before := d.setup
	d.mu.Unlock()
	if !before.Changeable(s) {
		return l2tp.ErrRestart
	}
	if s.Server == nil {
		return nil
	}
	if err := d.files.serve(s.Server); err != nil {
		return fmt.Errorf("xl2tpd: %w", err)
	}
	d.mu.Lock()
	d.setup = s
	d.mu.Unlock()
	for _, c := range children(d.program.pid) {
		if c.options == d.files.serverOptions() && !s.Server.Keeps(d.files.user(c.pid), before.Server) {
			c.signal(syscall.SIGTERM)
		}
	}
	return nil
}

// Close implements [l2tp.Daemon].
func (d *daemon) Close(ctx context.Context) error {
	d.closing.Lock()
	defer d.closing.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	d.mu.Lock()
	d.ends = true
	links := make([]*link, 0, len(d.links))
	for _, l := range d.links {
		links = append(links, l)
	}
	d.mu.Unlock()

	var wg sync.WaitGroup
	for _, l := range links {
		wg.Go(func() { _ = l.Close(ctx) }) // what is left is killed below
	}
	if d.serves() != nil {
		wg.Go(func() { d.endSessions(ctx) })
	}
	wg.Wait()
	select {
	case <-d.program.done:
	default:
		_ = syscall.Kill(d.program.pid, syscall.SIGTERM) // it may end at this moment
	}
	select {
	case <-d.program.done:
	case <-time.After(politely):
	case <-ctx.Done():
	}
	err := d.giveBack()
	<-d.done
	for _, l := range links { // their pppds are gone
		<-l.done
	}
	return err
}

// endSessions asks the pppds of the server to end, which tell it to the other
// ends, and waits for that.
func (d *daemon) endSessions(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, politely)
	defer cancel()
	var list []process
	for _, c := range children(d.program.pid) {
		if c.options == d.files.serverOptions() {
			c.signal(syscall.SIGTERM)
			list = append(list, c.process)
		}
	}
	for slices.ContainsFunc(list, process.alive) && ctx.Err() == nil {
		time.Sleep(pollTime / 2)
	}
}

// giveBack kills what is left of the programs, and gives everything back: the
// guard last but for the folder.
func (d *daemon) giveBack() error {
	var errs []error
	d.unwatch()
	d.watching.Wait()
	if d.program != nil {
		d.program.kill()
		for _, p := range orphans(d.files.folder) {
			p.signal(syscall.SIGKILL)
		}
		errs = append(errs, d.program.release())
	}
	return errors.Join(append(errs, d.guard.lower(), d.files.clean(), d.files.lock.Close())...)
}
