package openvpn

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// errNotRunning: an instance has no process.
var errNotRunning = errors.New("it does not run")

// find returns the supervisor of an instance.
func (s *Service) find(op, name string) (*supervisor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.set[key(name)]; one != nil {
		return one, nil
	}
	return nil, fmt.Errorf("openvpn: %s %q: %w", op, name, ErrUnknownInstance)
}

// running returns the process of an instance.
func (s *Service) running(op, name string) (*supervisor, Process, error) {
	one, err := s.find(op, name)
	if err != nil {
		return nil, nil, err
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.proc == nil {
		return nil, nil, fmt.Errorf("openvpn: %s %q: %w", op, name, errNotRunning)
	}
	return one, one.proc, nil
}

// StartInstance starts an instance, also one that is not Enabled, or tries at
// once what waits for its next try. It returns when that is under way; how it
// goes tells [Service.Status]. Of one that runs it changes nothing. It returns
// an error that wraps [ErrUnknownInstance] for a name that there is not.
func (s *Service) StartInstance(name string) error {
	return s.press("start", name, handStart, false)
}

// RestartInstance ends the process of an instance and starts another, or does
// what StartInstance does.
func (s *Service) RestartInstance(name string) error {
	return s.press("restart", name, handStart, true)
}

// StopInstance ends an instance and waits for that, as long as ctx allows. It
// stays stopped, whatever Apply brings, until StartInstance or a new Service.
func (s *Service) StopInstance(ctx context.Context, name string) error {
	if err := s.press("stop", name, handStop, false); err != nil {
		return err
	}
	one, err := s.find("stop", name)
	if err != nil {
		return nil //nolint:nilerr // removed meanwhile, and with that ended
	}
	for {
		one.mu.Lock()
		over, changed := one.status.State == StateStopped || one.hand != handStop, one.changed
		one.mu.Unlock()
		if over {
			return nil
		}
		select {
		case <-changed:
		case <-one.done:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("openvpn: stop %q: still ending: %w", name, ctx.Err())
		}
	}
}

func (s *Service) press(op, name string, h hand, fresh bool) error {
	one, err := s.find(op, name)
	if err != nil {
		return err
	}
	one.mu.Lock()
	one.hand = h
	if fresh || one.proc == nil {
		one.turn++
	}
	one.mu.Unlock()
	one.rouse()
	return nil
}

// Reconnect lets an instance begin its connection again (SIGUSR1). Its
// process and its device stay.
func (s *Service) Reconnect(ctx context.Context, name string) error {
	return s.signal(ctx, "reconnect", name, SIGUSR1)
}

// Reload lets an instance read its configuration and files again (SIGHUP).
// What has changed in the Config or the store since comes with
// [Service.Apply].
func (s *Service) Reload(ctx context.Context, name string) error {
	return s.signal(ctx, "reload", name, SIGHUP)
}

func (s *Service) signal(ctx context.Context, op, name string, which Signal) error {
	_, proc, err := s.running(op, name)
	if err == nil {
		if err = proc.Signal(ctx, which); err != nil {
			err = fmt.Errorf("openvpn: %s %q: %w", op, name, err)
		}
	}
	return err
}

// Log returns the last lines of openvpn's log, at most 200, oldest first.
func (s *Service) Log(name string) ([]LogLine, error) {
	one, err := s.find("log", name)
	if err != nil {
		return nil, err
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	return one.lines.all(), nil
}

// Clients asks a server who is connected now.
func (s *Service) Clients(ctx context.Context, name string) ([]ConnectedClient, error) {
	_, proc, err := s.running("clients", name)
	if err != nil {
		return nil, err
	}
	list, err := proc.Clients(ctx)
	if err != nil {
		return nil, fmt.Errorf("openvpn: clients %q: %w", name, err)
	}
	return list, nil
}

// Kick ends the sessions of a client, by its common name or its user name,
// and returns how many there were. A client usually comes back in a second;
// [Service.Ban] keeps it away.
func (s *Service) Kick(ctx context.Context, name, client string) (int, error) {
	_, proc, err := s.running("kick", name)
	if err != nil {
		return 0, err
	}
	list, err := proc.Clients(ctx)
	if err != nil {
		return 0, fmt.Errorf("openvpn: kick %q: %w", name, err)
	}
	n := 0
	for _, c := range list {
		if c.CommonName != client && c.Username != client {
			continue
		}
		if err := proc.Kick(ctx, c.CID); err != nil {
			return n, fmt.Errorf("openvpn: kick %q: %w", name, err)
		}
		n++
	}
	return n, nil
}

// Ban keeps a client away for a length of time, or with 0 until the service
// ends, and kicks it. A client that shall never come is Disabled in
// [Instance.Clients], or its certificate revoked: bans are not kept anywhere.
//
// A server without Users and Clients lets everybody in who has a certificate;
// there a banned client is kicked whenever it comes.
func (s *Service) Ban(ctx context.Context, name, client string, length time.Duration) error {
	one, err := s.find("ban", name)
	if err != nil {
		return err
	}
	if client == "" || length < 0 {
		return fmt.Errorf("openvpn: ban %q: a name of a client is needed, and no negative time", name)
	}
	one.mu.Lock()
	role := one.unit.role()
	one.mu.Unlock()
	if role != RoleServer {
		return fmt.Errorf("openvpn: ban %q: it is a %s, only a server has clients", name, role)
	}
	var until time.Time
	if length > 0 {
		until = time.Now().Add(length)
	}
	one.mu.Lock()
	for old := range one.bans {
		one.banned(old) // forgets those that are over
	}
	if len(one.bans) >= maxList {
		one.mu.Unlock()
		return fmt.Errorf("openvpn: ban %q: there are %d bans already", name, maxList)
	}
	one.bans[client] = until
	runs := one.proc != nil
	one.mu.Unlock()
	if !runs {
		return nil
	}
	_, err = s.Kick(ctx, name, client)
	return err
}

// Unban lets a client come again.
func (s *Service) Unban(name, client string) error {
	one, err := s.find("unban", name)
	if err != nil {
		return err
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	delete(one.bans, client)
	return nil
}

// Bans returns who is kept away, with the ends; a zero time is the end of the
// service.
func (s *Service) Bans(name string) (map[string]time.Time, error) {
	one, err := s.find("bans", name)
	if err != nil {
		return nil, err
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	for client := range one.bans {
		one.banned(client)
	}
	return maps.Clone(one.bans), nil
}

// Status returns what the service knows. It never waits for a process.
func (s *Service) Status() Status {
	s.mu.Lock()
	st := Status{At: time.Now(), Version: s.version, Error: s.problem, FolderError: s.watch.problem()}
	all := slices.Clone(s.order)
	s.mu.Unlock()
	for _, one := range all {
		one.mu.Lock()
		st.Instances = append(st.Instances, one.snapshot())
		one.mu.Unlock()
	}
	return st
}
