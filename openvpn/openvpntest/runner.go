package openvpntest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/fieldgate/fieldgate/openvpn"
)

// Runner is an [openvpn.Runner] without openvpn. Its methods are safe for
// concurrent use. It starts no goroutine; its clock is package time, so it
// works in a bubble of testing/synctest.
type Runner struct {
	host *host
}

var _ openvpn.Runner = (*Runner)(nil)

// host is the machine; it outlives the program, and with it the Runner.
type host struct {
	mu        sync.Mutex
	missing   bool // no openvpn on it
	scripts   map[string]Script
	faults    map[string][]error
	holds     map[string]bool
	processes map[string]*Process // those that run, by instance
	launches  []openvpn.Launch
	pid       int
}

// NewRunner returns a runner on a machine with openvpn, where nothing runs.
func NewRunner() *Runner {
	return &Runner{&host{
		scripts: make(map[string]Script), faults: make(map[string][]error),
		holds: make(map[string]bool), processes: make(map[string]*Process), pid: 1000,
	}}
}

// Successor returns a runner on the same machine, as after kill -9 of the
// program: its Adopt finds what runs. The old one hears nothing any more.
func (r *Runner) Successor() *Runner {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	for _, p := range r.host.processes {
		p.detach()
	}
	return &Runner{r.host}
}

// Script says how processes of an instance behave that are started from now.
func (r *Runner) Script(instance string, s Script) {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	r.host.scripts[instance] = s
}

// Uninstall takes openvpn from the machine, Install puts it back.
func (r *Runner) Uninstall() { r.setMissing(true) }

// Install puts openvpn back.
func (r *Runner) Install() { r.setMissing(false) }

func (r *Runner) setMissing(missing bool) {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	r.host.missing = missing
}

// FailNext lets the next call of an operation fail: "version", "adopt" or
// "start". More calls of FailNext line up; with nil those that wait are
// forgotten.
func (r *Runner) FailNext(op string, err error) {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	if err == nil {
		delete(r.host.faults, op)
		return
	}
	r.host.faults[op] = append(r.host.faults[op], err)
}

// StallNext lets the next call of an operation wait for the end of its context.
func (r *Runner) StallNext(op string) {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	r.host.holds[op] = true
}

// Process returns the process of an instance, nil when none runs.
func (r *Runner) Process(instance string) *Process {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	return r.host.processes[instance]
}

// Running returns how many processes there are, managed or not.
func (r *Runner) Running() int {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	return len(r.host.processes)
}

// Launches returns all that was started, in order.
func (r *Runner) Launches() []openvpn.Launch {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	return slices.Clone(r.host.launches)
}

// String shows what runs, a line each.
func (r *Runner) String() string {
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.host.processes)) {
		p := r.host.processes[name]
		fmt.Fprintf(&b, "%s: pid %d, %s, managed %t, %d clients\n", name, p.pid, p.state.Name, p.events != nil, len(p.clients))
	}
	return b.String()
}

// Version implements [openvpn.Runner].
func (r *Runner) Version(ctx context.Context) (string, error) {
	if err := r.enter(ctx, "version"); err != nil {
		return "", err
	}
	return "2.6.14", nil
}

// Adopt implements [openvpn.Runner].
func (r *Runner) Adopt(ctx context.Context) ([]openvpn.Process, error) {
	if err := r.enter(ctx, "adopt"); err != nil {
		return nil, err
	}
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	var all []openvpn.Process
	for _, name := range slices.Sorted(maps.Keys(r.host.processes)) {
		p := r.host.processes[name]
		p.attach()
		all = append(all, p.handle())
	}
	return all, nil
}

// Start implements [openvpn.Runner].
func (r *Runner) Start(ctx context.Context, l openvpn.Launch) (openvpn.Process, error) {
	if err := r.enter(ctx, "start"); err != nil {
		return nil, err
	}
	r.host.mu.Lock()
	defer r.host.mu.Unlock()
	if r.host.processes[l.Name] != nil {
		return nil, fmt.Errorf("start %s: %w", l.Name, openvpn.ErrBusy)
	}
	r.host.launches = append(r.host.launches, l)
	r.host.pid++
	p := newProcess(r.host, l, r.host.scripts[l.Name])
	r.host.processes[l.Name] = p
	p.attach()
	p.begin()
	return p.handle(), nil
}

// enter takes the fault or the hold of an operation.
func (r *Runner) enter(ctx context.Context, op string) error {
	r.host.mu.Lock()
	hold := r.host.holds[op]
	delete(r.host.holds, op)
	var err error
	if faults := r.host.faults[op]; len(faults) > 0 {
		err, r.host.faults[op] = faults[0], faults[1:]
	} else if r.host.missing && op != "adopt" {
		err = fmt.Errorf("%s: %w", op, openvpn.ErrNotInstalled)
	}
	r.host.mu.Unlock()
	if hold {
		<-ctx.Done()
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}
