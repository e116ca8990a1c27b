package ipsec

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Initiate brings a connection up and returns once it is, or with a
// *[Failure] that tells why not; then it is tried again by itself, with
// growing pauses of up to a minute, until it comes up or Terminate is called.
// A connection that is up is left alone. One that was stopped by hand, or
// closed for a dead peer, is armed again.
//
// A name that is not in the Config, or not enabled, gives [ErrUnknownConnection]; a
// connection that only responds is armed and gives [ErrRespondsOnly]; without
// a daemon the error wraps [ErrUnavailable], and the connection is brought up
// as soon as there is one. When ctx ends first the try goes on.
func (s *Service) Initiate(ctx context.Context, name string) error {
	return s.raise(ctx, "initiate", name, false)
}

// Restart ends a connection that is up and brings it up again, as Initiate
// does.
func (s *Service) Restart(ctx context.Context, name string) error {
	return s.raise(ctx, "restart", name, true)
}

func (s *Service) raise(ctx context.Context, op, name string, anew bool) error {
	a, err := s.begun(ctx, name, anew)
	if err == nil && a != nil {
		select {
		case <-a.done:
			err = a.err
		case <-ctx.Done():
			err = fmt.Errorf("it goes on: %w", ctx.Err())
		}
	}
	var f *Failure
	if err == nil || errors.As(err, &f) {
		return err // a Failure tells its connection
	}
	return fmt.Errorf("ipsec: %s %q: %w", op, name, err)
}

// begun starts a try for a connection, or returns the one under way; nil for
// one that is up.
func (s *Service) begun(ctx context.Context, name string, anew bool) (*attempt, error) {
	if err := s.lock(ctx); err != nil { // an Apply that is under way is waited for
		return nil, err
	}
	l, revived, err := s.revive(name)
	if err != nil {
		s.unlock()
		return nil, err
	}
	if revived {
		if _, err := s.bringAside(ctx, l); err != nil { // it has unlocked
			return nil, err
		}
		if err := s.lock(ctx); err != nil {
			return nil, err
		}
	}
	defer s.unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.usable(name)
	switch {
	case err != nil:
		return nil, err
	case s.link != l || l.over || l.ctx.Err() != nil:
		return nil, ErrUnavailable
	case t.stopped:
		return nil, &Failure{Connection: t.name, Cause: CauseStopped, Detail: errTerminated.Error(), At: time.Now(), Err: errTerminated}
	case t.refused != nil:
		return nil, t.refused
	case t.def.respondsOnly():
		return nil, ErrRespondsOnly
	case t.up && !anew:
		t.wanted = t.keptUp()
		return nil, nil
	case t.attempt != nil:
		return t.attempt, nil
	}
	if t.up {
		t.ending = "restarted by hand"
	}
	return s.try(l, t, anew), nil
}

// revive lets a connection be wanted, and tells whether the daemon has to be
// given it for that.
func (s *Service) revive(name string) (l *link, revived bool, err error) {
	if s.running() != nil {
		return nil, false, ErrNotRunning
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.usable(name)
	if err != nil {
		return nil, false, err
	}
	if revived = t.stopped || t.cleared && !t.up; revived {
		t.stopped, t.cleared = false, false
	}
	t.want(time.Now())
	s.refresh(t, time.Now())
	if s.link == nil {
		return nil, false, ErrUnavailable
	}
	return s.link, revived, nil
}

// usable returns a connection that may be worked with, with mu held.
func (s *Service) usable(name string) (*tunnel, error) {
	t := s.tunnels[normalName(name)]
	switch {
	case t == nil || !t.enabled:
		return nil, ErrUnknownConnection
	case t.invalid != nil:
		return nil, t.invalid
	}
	return t, nil
}

// Terminate ends a connection and keeps it down: it is taken out of the
// daemon, so that neither traffic nor the peer brings it up, and stays so
// until Initiate or Restart is called, or a new Service starts. An Initiate
// under way returns. It may be called again. A name that is not in the Config,
// or not enabled, gives [ErrUnknownConnection]. Without a daemon it succeeds.
func (s *Service) Terminate(ctx context.Context, name string) error {
	if err := s.terminate(ctx, name); err != nil {
		return fmt.Errorf("ipsec: terminate %q: %w", name, err)
	}
	return nil
}

func (s *Service) terminate(ctx context.Context, name string) error {
	if s.running() != nil {
		return ErrNotRunning
	}
	s.mu.Lock()
	t := s.tunnels[normalName(name)]
	if t == nil || !t.enabled {
		s.mu.Unlock()
		return ErrUnknownConnection
	}
	t.stopped, t.wanted, t.failure = true, false, nil
	if t.attempt != nil {
		t.attempt.cancel(errTerminated) // before an Apply that may be under way is waited for
	}
	s.mu.Unlock()
	if err := s.lock(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	l := s.link
	s.mu.Unlock()
	if l == nil {
		s.unlock()
		return nil // nor will it be loaded when there is one
	}
	_, err := s.bringAside(ctx, l)
	return err
}

// Rekey makes new keys for the data channels of a connection that is up.
func (s *Service) Rekey(ctx context.Context, name string) error {
	if err := s.rekey(ctx, name); err != nil {
		return fmt.Errorf("ipsec: rekey %q: %w", name, err)
	}
	return nil
}

func (s *Service) rekey(ctx context.Context, name string) error {
	if s.running() != nil {
		return ErrNotRunning
	}
	s.mu.Lock()
	t, err := s.usable(name)
	l := s.link
	s.mu.Unlock()
	switch {
	case err != nil:
		return err
	case l == nil:
		return ErrUnavailable
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	if err := l.Rekey(ctx, t.name); err != nil {
		return err
	}
	return s.poll(l)
}

// Status tells what the service knows. It asks nobody: the daemon is asked
// when it tells of a change, and every five seconds.
func (s *Service) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := Status{At: s.polled, Daemon: s.daemon}
	for _, name := range s.order {
		status.Connections = append(status.Connections, s.tunnels[name].status())
	}
	return status
}

// Connection returns the status of one connection; false: there is none of
// that name.
func (s *Service) Connection(name string) (ConnectionStatus, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tunnels[normalName(name)]
	if t == nil {
		return ConnectionStatus{}, false
	}
	return t.status(), true
}
