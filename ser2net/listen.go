package ser2net

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
)

// listen begins to serve the port's address, or goes on trying if the port is
// configured to.
func (r *runner) listen(ctx context.Context) error {
	err := r.listenOnce(ctx)
	if err == nil || r.cfg.ListenRetry == 0 || ctx.Err() != nil {
		return err
	}
	r.fail(err.Error())
	r.tasks.Go(func() {
		for sleep(r.ctx, r.cfg.ListenRetry.Std()) {
			if r.listenOnce(r.ctx) == nil {
				return
			}
		}
	})
	return nil
}

func (r *runner) listenOnce(ctx context.Context) error {
	if r.cfg.Network == NetworkUDP {
		return r.listenUDP(ctx)
	}
	l, err := r.env.opts.Listen(ctx, "tcp", r.cfg.Listen)
	if err != nil {
		return err // names the address
	}
	if r.closeAtStop(l, l.Addr()) {
		r.tasks.Go(func() { accept(r.ctx, &r.tasks, l, r.accept, r.fail) })
		r.report(EventListening, nil, l.Addr().String())
	}
	return nil
}

// accept hands the connections of l on until it is closed. It survives what a
// listener can fail with meanwhile, such as too many open files. It waits for
// each connection in a new task, since the stack that one took is large.
func accept(ctx context.Context, tasks *sync.WaitGroup, l net.Listener, serve func(net.Conn), fail func(string)) {
	pause := backoff.Backoff{Min: 10 * time.Millisecond, Max: time.Second}
	failing := false
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			serve(conn)
			tasks.Go(func() { accept(ctx, tasks, l, serve, fail) })
			return
		case errors.Is(err, net.ErrClosed):
			return
		default:
			if !failing {
				fail(err.Error())
			}
			failing = true
			if !sleep(ctx, pause.Next()) {
				return
			}
		}
	}
}

// accept serves a new connection.
func (r *runner) accept(conn net.Conn) {
	r.acceptFor(r.ctx, conn, func() { r.serve(conn) })
}

// acceptFor calls serve for a new connection in a goroutine of its own. When
// very many wait for their answer it waits for one of them, unless ctx ends.
// With TLS it is the client that can let the port wait, by saying nothing:
// there the connection that has waited longest has to go.
func (r *runner) acceptFor(ctx context.Context, conn net.Conn, serve func()) {
	secure := r.cfg.TLS.on()
	if !secure {
		select {
		case r.newcomer <- struct{}{}:
		case <-ctx.Done():
			_ = conn.Close()
			return
		case <-r.ctx.Done():
			_ = conn.Close()
			return
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil { // so stop waits for all tasks there will be
		_ = conn.Close()
		return
	}
	if !secure {
		r.tasks.Go(func() {
			defer func() { <-r.newcomer }()
			serve()
		})
		return
	}
	if len(r.unproved) == maxNewcomers {
		_ = r.unproved[0].Close()
		r.unproved = r.unproved[1:]
	}
	r.unproved = append(r.unproved, conn)
	r.tasks.Go(func() {
		defer r.proved(conn)
		serve()
	})
}

// waits tells whether a connection was not closed for a newer one.
func (r *runner) waits(conn net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.unproved, conn)
}

// proved forgets a connection that has a place, or gets none.
func (r *runner) proved(conn net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.unproved, conn); i >= 0 {
		r.unproved = slices.Delete(r.unproved, i, i+1)
	}
}

// sleep waits for d and returns true, or false as soon as ctx ends.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
