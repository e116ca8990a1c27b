package ipsec

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Apply makes c the Config. Connections are compared with everything that
// they refer to: one that is as before is not touched, and its SAs live on;
// one that differs is ended, loaded anew and, when it was up or is wanted, initiated
// again, which Apply does not wait for; one that is gone is ended. Files of
// certificate sets are read again. What was stopped by hand, or closed for a
// dead peer, stays so.
//
// A bad Config changes nothing; the error is that of [New]. A connection that
// is refused, by us or by the daemon, is named in the Outcome and holds up no
// other. When there is no daemon, or it goes away meanwhile, the error wraps
// [ErrUnavailable]: c is in force all the same, and is applied as soon as the
// daemon is there. Before Start, c is what Start will use. With c.Enabled
// false all connections are ended, and the service goes on. After Stop the
// error is [ErrStopped].
func (s *Service) Apply(ctx context.Context, c Config) (Outcome, error) {
	if err := s.lock(ctx); err != nil {
		return Outcome{}, fmt.Errorf("ipsec: apply: %w", err)
	}
	select {
	case <-s.shell.Done():
		s.unlock()
		return Outcome{}, fmt.Errorf("ipsec: apply: %w", ErrStopped)
	default:
	}
	s.mu.Lock()
	life := s.life
	s.mu.Unlock()
	if life == nil { // Start will
		defer s.unlock()
		if err := c.Validate(); err != nil {
			return Outcome{}, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.adopt(c, Resolution{})
		return Outcome{}, nil
	}
	if life.Err() != nil {
		s.unlock()
		return Outcome{}, fmt.Errorf("ipsec: apply: %w", ErrStopped)
	}
	res, err := c.Resolve(time.Now())
	if err != nil {
		s.unlock()
		return Outcome{}, err
	}
	s.mu.Lock()
	s.adopt(c, res)
	l := s.link
	s.mu.Unlock()
	if l == nil {
		s.unlock()
		return Outcome{Refused: refusals(res)}, fmt.Errorf("ipsec: apply: %w", ErrUnavailable)
	}
	out, err := s.bringAside(ctx, l)
	if err != nil {
		return out, fmt.Errorf("ipsec: apply: %w", err)
	}
	return out, nil
}

// bringAside is bring for a caller who may leave before it is over. It
// unlocks.
func (s *Service) bringAside(ctx context.Context, l *link) (Outcome, error) {
	type result struct {
		out Outcome
		err error
	}
	over := make(chan result, 1)
	go func() {
		defer s.unlock()
		out, err := s.bring(l)
		if err != nil {
			l.end(err) // the supervisor begins again
		}
		over <- result{out, err}
	}()
	select {
	case r := <-over:
		return r.out, r.err
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("it goes on: %w", ctx.Err())
	}
}

// refusals returns what Resolve refused.
func refusals(r Resolution) map[string]error {
	m := make(map[string]error, len(r.Refused))
	for name, f := range r.Refused {
		m[name] = f
	}
	return m
}

// adopt makes c the Config, with mu held or before anybody else has s. What
// is known of a connection goes over to the one of the same name.
func (s *Service) adopt(c Config, res Resolution) {
	now := time.Now()
	definitions := make(map[string]Definition, len(res.Definitions))
	for _, d := range res.Definitions {
		definitions[d.Name] = d
	}
	before := s.tunnels
	s.cfg, s.res = c, res
	s.tunnels, s.order = make(map[string]*tunnel, len(c.Connections)), nil
	for _, conn := range c.Connections {
		name := normalName(conn.Name)
		t := before[name]
		if t == nil {
			t = newTunnel(name)
		}
		s.tunnels[name] = t
		s.order = append(s.order, name)
		t.enabled = c.Enabled && conn.Enabled
		t.invalid, t.notices = res.Refused[name], res.Notices[name]
		d, valid := definitions[name]
		if same := valid && reflect.DeepEqual(t.def, d); !same {
			t.def, t.ending, t.cleared = d, "its settings were changed", false
			t.loaded, t.taken, t.refused, t.failure, t.told = false, false, nil, nil, ""
			t.pace.Reset()
			if !valid {
				t.wanted = false
			} else if t.def.StartAction == StartNow || t.up {
				t.want(now)
			}
		}
		for _, notice := range t.notices {
			s.log.Warn("certificate", "connection", name, "notice", notice)
		}
		s.refresh(t, now)
	}
	for name, t := range before {
		if s.tunnels[name] == nil && t.attempt != nil {
			t.attempt.cancel(errReplaced)
			s.parting = append(s.parting, t.attempt)
		}
	}
}

// bring makes the daemon hold what is wanted, for who has locked. After an
// error the link is of no further use.
func (s *Service) bring(l *link) (Outcome, error) {
	if err := l.ctx.Err(); err != nil {
		return Outcome{}, fmt.Errorf("%w: %w", ErrUnavailable, context.Cause(l.ctx))
	}
	s.mu.Lock()
	l.busy = true
	want := make([]Definition, 0, len(s.res.Definitions))
	ending := s.parting
	s.parting = nil
	for _, d := range s.res.Definitions {
		if t := s.tunnels[d.Name]; !t.stopped {
			want = append(want, t.wish())
		}
	}
	for _, t := range s.tunnels {
		if t.attempt != nil && (t.stopped || !t.loaded) {
			t.attempt.cancel(errReplaced)
			ending = append(ending, t.attempt)
		}
	}
	refused := refusals(s.res)
	s.mu.Unlock()
	for _, a := range ending {
		<-a.done
	}

	ctx, cancel := context.WithTimeout(l.ctx, 30*time.Second+time.Duration(len(want))*100*time.Millisecond)
	out, err := l.Apply(ctx, want)
	cancel()
	if err == nil {
		for _, name := range s.arrange(l, out) {
			err = errors.Join(err, s.endOld(l, name))
		}
	}
	if err == nil {
		err = s.poll(l)
	}
	s.mu.Lock()
	l.busy = false
	if err == nil {
		if !l.ready {
			l.ready = true
			s.enterDaemon(DaemonReady, "")
		}
		for _, t := range s.tunnels {
			s.refresh(t, time.Now())
		}
	}
	s.mu.Unlock()
	l.nudge()
	if err != nil {
		return out, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	for name, why := range out.Refused {
		refused[name] = why
	}
	out.Refused = refused
	return out, nil
}

// endOld ends what a connection has from before the session.
func (s *Service) endOld(l *link, name string) error {
	ctx, cancel := context.WithTimeout(l.ctx, callLimit)
	defer cancel()
	return l.Terminate(ctx, name)
}

// arrange takes over what an Apply of the daemon did. It returns the
// connections that have changed since an earlier session of ours, whose SAs
// the daemon may still have as they were.
func (s *Service) arrange(l *link, out Outcome) (outdated []string) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Concat(out.Added, out.Changed, out.Unchanged) {
		t := s.tunnels[name]
		if t == nil {
			continue
		}
		fresh := !t.loaded
		if !l.ready && t.held.Name != "" && !reflect.DeepEqual(t.held, t.wish()) {
			outdated = append(outdated, name)
		}
		t.held = t.wish()
		t.loaded, t.taken, t.refused = true, true, nil
		if fresh && (t.def.StartAction == StartNow || t.wanted) {
			t.want(now)
		}
	}
	for name, why := range out.Refused {
		if t := s.tunnels[name]; t != nil {
			t.refused = &Failure{Connection: name, Cause: CauseDaemon, Detail: why.Error(), At: now, Err: why}
			t.loaded, t.taken, t.wanted = false, false, false
		}
	}
	for _, name := range out.Removed {
		if t := s.tunnels[name]; t != nil {
			t.loaded = false
		}
	}
	return outdated
}

// remind judges the certificates anew: time goes by.
func (s *Service) remind(now time.Time) {
	res, err := s.config().Resolve(now)
	if err != nil {
		return // the Config was valid, so this does not come
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, t := range s.tunnels {
		t.notices = res.Notices[name]
		if f := res.Refused[name]; f != nil && t.invalid == nil {
			t.notices = append(slices.Clone(t.notices), f.Detail)
		}
		for _, notice := range t.notices {
			s.log.Warn("certificate", "connection", name, "notice", notice)
		}
	}
}
