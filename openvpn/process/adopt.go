package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/order"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/internal/management"
)

// Adopt implements [openvpn.Runner]. Instances that another program holds are
// left alone.
func (r *Runner) Adopt(ctx context.Context) ([]openvpn.Process, error) {
	entries, err := os.ReadDir(r.o.Folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("openvpn: adopt: %w", err)
	}
	running, err := managed(r.o.Folder)
	if err != nil {
		return nil, fmt.Errorf("openvpn: adopt: %w", err)
	}
	names := map[string]bool{}
	for name := range running { // also where the folder was removed
		names[name] = true
	}
	for _, e := range entries {
		if e.IsDir() && checkName(e.Name()) == nil {
			names[e.Name()] = true
		}
	}
	homes := r.lockAll(names)
	// Looked for again: what was between fork and exec when its program was
	// killed had no arguments yet, but the lock.
	if running, err = managed(r.o.Folder); err != nil {
		for _, h := range homes {
			_ = h.close()
		}
		return nil, fmt.Errorf("openvpn: adopt: %w", err)
	}
	// All at once: one that is mute takes its time.
	var mu sync.Mutex
	var adopted []openvpn.Process
	var all sync.WaitGroup
	for name, h := range homes {
		all.Go(func() {
			if p := r.adopt(ctx, name, h, running[name]); p != nil {
				mu.Lock()
				adopted = append(adopted, p)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		for _, p := range adopted {
			_ = p.Release() // for another try
		}
		return nil, fmt.Errorf("openvpn: adopt: %w", ctx.Err())
	}
	order.Sort(adopted, func(a, b openvpn.Process) int { return strings.Compare(a.Name(), b.Name()) })
	return adopted, nil
}

// lockAll returns the folders of the instances that no other program holds.
func (r *Runner) lockAll(names map[string]bool) map[string]*home {
	var mu sync.Mutex
	homes := map[string]*home{}
	var all sync.WaitGroup
	for name := range names {
		all.Go(func() {
			h, err := r.openHome(name)
			if err != nil {
				r.o.Logger.Warn("the instance cannot be adopted", "instance", name, "error", err)
				return
			}
			mu.Lock()
			homes[name] = h
			mu.Unlock()
		})
	}
	all.Wait()
	return homes
}

// adopt returns the process of an instance if it can be managed. All others
// that are at its socket are ended. The lock is given back with nil.
func (r *Runner) adopt(ctx context.Context, name string, home *home, running []identity) *process {
	rec, err := home.readRecord()
	known := err == nil && rec.Identity.alive()
	r.endOthers(ctx, name, running, known, rec.Identity)
	if known {
		if p := r.takeOver(ctx, name, home, rec); p != nil {
			return p
		}
	}
	if ctx.Err() == nil {
		home.clean(rec)
	}
	_ = home.close()
	return nil
}

// endOthers ends the processes of an instance but for the known one.
func (r *Runner) endOthers(ctx context.Context, name string, running []identity, known bool, one identity) {
	for _, id := range running {
		if ctx.Err() == nil && (!known || id != one) {
			r.o.Logger.Warn("an openvpn that belongs to nobody is ended", "instance", name, "pid", id.PID)
			id.end(r.o.Timeout / 2)
		}
	}
}

// takeOver returns a process that an earlier life left, or ends it if it
// cannot be managed. It does neither when ctx ends.
func (r *Runner) takeOver(ctx context.Context, name string, home *home, rec record) *process {
	log := r.o.Logger.With("instance", name, "pid", rec.Identity.PID)
	var err error
	if home.output, err = openOutput(home.inside(outputName)); err != nil {
		home.output = nil // its last words will lack
		log.Warn("what openvpn prints cannot be read", "error", err)
	}
	p := r.process(name, home, rec)
	conn, err := p.reach(ctx, r.o.Timeout/2)
	if err == nil {
		log.Info("an openvpn of an earlier life is adopted")
		go p.run(conn)
		return p
	}
	p.release()
	home.closeOutput()
	if ctx.Err() == nil { // else nobody knows whether it can be managed
		log.Warn("an openvpn that cannot be managed is ended", "error", err)
		rec.Identity.end(r.o.Timeout / 2)
	}
	return nil
}

// reach connects to a process that may just have been started.
func (p *process) reach(ctx context.Context, patience time.Duration) (*management.Connection, error) {
	stop := context.AfterFunc(ctx, p.release)
	defer stop()
	for begin := time.Now(); ; {
		conn, err := p.dial()
		if err == nil || !isEarly(err) || time.Since(begin) > patience {
			return conn, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}
