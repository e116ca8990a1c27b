package main

import (
	"context"
	"errors"
	"net"
	"sync"
)

// doors are the listeners of the service, by "network address". A port whose
// change waits for its users has its door shut, as in C: nobody new is let in
// until they have left.
type doors struct {
	mu  sync.Mutex
	all map[string]*door
}

// listen is an [ser2net.Options.Listen].
func (d *doors) listen(ctx context.Context, network, addr string) (net.Listener, error) {
	config := &net.ListenConfig{KeepAlive: -1} // the ports set their own
	config.SetMultipathTCP(false)              // it has no TCP_USER_TIMEOUT in older kernels
	l, err := config.Listen(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	one := &door{listener: l, addr: l.Addr(), open: func() (net.Listener, error) {
		return config.Listen(context.Background(), network, l.Addr().String())
	}}
	one.changed.L = &one.mu
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil {
		d.all = map[string]*door{}
	}
	d.all[network+" "+addr] = one
	return one, nil
}

// shut lets nobody new in at these addresses, and opens all others.
func (d *doors) shut(addresses map[string]bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for address, one := range d.all {
		if addresses[address] {
			one.shut()
		} else if err := one.reopen(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// door is a listener that can be shut for a while.
type door struct {
	addr net.Addr
	open func() (net.Listener, error)

	mu       sync.Mutex
	changed  sync.Cond
	listener net.Listener // nil while shut
	closed   bool
}

// Accept implements net.Listener. While the door is shut it waits.
func (d *door) Accept() (net.Conn, error) {
	for {
		l := d.current()
		if l == nil {
			return nil, net.ErrClosed
		}
		conn, err := l.Accept()
		if err == nil || !errors.Is(err, net.ErrClosed) {
			return conn, err
		}
	}
}

// current waits for a listener. It returns nil once the door is closed.
func (d *door) current() net.Listener {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.listener == nil && !d.closed {
		d.changed.Wait()
	}
	if d.closed {
		return nil
	}
	return d.listener
}

// Close implements net.Listener.
func (d *door) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return net.ErrClosed
	}
	d.closed = true
	d.changed.Broadcast()
	if d.listener == nil {
		return nil
	}
	return d.listener.Close()
}

// Addr implements net.Listener.
func (d *door) Addr() net.Addr { return d.addr }

func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed && d.listener != nil {
		_ = d.listener.Close() // a listener that is not closed has no error
		d.listener = nil
	}
}

func (d *door) reopen() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.listener != nil {
		return nil
	}
	l, err := d.open()
	if err != nil {
		return err
	}
	d.listener = l
	d.changed.Broadcast()
	return nil
}
