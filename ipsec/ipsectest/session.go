package ipsectest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/order"
	"github.com/fieldgate/fieldgate/ipsec"
)

// backend is one owner's way to the daemon.
type backend struct {
	daemon *Daemon
	owner  string
}

var _ ipsec.Backend = backend{}

// Backend returns the way to the daemon for a program that owns the
// connections whose names begin with owner and a dash.
func (d *Daemon) Backend(owner string) ipsec.Backend { return backend{d, owner} }

// Connect implements [ipsec.Backend].
func (b backend) Connect(ctx context.Context) (ipsec.Session, error) {
	d := b.daemon
	if err := d.enter(ctx, nil, OpConnect, ""); err != nil {
		return nil, err
	}
	defer d.mu.Unlock()
	switch {
	case !d.running:
		return nil, fmt.Errorf("fake: %w", ipsec.ErrUnavailable)
	case d.denied:
		return nil, fmt.Errorf("fake: %w", ipsec.ErrNotPermitted)
	}
	for s := range d.sessions {
		if s.owner == b.owner {
			return nil, fmt.Errorf("fake: owner %s: %w", b.owner, ipsec.ErrOwned)
		}
	}
	s := &session{
		daemon: d, owner: b.owner, applied: make(map[string]ipsec.Definition),
		events: make(chan ipsec.Event, maxEvents), done: make(chan struct{}),
	}
	d.sessions[s] = true
	return s, nil
}

// enter notes a call and waits while the daemon hangs, unless ctx or the
// session ends. Without an error it returns with mu held.
func (d *Daemon) enter(ctx context.Context, done <-chan struct{}, op Op, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	d.calls = append(d.calls, strings.TrimSpace(string(op)+" "+name))
	if len(d.calls) > 10000 {
		d.calls = slices.Clone(d.calls[5000:])
	}
	for d.hang != nil {
		over := d.hang
		d.mu.Unlock()
		select {
		case <-over:
		case <-done:
			return fmt.Errorf("fake: %w", ipsec.ErrUnavailable)
		case <-ctx.Done():
			return ctx.Err()
		}
		d.mu.Lock()
	}
	if faults := d.faults[op]; len(faults) > 0 {
		d.faults[op] = faults[1:]
		d.mu.Unlock()
		return faults[0]
	}
	return nil
}

// session is one session.
type session struct {
	daemon  *Daemon
	owner   string
	applied map[string]ipsec.Definition // by the name of the connection
	events  chan ipsec.Event
	done    chan struct{}
	ended   bool
}

// end ends the session, with the daemon's mu held.
func (s *session) end() {
	if !s.ended {
		s.ended = true
		close(s.done)
		delete(s.daemon.sessions, s)
	}
}

// enter is [Daemon.enter] for a session that lives.
func (s *session) enter(ctx context.Context, op Op, name string) error {
	if s.over() {
		return fmt.Errorf("fake: %w", ipsec.ErrUnavailable)
	}
	if err := s.daemon.enter(ctx, s.done, op, name); err != nil {
		return err
	}
	if s.ended {
		s.daemon.mu.Unlock()
		return fmt.Errorf("fake: %w", ipsec.ErrUnavailable)
	}
	return nil
}

func (s *session) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// loaded returns the name of a connection in the daemon.
func (s *session) loaded(name string) string { return s.owner + "-" + name }

// maxEvents is how many events wait for who takes them; more are merged.
const maxEvents = 100

// tell makes an event for the owner of a connection, with mu held.
func (d *Daemon) tell(loaded string) { d.tellEvent(loaded, ipsec.Event{}) }

// tellEvent is tell with what is to be told beside the name.
func (d *Daemon) tellEvent(loaded string, event ipsec.Event) {
	for s := range d.sessions {
		name, mine := strings.CutPrefix(loaded, s.owner+"-")
		if !mine {
			continue
		}
		event.Connection = name
		select {
		case s.events <- event:
			continue
		default:
		}
		select { // merge
		case <-s.events:
		default:
		}
		s.events <- ipsec.Event{}
	}
}

// Version implements [ipsec.Session].
func (s *session) Version() string { return Version }

// Events implements [ipsec.Session].
func (s *session) Events() <-chan ipsec.Event { return s.events }

// Done implements [ipsec.Session].
func (s *session) Done() <-chan struct{} { return s.done }

// Close implements [ipsec.Session].
func (s *session) Close() error {
	s.daemon.mu.Lock()
	defer s.daemon.mu.Unlock()
	s.end()
	return nil
}

// Apply implements [ipsec.Session].
func (s *session) Apply(ctx context.Context, connections []ipsec.Definition) (ipsec.Outcome, error) {
	if err := s.enter(ctx, OpApply, ""); err != nil {
		return ipsec.Outcome{}, err
	}
	d := s.daemon
	defer d.mu.Unlock()
	out := ipsec.Outcome{Refused: make(map[string]error)}
	want := make(map[string]bool)
	for _, def := range connections {
		want[def.Name] = true
	}
	for _, loaded := range slices.Sorted(maps.Keys(d.conns)) {
		name, mine := strings.CutPrefix(loaded, s.owner+"-")
		if mine && !want[name] {
			s.unload(name)
			out.Removed = append(out.Removed, name)
		}
	}
	for _, def := range connections {
		if d.dieAfter == 0 {
			d.dieAfter = -1
			d.kill()
			return ipsec.Outcome{}, fmt.Errorf("fake: the daemon died: %w", ipsec.ErrUnavailable)
		}
		if d.dieAfter > 0 {
			d.dieAfter--
		}
		s.load(def, &out)
	}
	for _, list := range [][]string{out.Added, out.Changed, out.Removed, out.Unchanged} {
		slices.Sort(list)
	}
	return out, nil
}

// load takes one connection of an Apply.
func (s *session) load(def ipsec.Definition, out *ipsec.Outcome) {
	d, loaded := s.daemon, s.loaded(def.Name)
	before, known := s.applied[def.Name]
	if _, there := d.conns[loaded]; known && !there { // somebody else unloaded it
		known = false
	}
	if known && reflect.DeepEqual(before, def) {
		out.Unchanged = append(out.Unchanged, def.Name)
		return
	}
	if known {
		s.unload(def.Name)
	}
	if err := d.refusal(def); err != nil {
		out.Refused[def.Name] = err
		s.unload(def.Name)
		return
	}
	if known {
		out.Changed = append(out.Changed, def.Name)
	} else {
		out.Added = append(out.Added, def.Name)
	}
	d.conns[loaded], s.applied[def.Name] = def, def
}

// refusal returns why the daemon does not take a connection.
func (d *Daemon) refusal(def ipsec.Definition) error {
	if err := d.refused[def.Name]; err != nil {
		return err
	}
	for _, p := range def.Phase1 {
		var e ipsec.Encryption
		if e.UnmarshalText([]byte(p.Encryption)) != nil {
			return errors.New("invalid value for: proposals, config discarded")
		}
	}
	return nil
}

func (s *session) unload(name string) {
	delete(s.applied, name)
	delete(s.daemon.conns, s.loaded(name))
	s.daemon.drop(s.loaded(name))
}

// Initiate implements [ipsec.Session].
func (s *session) Initiate(ctx context.Context, name string) error {
	if err := s.enter(ctx, OpInitiate, name); err != nil {
		return err
	}
	d, loaded := s.daemon, s.loaded(name)
	defer func() { d.mu.Unlock() }()
	def, known := s.applied[name]
	switch {
	case !known:
		return fmt.Errorf("fake: initiate %q: %w", name, ipsec.ErrUnknownConnection)
	case d.up(loaded):
		return nil
	case def.Gateway == ipsec.GatewayAny:
		return &ipsec.Failure{Connection: name, Cause: ipsec.CauseOther, Detail: "unable to initiate to %any"}
	}
	delay := d.delay
	if d.peers[name] == PeerSilent {
		delay = Silence
	}
	if delay > 0 {
		half := &ipsec.SA{Connection: loaded, ID: d.id(), Version: def.KeyExchange, State: "CONNECTING", Initiator: true}
		d.sas = append(d.sas, half)
		d.tell(loaded)
		d.mu.Unlock()
		err := s.wait(ctx, delay)
		d.mu.Lock()
		d.sas = slices.DeleteFunc(d.sas, func(sa *ipsec.SA) bool { return sa == half })
		d.tell(loaded)
		if err != nil {
			return err
		}
		if _, still := s.applied[name]; !still {
			return &ipsec.Failure{Connection: name, Cause: ipsec.CauseStopped, Detail: "it was unloaded meanwhile"}
		}
	}
	if f := d.judge(def); f != nil {
		return f
	}
	if !d.up(loaded) {
		d.establish(loaded, def, true)
	}
	return nil
}

// wait takes time, unless ctx or the session ends.
func (s *session) wait(ctx context.Context, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		if s.over() {
			return fmt.Errorf("fake: %w", ipsec.ErrUnavailable)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return fmt.Errorf("fake: %w", ipsec.ErrUnavailable)
	}
}

// Terminate implements [ipsec.Session].
func (s *session) Terminate(ctx context.Context, name string) error {
	if err := s.enter(ctx, OpTerminate, name); err != nil {
		return err
	}
	defer s.daemon.mu.Unlock()
	if _, known := s.applied[name]; !known {
		return fmt.Errorf("fake: terminate %q: %w", name, ipsec.ErrUnknownConnection)
	}
	s.daemon.drop(s.loaded(name))
	return nil
}

// Rekey implements [ipsec.Session].
func (s *session) Rekey(ctx context.Context, name string) error {
	if err := s.enter(ctx, OpRekey, name); err != nil {
		return err
	}
	d, loaded := s.daemon, s.loaded(name)
	defer d.mu.Unlock()
	def, known := s.applied[name]
	if !known {
		return fmt.Errorf("fake: rekey %q: %w", name, ipsec.ErrUnknownConnection)
	}
	if !d.up(loaded) {
		return fmt.Errorf("fake: rekey %q: it is not up", name)
	}
	for _, sa := range d.sas {
		if sa.Connection == loaded {
			d.retire(sa, "DELETED")
			sa.Children = append(sa.Children, d.child(def))
		}
	}
	d.tell(loaded)
	return nil
}

// SAs implements [ipsec.Session].
func (s *session) SAs(ctx context.Context) ([]ipsec.SA, error) {
	if err := s.enter(ctx, OpSAs, ""); err != nil {
		return nil, err
	}
	d := s.daemon
	defer d.mu.Unlock()
	now := time.Now()
	var list []ipsec.SA
	for _, sa := range d.sas {
		sa.Children = slices.DeleteFunc(sa.Children, func(c ipsec.ChildSA) bool {
			end, lingers := d.children[c.ID]
			if lingers && !now.Before(end) {
				delete(d.children, c.ID)
				return true
			}
			return false
		})
		if name, mine := strings.CutPrefix(sa.Connection, s.owner+"-"); mine {
			one := *sa
			one.Connection, one.Children = name, slices.Clone(sa.Children)
			list = append(list, one)
		}
	}
	order.Stable(list, func(a, b ipsec.SA) int { return strings.Compare(a.Connection, b.Connection) })
	return list, nil
}
