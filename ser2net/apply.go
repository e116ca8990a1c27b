package ser2net

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
)

// Apply makes c the Config. Ports and rotators are compared by name: one that
// is as before is not touched, but that its next TLS handshake is with what
// the files hold now, and its sessions live on; one that differs, or
// is gone, is stopped, and its clients are disconnected. A device or an
// address may move from one port to another.
//
// A bad Config changes nothing; the error is that of [New]. When a port cannot
// be started the others are, and the error tells about each that failed; Apply
// with the same Config tries those again. Before Start, c is what Start will
// use. With c.Enabled false everything is stopped, but for the service
// itself. After Stop the error is [ErrStopped].
func (s *Service) Apply(ctx context.Context, c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if err := s.opts.check(c); err != nil {
		return err
	}
	s.applying.Lock()
	defer s.applying.Unlock()
	select {
	case <-s.shell.Done():
		return fmt.Errorf("ser2net: apply: %w", ErrStopped)
	default:
	}
	s.mu.Lock()
	life := s.life
	s.cfg = c
	s.mu.Unlock()
	if life == nil {
		return nil // Start will
	}
	if life.Err() != nil {
		return fmt.Errorf("ser2net: apply: %w", ErrStopped)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(life, cancel)()
	if err := s.bring(ctx, c); err != nil {
		return fmt.Errorf("ser2net: apply: %w", err)
	}
	return nil
}

// set is what runs, by name. What could not be started is in it too, to be
// looked at.
type set struct {
	ports    map[string]*runner
	rotators map[string]*rotator
}

func newSet() set {
	return set{ports: make(map[string]*runner), rotators: make(map[string]*rotator)}
}

// runner returns the port with that name, nil when none runs.
func (s *Service) runner(name string) *runner {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set.ports[name]
}

// bring makes the set what c wants. It stops all that has to go before it
// starts anything, since addresses and devices may move.
func (s *Service) bring(ctx context.Context, c Config) error {
	ports, rotators := wanted(c)
	var gone []interface{ stop() }
	s.mu.Lock()
	for name, r := range s.set.ports {
		if want, stays := ports[name]; !stays || !r.running() || !r.is(want) {
			gone = append(gone, r)
			delete(s.set.ports, name)
		}
	}
	for name, r := range s.set.rotators {
		if want, stays := rotators[name]; !stays || !r.running() || !reflect.DeepEqual(r.cfg, want) {
			gone = append(gone, r)
			delete(s.set.rotators, name)
		}
	}
	s.mu.Unlock()
	stopAll(gone)

	var errs []error
	for _, p := range c.Ports {
		want, on := ports[p.Name]
		if !on {
			continue
		}
		if r := s.runner(p.Name); r != nil {
			if err := r.loadTLS(); err != nil { // it goes on with what it has
				errs = append(errs, fmt.Errorf("port %q: %w", p.Name, err))
			}
		} else {
			r := newRunner(*want, s.env)
			if err := r.start(ctx); err != nil {
				errs = append(errs, fmt.Errorf("port %q: %w", p.Name, err))
			}
			s.mu.Lock()
			s.set.ports[p.Name] = r
			s.mu.Unlock()
		}
	}
	for name, want := range rotators {
		s.mu.Lock()
		_, runs := s.set.rotators[name]
		s.mu.Unlock()
		if runs {
			continue
		}
		r := &rotator{cfg: want, env: s.env, lookup: s.runner}
		if err := r.start(ctx); err != nil {
			errs = append(errs, fmt.Errorf("rotator %q: %w", name, err))
		}
		s.mu.Lock()
		s.set.rotators[name] = r
		s.mu.Unlock()
	}
	return errors.Join(errs...)
}

// wanted returns what c wants to run.
func wanted(c Config) (map[string]*PortConfig, map[string]RotatorConfig) {
	ports, rotators := make(map[string]*PortConfig), make(map[string]RotatorConfig)
	if !c.Enabled {
		return ports, rotators
	}
	for i := range c.Ports {
		if p := &c.Ports[i]; p.on() {
			ports[p.Name] = p
		}
	}
	for _, r := range c.Rotators {
		if r.Enabled {
			rotators[r.Name] = r
		}
	}
	return ports, rotators
}

// clear stops everything. The ports stay, to be looked at.
func (s *Service) clear() {
	var all []interface{ stop() }
	s.mu.Lock()
	for _, r := range s.set.ports {
		all = append(all, r)
	}
	for _, r := range s.set.rotators {
		all = append(all, r)
	}
	s.mu.Unlock()
	stopAll(all)
}

// stopAll stops all at once: each may wait for its device and its clients.
func stopAll(all []interface{ stop() }) {
	var wg sync.WaitGroup
	for _, one := range all {
		wg.Go(one.stop)
	}
	wg.Wait()
}
