package ser2net

import (
	"context"
	"net"
	"sync"
)

// rotator is one running rotator.
type rotator struct {
	cfg    RotatorConfig
	env    *environment
	lookup func(port string) *runner

	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup
	next   int // port to try first, only for who accepts

	mu       sync.Mutex
	listener net.Listener // nil while it does not run
	trouble  string       // the last error
}

func (r *rotator) start(ctx context.Context) error {
	r.ctx, r.cancel = context.WithCancel(context.Background())
	l, err := r.env.opts.Listen(ctx, "tcp", r.cfg.Listen)
	if err != nil {
		r.fail(err.Error())
		r.cancel()
		return err // names the address
	}
	r.mu.Lock()
	r.listener = l
	r.mu.Unlock()
	r.tasks.Go(func() { accept(r.ctx, &r.tasks, l, r.serve, r.fail) })
	r.env.report(Event{Port: r.cfg.Name, Kind: EventListening, Text: l.Addr().String()})
	return nil
}

func (r *rotator) running() bool { return r.address() != nil }

// address returns what is listened on, nil for nothing.
func (r *rotator) address() net.Addr {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listener == nil {
		return nil
	}
	return r.listener.Addr()
}

func (r *rotator) stop() {
	r.cancel()
	r.mu.Lock()
	l := r.listener
	r.listener = nil
	r.mu.Unlock()
	if l != nil {
		_ = l.Close()
	}
	r.tasks.Wait()
}

// serve gives a connection to the first port with a place free, beginning
// behind the one that got the last. When there is none, the first port that
// runs tells the client so.
func (r *rotator) serve(conn net.Conn) {
	var first *runner
	for i := range r.cfg.Ports {
		at := (r.next + i) % len(r.cfg.Ports)
		port := r.lookup(r.cfg.Ports[at])
		if port == nil || !port.running() {
			continue
		}
		if port.vacant() {
			r.next = at + 1
			port.acceptFor(r.ctx, conn, func() { port.serve(conn) })
			return
		}
		if first == nil {
			first = port
		}
	}
	if first == nil {
		_ = conn.Close()
		return
	}
	first.acceptFor(r.ctx, conn, func() { first.turnAway(conn, textNoPort) })
}

func (r *rotator) fail(text string) {
	r.mu.Lock()
	r.trouble = text
	r.mu.Unlock()
	r.env.report(Event{Port: r.cfg.Name, Kind: EventFailed, Text: text})
}
