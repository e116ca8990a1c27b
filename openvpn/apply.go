package openvpn

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// Apply makes c the Config, and takes what the store holds now. Instances are
// compared by name: one that is to run as before goes on; one that differs is
// restarted; one that is gone is ended, which Apply waits for. One that is
// not Enabled any more ends too, also when StartInstance had started it. Passwords,
// Users, Clients and revocation lists change without a restart. One that was
// stopped by [Service.StopInstance] stays so.
//
// A bad Config changes nothing; the error is that of [New]. An instance that
// cannot be made ready goes on as it was, the error tells why, and so does
// [InstanceStatus.Pending]; the others are applied. Before Start, c is what
// Start will use. With c.Enabled false everything is ended but the service
// itself. After Stop the error is [ErrStopped].
func (s *Service) Apply(ctx context.Context, c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if err := s.claim(ctx); err != nil {
		return fmt.Errorf("openvpn: apply: another change goes on: %w", err)
	}
	defer s.yield()
	select {
	case <-s.shell.Done():
		return fmt.Errorf("openvpn: apply: %w", ErrStopped)
	default:
	}
	s.mu.Lock()
	life, before := s.life, s.cfg
	s.cfg = c
	s.mu.Unlock()
	if life == nil {
		return nil // Start will
	}
	if life.Err() != nil {
		return fmt.Errorf("openvpn: apply: %w", ErrStopped)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(life, cancel)()
	if before.Folder.place() != c.Folder.place() {
		s.look(c, true)
	}
	if err := s.reconcile(ctx, nil); err != nil {
		return fmt.Errorf("openvpn: apply: %w", err)
	}
	return nil
}

// units returns what the Config and the folder want, in the order of Status.
func (s *Service) units(c Config) []unit {
	if !c.Enabled {
		return nil
	}
	var all []unit
	claimed := make(map[string]bool)
	for _, i := range c.Instances {
		all = append(all, unit{Instance: i})
		claimed[key(i.Name)] = true
	}
	for _, u := range s.watch.units(c.Folder) {
		if !claimed[key(u.Name)] {
			all = append(all, u)
		}
	}
	return all
}

// reconcile makes the set what is wanted. Processes of an earlier life go to
// the instances that they belong to; all others are ended. Callers hold
// applying.
func (s *Service) reconcile(ctx context.Context, adopted map[string]Process) error {
	units := s.units(s.config())
	wanted := make(map[string]bool, len(units))
	for _, u := range units {
		wanted[key(u.Name)] = true
	}
	s.endOthers(ctx, wanted)
	if s.life.Err() != nil {
		return ErrStopped
	}
	for k, proc := range adopted {
		if !wanted[k] {
			s.env.logger.Info("openvpn: ending a process that is not wanted any more", "instance", proc.Name(), "pid", proc.PID())
			s.ending.Go(func() { s.env.dismiss(proc) })
		}
	}

	var errs []error
	order := make([]*supervisor, 0, len(units))
	for _, u := range units {
		k := key(u.Name)
		s.mu.Lock()
		one := s.set[k]
		s.mu.Unlock()
		var err error
		if one == nil {
			one, err = s.add(k, u, adopted[k])
		} else {
			err = one.change(u)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("instance %q: %w", u.Name, err))
		}
		order = append(order, one)
	}
	s.mu.Lock()
	s.order = order
	s.mu.Unlock()
	return errors.Join(errs...)
}

// endOthers ends all instances that are not wanted, and waits for that as
// long as ctx allows.
func (s *Service) endOthers(ctx context.Context, wanted map[string]bool) {
	var gone []*supervisor
	s.mu.Lock()
	for k, one := range s.set {
		if !wanted[k] {
			gone = append(gone, one)
			delete(s.set, k)
		}
	}
	s.order = slices.DeleteFunc(slices.Clone(s.order), func(one *supervisor) bool { return slices.Contains(gone, one) })
	s.mu.Unlock()
	for _, one := range gone {
		s.ending.Go(func() { one.close(false) })
	}
	for _, one := range gone {
		select {
		case <-one.done:
		case <-ctx.Done(): // they still end
		}
	}
}

// add makes the supervisor of a new instance. A process that is there goes on
// when it runs just this; else it is ended first, since it has the port and
// the device.
func (s *Service) add(k string, u unit, proc Process) (*supervisor, error) {
	one := newSupervisor(s.env, u)
	same := proc != nil && one.job != nil && proc.Digest() == one.job.launch.Digest
	if same && !u.Enabled {
		one.hand = handStart // somebody had started it
	}
	s.mu.Lock()
	s.set[k] = one
	s.mu.Unlock()
	err := one.fault
	if !u.Enabled {
		err = nil // told when it is to run
	}
	go func() {
		if proc != nil && !same {
			s.env.logger.Info("openvpn: ending a process of another configuration", "instance", u.Name, "pid", proc.PID())
			s.env.dismiss(proc)
			proc = nil
		}
		one.run(proc)
	}()
	return one, err
}

// dismiss ends a process that no instance has.
func (e *environment) dismiss(proc Process) {
	one := &supervisor{env: &environment{logger: e.logger}, changed: make(chan struct{})} // nobody is told
	a := &attendant{supervisor: one, proc: proc, poll: stopped(), silence: stopped()}
	one.status.Name = proc.Name()
	a.end(false)
}

// change makes u what the instance is to be.
func (s *supervisor) change(u unit) error {
	job, err := s.env.prepare(u)
	defer s.rouse()
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.snapshot()
	defer func() {
		if after := s.snapshot(); !reflect.DeepEqual(before, after) {
			s.env.notifier.add(after)
		}
	}()
	if s.unit.Enabled && !u.Enabled && s.hand == handStart {
		s.hand = handsOff // the last word counts
	}
	if err != nil && s.job != nil && s.proc != nil && (u.Enabled || s.hand == handStart) {
		s.status.Pending = clean(err.Error())
		return err
	}
	switch {
	case s.job == nil || job == nil || job.launch.Digest != s.job.launch.Digest:
		s.turn++
	case s.proc == nil && !sameSecrets(s.unit.Instance, u.Instance):
		s.turn++ // the next try may be the good one: at once
	}
	s.unit, s.job, s.fault, s.status.Pending = u, job, err, ""
	s.describe()
	if !s.wanted() {
		return nil // told when it is to run
	}
	return err
}

// sameSecrets reports whether two have the same credentials.
func sameSecrets(a, b Instance) bool {
	if a.Username != b.Username || a.Password != b.Password || a.KeyPassword != b.KeyPassword {
		return false
	}
	return a.Proxy == b.Proxy || a.Proxy != nil && b.Proxy != nil && *a.Proxy == *b.Proxy
}
