package l2tp

import (
	"context"
	"net/netip"
	"reflect"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// open implements [lifecycle.Open].
func (s *Service) open(ctx context.Context) (lifecycle.Run, error) {
	s.mu.Lock()
	setup := s.setup
	s.mu.Unlock()
	if setup == nil {
		return nil, ErrDisabled
	}
	daemon, err := s.opts.Backend.Start(ctx, *setup)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		s.run(ctx, daemon, setup)
		return nil
	}, nil
}

// run keeps clients and programs running until ctx ends, and then ends the
// clients before the programs. The programs run with this setup.
func (s *Service) run(ctx context.Context, daemon Daemon, setup *Setup) {
	s.hold(daemon)
	life, cancel := context.WithCancel(context.Background())
	s.mu.Lock()
	s.life = life
	var o *order
	if !reflect.DeepEqual(setup, s.setup) { // by an Apply during the start
		o = &order{setup: s.setup, done: make(chan error, 1)}
	}
	s.startClients()
	s.mu.Unlock()
	pause := backoff.Backoff{Min: retryMin, Max: retryMax}
	for {
		since := time.Now()
		if o == nil {
			o = s.serve(ctx, daemon)
		}
		if ctx.Err() != nil {
			break
		}
		var reason error
		if daemon != nil {
			s.hold(nil)
			reason = s.close(daemon)
		}
		if time.Since(since) > settled {
			pause.Reset()
		}
		daemon = s.restart(ctx, o, reason, &pause)
		o = nil
		if ctx.Err() != nil {
			break
		}
	}
	cancel()
	s.stopClients()
	s.hold(nil)
	if daemon != nil {
		_ = s.close(daemon)
	}
}

// startClients starts all that are enabled, with mu held.
func (s *Service) startClients() {
	for _, c := range s.clients {
		if c.enabled {
			c.start(s.life)
		}
	}
}

// wakeClients has those that wait try at once.
func (s *Service) wakeClients() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.clients {
		c.wake()
	}
}

// stopClients ends all. The life is over: none can start meanwhile.
func (s *Service) stopClients() {
	s.mu.Lock()
	clients := s.clients
	s.mu.Unlock()
	var ending sync.WaitGroup
	for _, c := range clients {
		ending.Go(func() { _ = c.stop(context.Background()) }) // without an end of time there is no error
	}
	ending.Wait()
}

// hold makes daemon the one that is used; nil: none.
func (s *Service) hold(daemon Daemon) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.daemon, s.sessions = daemon, nil
	s.status.Running, s.status.Since = daemon != nil, time.Now()
	if daemon != nil {
		s.status.Error = ""
	}
}

// current returns the daemon that is used, nil when none runs.
func (s *Service) current() Daemon {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.daemon
}

// serve watches the programs until they or ctx end, or Apply wants others,
// which it returns. Without programs it waits for the latter.
func (s *Service) serve(ctx context.Context, daemon Daemon) *order {
	var ended <-chan struct{}
	if daemon != nil {
		ended = daemon.Done()
		watched, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		wg.Go(func() { s.watchSessions(watched, daemon) })
		defer wg.Wait()
		defer cancel()
	}
	select {
	case <-ctx.Done():
	case <-ended:
	case o := <-s.orders:
		return o
	}
	return nil
}

// close gives back what the programs held, and returns why they ended.
func (s *Service) close(daemon Daemon) error {
	reason := daemon.Err()
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	if err := daemon.Close(ctx); err != nil {
		s.opts.Logger.Warn("the L2TP programs did not end cleanly", "error", err)
	}
	return reason
}

// restart starts and holds the programs again, after a pause when they ended by
// themselves, at once when Apply wants it. It returns nil when ctx ends first,
// or when Apply wants none.
func (s *Service) restart(ctx context.Context, o *order, reason error, pause *backoff.Backoff) Daemon {
	if o == nil {
		if reason == nil {
			reason = ErrClosed
		}
		s.opts.Logger.Warn("the L2TP programs ended and are started again", "error", reason)
		s.fault(reason)
	}
	for {
		if o == nil {
			select {
			case <-ctx.Done():
				return nil
			case o = <-s.orders:
			case <-time.After(pause.Next()):
			}
		}
		s.mu.Lock()
		setup := s.setup
		if o != nil {
			setup, s.status.Error = o.setup, ""
		}
		s.mu.Unlock()
		if setup == nil {
			o.answer(nil)
			return nil
		}
		daemon, err := s.opts.Backend.Start(ctx, *setup)
		if err == nil {
			s.hold(daemon)
			if o == nil {
				s.mu.Lock()
				s.status.Restarts++
				s.mu.Unlock()
			}
			s.wakeClients()
			o.answer(nil)
			return daemon
		}
		if (reason == nil || err.Error() != reason.Error()) && ctx.Err() == nil {
			s.opts.Logger.Error("the L2TP programs cannot be started", "error", err)
		}
		reason = err
		s.fault(reason)
		o.answer(err)
		o = nil
	}
}

// fault tells why no programs run.
func (s *Service) fault(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Error = reason.Error()
}

// watchSessions keeps the list of who is connected to us.
func (s *Service) watchSessions(ctx context.Context, daemon Daemon) {
	known := make(map[netip.Addr]Session)
	tick := time.NewTicker(sessionsPeriod)
	defer tick.Stop()
	for {
		list, err := daemon.Sessions(ctx)
		if err == nil {
			s.mu.Lock()
			s.sessions = list
			s.mu.Unlock()
			s.logSessions(known, list)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// logSessions logs who came and who went.
func (s *Service) logSessions(known map[netip.Addr]Session, list []Session) {
	now := make(map[netip.Addr]Session)
	for _, one := range list {
		if one.Remote.IsValid() {
			now[one.Remote] = one
		}
	}
	for addr, one := range now {
		if _, ok := known[addr]; !ok {
			s.opts.Logger.Info("a client connected", "peer", one.Peer, "address", addr, "interface", one.Interface)
		}
		known[addr] = one
	}
	for addr, one := range known {
		if _, ok := now[addr]; !ok {
			s.opts.Logger.Info("a client left", "peer", one.Peer, "address", addr)
			delete(known, addr)
		}
	}
}

// setup returns what the backend is started with. c is valid.
func (c Config) setup() *Setup {
	if !c.Enabled {
		return nil
	}
	s := new(Setup)
	s.Listen, _ = netip.ParseAddr(c.ListenAddress) // invalid: all
	if !c.Server.Enabled {
		return s
	}
	server := &ServerSetup{Users: c.Server.Users, PPP: c.Server.PPP.normal()}
	server.Local, _ = netip.ParseAddr(c.Server.LocalIP)
	server.First, server.Last, _ = parseRange(c.Server.Range)
	for _, text := range c.Server.DNS {
		addr, _ := netip.ParseAddr(text)
		server.DNS = append(server.DNS, addr)
	}
	s.Server = server
	return s
}
