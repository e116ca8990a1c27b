package l2tp

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
)

// order is what Apply asks of run: other programs, or none.
type order struct {
	setup *Setup
	done  chan error // has room for the answer
}

// answer tells Apply how it went. Nobody asked when o is nil.
func (o *order) answer(err error) {
	if o != nil {
		o.done <- err
	}
}

// Apply makes c the Config. A client that is as before is not touched, and its
// link lives on; one that differs is ended and brought up again, which Apply
// does not wait for; one that is gone is ended. A client that was stopped by
// hand stays so. Other users, name servers or PPP settings of the server hold
// for who connects from now on; who is connected as a user that is gone, or has
// another password, is sent away. The address to listen on, and the server's
// own address and range, are what the programs are started with: another one,
// and a server that comes or goes, end all links for a moment.
//
// The ipsec service needs its new Config too, see Options.ApplyChannels.
//
// A bad Config changes nothing; the error is that of [Config.Validate]. Any
// other error leaves c in force, and what failed is tried again. When ctx ends
// first the error wraps ctx's, and the change goes on. Before Start, c is what
// Start will use. With c.Enabled false everything is ended, the guard too, but
// for the service itself. After Stop the error is [ErrStopped].
func (s *Service) Apply(ctx context.Context, c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	select {
	case s.applying <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("l2tp: apply: another one is not over: %w", ctx.Err())
	}
	over := make(chan error, 1)
	go func() {
		err := s.apply(c)
		<-s.applying
		over <- err
	}()
	select {
	case err := <-over:
		if err != nil {
			return fmt.Errorf("l2tp: apply: %w", err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("l2tp: apply: it goes on: %w", ctx.Err())
	}
}

func (s *Service) apply(c Config) error {
	select {
	case <-s.shell.Done():
		return ErrStopped
	default:
	}
	s.mu.Lock()
	life, before := s.life, s.clients
	if life == nil { // Start will
		s.adopt(c, nil)
		s.mu.Unlock()
		return nil
	}
	old := s.setup
	s.mu.Unlock()
	if life.Err() != nil {
		return ErrStopped
	}
	setup := c.setup()
	anew, err := s.change(life, old, setup)

	kept := make(map[string]*client)
	runs := make(map[string]bool) // those to start: unless they were stopped by hand
	for _, one := range c.Clients {
		runs[normalName(one.Name)] = true
	}
	var ending sync.WaitGroup
	for _, was := range before {
		if was.enabled {
			runs[was.name] = runs[was.name] && was.wanted()
		}
		switch {
		case !was.as(c):
			ending.Go(was.retire)
		case anew:
			ending.Go(func() { _ = was.stop(context.Background()) }) // without an end of time there is no error
			fallthrough
		default:
			kept[was.name] = was
		}
	}
	ending.Wait()
	for _, was := range before {
		runs[was.name] = runs[was.name] || was.recalled()
	}
	s.mu.Lock()
	s.adopt(c, kept)
	clients := s.clients
	s.mu.Unlock()
	if anew {
		err = errors.Join(err, s.order(life, setup))
	}
	if s.opts.ApplyChannels != nil {
		if failed := s.opts.ApplyChannels(life, c); failed != nil {
			err = errors.Join(err, fmt.Errorf("channels: %w", failed))
		}
	}
	if life.Err() != nil {
		return ErrStopped
	}
	for _, one := range clients {
		if one.enabled && runs[one.name] {
			one.start(life)
		}
	}
	return err
}

// adopt makes c the Config, with mu held or before anybody else has s. Clients
// that are kept stay what they are.
func (s *Service) adopt(c Config, kept map[string]*client) {
	s.cfg, s.setup, s.clients = c, c.setup(), nil
	for _, cfg := range c.Clients {
		one := kept[normalName(cfg.Name)]
		if one == nil {
			one = newClient(s, cfg, c.Enabled)
		}
		s.clients = append(s.clients, one)
	}
}

// change gives the programs another setup. It tells whether they have to be
// started anew for it.
func (s *Service) change(life context.Context, old, setup *Setup) (anew bool, err error) {
	if reflect.DeepEqual(old, setup) {
		return false, nil
	}
	daemon := s.current()
	if old == nil || setup == nil || daemon == nil {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(life, closeTime)
	defer cancel()
	err = daemon.Change(ctx, *setup)
	if errors.Is(err, ErrRestart) || errors.Is(err, ErrClosed) {
		return true, nil
	}
	return false, err
}

// order has the programs ended and started with another setup, nil: not
// started.
func (s *Service) order(life context.Context, setup *Setup) error {
	o := &order{setup: setup, done: make(chan error, 1)}
	select {
	case s.orders <- o:
	case <-life.Done():
		return ErrStopped
	}
	select {
	case err := <-o.done:
		return err
	case <-life.Done():
		return ErrStopped
	}
}

// as tells whether a client is the same in another Config.
func (c *client) as(other Config) bool {
	for _, cfg := range other.Clients {
		if normalName(cfg.Name) == c.name {
			return c.enabled == (other.Enabled && cfg.Enabled) && reflect.DeepEqual(c.cfg, cfg.normal())
		}
	}
	return false
}

// wanted tells whether a client is started, and not stopped by hand.
func (c *client) wanted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.runs != nil && !c.runs.ends
}

// normal writes the same client always the same way.
func (c Client) normal() Client {
	c.Name = normalName(c.Name)
	c.IPsec, c.PPP = c.IPsec.normal(), c.PPP.normal()
	return c
}
