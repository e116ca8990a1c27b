package strongswan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// Apply makes charon hold the connections given. See [ipsec.Session].
//
// What goes or changes is unloaded first, so that no traffic brings it up
// again, then ended, then its secrets are taken back; what comes or changes is
// loaded, its secrets before it.
func (s *session) Apply(ctx context.Context, definitions []ipsec.Definition) (ipsec.Outcome, error) {
	if err := s.gone(); err != nil {
		return ipsec.Outcome{}, err
	}
	ctx, cancel := s.during(ctx)
	defer cancel()
	select {
	case s.applying <- struct{}{}:
		defer func() { <-s.applying }()
	case <-ctx.Done():
		return ipsec.Outcome{}, s.interrupted(ctx)
	}
	p, err := s.plan(ctx, definitions)
	if err == nil {
		err = s.carryOut(ctx, p)
	}
	if err != nil {
		// What charon has now is not known.
		if gone := s.gone(); gone != nil {
			return ipsec.Outcome{}, gone
		}
		s.end(err)
		return ipsec.Outcome{}, fmt.Errorf("strongswan: apply: %w", err)
	}
	return p.outcome(), nil
}

// plan compares with what charon has.
func (s *session) plan(ctx context.Context, definitions []ipsec.Definition) (*plan, error) {
	var held []string
	if s.first {
		if err := s.recall(ctx); err != nil {
			return nil, err
		}
		m, err := s.commands.call(ctx, "get-conns", nil)
		if err != nil {
			return nil, err
		}
		for _, name := range m.List("conns") {
			if connection, ours := s.names.ours(name); ours {
				held = append(held, connection)
			} else {
				s.shared = true
			}
		}
	}
	s.mu.Lock()
	applied := maps.Clone(s.applied)
	maps.DeleteFunc(applied, func(name string, _ *loaded) bool { return s.lost[name] })
	s.mu.Unlock()
	p := s.names.compare(applied, held, definitions)
	for name := range p.refused { // what charon has of it goes
		p.want[name] = nil
	}
	maps.DeleteFunc(p.want, func(_ string, l *loaded) bool { return l == nil })
	if s.first {
		return p, s.strays(ctx, p)
	}
	return p, nil
}

// strays finds the pre-shared keys and pools of ours that charon has from
// before the session, and whose connections do not want them any more.
func (s *session) strays(ctx context.Context, p *plan) error {
	shared, err := s.have(ctx, "get-shared", "keys")
	if err != nil {
		return err
	}
	pools, err := s.have(ctx, "get-pools", "")
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(shared)) {
		if name, ours := s.names.ours(id); ours && (p.want[name] == nil || p.want[name].shared == nil) {
			p.stray = append(p.stray, request{"unload-shared", new(vici.Message).Set("id", id)})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(pools)) {
		if name, ours := s.names.ours(id); ours && (p.want[name] == nil || p.want[name].pool == nil) {
			p.stray = append(p.stray, request{"unload-pool", new(vici.Message).Set("name", id)})
		}
	}
	return nil
}

func (s *session) carryOut(ctx context.Context, p *plan) error {
	if err := s.unload(ctx, p); err != nil {
		return err
	}
	if err := s.load(ctx, p); err != nil {
		return err
	}
	s.first = false
	s.mu.Lock()
	s.applied, s.lost = p.want, make(map[string]bool)
	s.mu.Unlock()
	s.beginWatch(p)
	return nil
}

// send is a pipeline of the session.
func (s *session) send(ctx context.Context, requests []request) ([]reply, error) {
	return pipeline(ctx, s.backend.dial, s.backend.options.Timeout, requests)
}

// unload unloads and ends what goes or changes.
func (s *session) unload(ctx context.Context, p *plan) error {
	var requests []request
	for _, name := range p.end {
		if l, err := s.look(name); err == nil {
			l.stops.Add(1)
		}
		requests = append(requests, s.unloadRequest(name))
	}
	if _, err := s.send(ctx, requests); err != nil {
		return err
	}
	if err := s.endSAs(ctx, p.end); err != nil {
		return err
	}
	requests = p.stray
	for _, name := range p.end {
		requests = append(requests, s.takeBack(name, p.want[name])...)
	}
	return s.tolerant(ctx, requests)
}

func (s *session) unloadRequest(name string) request {
	return request{"unload-conn", new(vici.Message).Set("name", s.names.charon(name))}
}

// takeBack returns what forgets the pre-shared key and the pool of a
// connection, as far as its next form has none.
func (s *session) takeBack(name string, next *loaded) []request {
	s.mu.Lock()
	before := s.applied[name]
	s.mu.Unlock()
	var requests []request
	if before != nil && before.shared != nil && (next == nil || next.shared == nil) {
		requests = append(requests, request{"unload-shared", new(vici.Message).Set("id", s.names.charon(name))})
	}
	if before != nil && before.pool != nil && (next == nil || next.pool == nil) {
		requests = append(requests, request{"unload-pool", new(vici.Message).Set("name", s.names.charon(name))})
	}
	return requests
}

// tolerant sends what may have nothing to do; else a refusal is logged.
func (s *session) tolerant(ctx context.Context, requests []request) error {
	replies, err := s.send(ctx, requests)
	for _, r := range replies {
		var refused *refusal
		if errors.As(r.err, &refused) && !isNothing(refused) {
			s.backend.options.Logger.Warn("charon keeps what was to go", "reason", refused.Error())
		}
	}
	return err
}

// isNothing tells that charon had nothing of that kind.
func isNothing(r *refusal) bool {
	return strings.Contains(r.text, "not found") || strings.Contains(r.text, "no matching") || strings.Contains(r.text, "no such")
}

// parallel is how many peers are said goodbye to at once.
const parallel = 8

// few is up to how many connections charon is just told to end, without
// looking first whether there is anything to end.
const few = 8

// endSAs ends the SAs of connections.
func (s *session) endSAs(ctx context.Context, connections []string) error {
	if len(connections) > few {
		list, err := s.current(ctx, s.lists, s.listTimeout(), "")
		if err != nil {
			return err
		}
		have := make(map[string]bool)
		for _, sa := range list {
			have[sa.Connection] = true
		}
		connections = slices.DeleteFunc(slices.Clone(connections), func(name string) bool { return !have[name] })
	}
	var work sync.WaitGroup
	errs := make([]error, parallel)
	for i := range min(parallel, len(connections)) {
		work.Go(func() {
			var requests []request
			for j := i; j < len(connections); j += parallel {
				requests = append(requests, request{"terminate", s.terminateMessage(connections[j])})
			}
			_, errs[i] = pipeline(ctx, s.backend.dial, s.backend.options.Timeout+goodbye, requests)
		})
	}
	work.Wait()
	return errors.Join(errs...)
}

// step is a request of load with what its refusal means.
type step struct {
	request
	connections []string // refused with it
	key         fingerprint
}

// load loads what comes or changes, and what it needs.
func (s *session) load(ctx context.Context, p *plan) error {
	before := s.creds.clone()
	steps, clear, err := s.credentialSteps(ctx, p)
	if err != nil {
		return err
	}
	if !before.same(s.creds) || len(steps) > 0 {
		if err := s.record.write(before, s.creds); err != nil {
			return err
		}
	}
	loading := p.load
	if clear {
		loading = slices.Sorted(maps.Keys(p.want)) // the secrets of all
	}
	for _, name := range loading {
		l := p.want[name]
		if l.pool != nil && slices.Contains(p.load, name) {
			steps = append(steps, step{request: request{"load-pool", s.names.pool(l.definition)}, connections: []string{name}})
		}
		if l.shared != nil {
			steps = append(steps, step{request: request{"load-shared", s.names.sharedKey(l.definition)}, connections: []string{name}})
		}
	}
	for _, name := range p.load {
		m := s.names.connection(p.want[name].definition, p.want[name].certificates)
		steps = append(steps, step{request: request{"load-conn", m}, connections: []string{name}})
	}
	requests := make([]request, len(steps))
	for i := range steps {
		requests[i] = steps[i].request
	}
	replies, err := s.send(ctx, requests)
	if clear {
		s.generations.Add(1)
	}
	if err != nil {
		return err
	}
	for i, r := range replies {
		s.note(p, steps[i], r)
	}
	if !before.same(s.creds) {
		if err := s.record.write(s.creds); err != nil {
			return err
		}
	}
	return s.undoRefused(ctx, p)
}

// note takes notice of one answer to load.
func (s *session) note(p *plan, st step, r reply) {
	if r.err != nil {
		for _, name := range st.connections {
			if p.refused[name] == nil {
				p.refused[name] = r.err
			}
		}
		return
	}
	if st.command == "load-key" {
		id := strings.ToLower(r.message.Text("id"))
		s.creds.keys[st.key] = id
	}
}

// undoRefused takes away what was loaded of connections that were refused.
func (s *session) undoRefused(ctx context.Context, p *plan) error {
	var requests []request
	var names []string
	for _, name := range slices.Sorted(maps.Keys(p.refused)) {
		if l := p.want[name]; l != nil {
			delete(p.want, name)
			names = append(names, name)
			requests = append(requests, s.unloadRequest(name),
				request{"unload-shared", new(vici.Message).Set("id", s.names.charon(name))})
			if l.pool != nil {
				requests = append(requests, request{"unload-pool", new(vici.Message).Set("name", s.names.charon(name))})
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	if _, err := s.send(ctx, requests); err != nil {
		return err
	}
	return s.endSAs(ctx, names)
}

// outcome tells what was done.
func (p *plan) outcome() ipsec.Outcome {
	taken := func(list []string) []string {
		list = slices.DeleteFunc(slices.Clone(list), func(name string) bool { return p.refused[name] != nil })
		slices.Sort(list)
		return list
	}
	removed := taken(p.removed)
	o := ipsec.Outcome{Added: taken(p.added), Changed: taken(p.changed), Removed: removed, Unchanged: taken(p.unchanged)}
	if len(p.refused) > 0 {
		o.Refused = p.refused
	}
	return o
}
