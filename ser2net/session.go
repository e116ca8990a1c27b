package ser2net

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// session is the use of the device by clients: from the first that has a
// place to when the last has gone and the device is given back.
type session struct {
	r       *runner
	before  <-chan struct{} // closed when the device is free; nil: it is
	ctx     context.Context // ends when nobody has a place any more
	unused  context.CancelFunc
	ready   chan struct{} // closed when the device is open, or cannot be opened
	err     error         // why not; set before ready is closed
	done    chan struct{} // closed when the device is given back
	port    atomic.Pointer[openPort]
	writing chan struct{} // holds a value while a client writes to the device
	traces  []*traceFile
	out     *outbound

	asking    atomic.Bool // the driver is being asked for facts
	attending atomic.Bool // see stuck.go
	probing   atomic.Bool // the line is being probed

	modes   sync.Mutex // held while the mode is read, changed and set
	silence *idle      // of the serial timeout, nil if none

	// Guarded by mu of the runner.
	clients  []*client // never changed in place: readers keep it
	began    bool      // the device is open, or was and is awaited
	mode     Mode      // that the clients want
	watching bool      // for modem lines and line errors, see watch
	facts    deviceFacts

	stuckSince time.Time // the line has taken nothing, as far as is known; zero if it does
}

// openPort is an open device with what else it can do.
type openPort struct {
	Port
	cause atomic.Pointer[string] // why a write closed it
}

// begin makes the session that follows the last one, with mu of the runner
// held.
func (r *runner) begin(remote string) *session {
	s := &session{
		r: r, before: r.free, mode: r.cfg.Mode,
		ready: make(chan struct{}), done: make(chan struct{}), writing: make(chan struct{}, 1),
	}
	s.ctx, s.unused = context.WithCancel(context.Background()) // stop takes all places away
	s.out = newOutbound(s)
	r.session, r.free = s, s.done
	r.tasks.Go(func() { s.run(remote) })
	return s
}

// run opens the device and leaves the rest to another goroutine, since the
// stack that this took is large.
func (s *session) run(remote string) {
	err := s.takeOver()
	var p *openPort
	if err == nil {
		p, err = s.openFirst()
	}
	if err != nil {
		s.refuse(err)
		s.end()
		return
	}
	s.traces = s.r.openTraces(remote)
	s.silence = newIdle(s.r.cfg.SerialTimeout.Std(), func() { s.r.partAll(s, reasonSilent) })
	s.r.tasks.Go(func() {
		s.serve(p)
		s.silence.stop()
		s.closeTraces()
		s.end()
	})
}

// takeOver waits until the session before has given the device back. That may
// still send what its clients have sent, which takes its time on a slow line.
// Clients wait for so long as for opening a device, and are then told that it
// is in use; who dials on data has nobody to tell.
func (s *session) takeOver() error {
	if s.before == nil {
		return nil
	}
	late := time.NewTimer(openTimeout)
	defer late.Stop()
	select {
	case <-s.before:
		return nil
	case <-late.C:
	}
	s.r.mu.Lock()
	refuse := s.r.session == s && !s.r.onData
	if refuse {
		s.r.session, s.r.free = nil, s.before // the next one waits for the same
	}
	s.r.mu.Unlock()
	if refuse {
		return ErrPortBusy
	}
	<-s.before
	return nil
}

// end tells that the device is given back.
func (s *session) end() {
	s.unused()
	close(s.done)
}

// serve uses the device, and the one that comes in its place, until nobody
// wants it any more.
func (s *session) serve(p *openPort) {
	opened := s.begun
	pause := reopenPause
	for {
		began := time.Now()
		cause := s.use(p, opened)
		if s.ctx.Err() != nil {
			s.r.report(EventClosed, nil, "")
			return
		}
		s.lost(cause)
		if !s.r.keeps {
			s.r.partAll(s, reasonLost)
			return
		}
		if time.Since(began) > shortLife {
			pause = reopenPause
		}
		var err error
		if p, err = s.openAgain(pause); err != nil {
			return
		}
		pause = min(2*pause, reopenMax) // should it go at once again
		opened = s.restored
	}
}

// use reads the device until it fails or nobody wants it any more, and closes
// it. It calls opened when clients may use the device, and returns why it
// failed.
func (s *session) use(p *openPort, opened func()) string {
	closed := make(chan struct{})
	stop := context.AfterFunc(s.ctx, func() {
		defer close(closed)
		s.settle(p)
		_ = p.Close()
	})
	if text := s.r.text(s.r.cfg.OpenString, ""); len(text) > 0 {
		_, _ = p.Write(text) // what is wrong with the device shows in Read
	}
	s.breaksEnded() // those of clients while it was away
	s.port.Store(p)
	opened()
	err := s.r.guarded(func() error { return s.read(p) })
	s.port.Store(nil)
	if !stop() {
		<-closed
		return ""
	}
	_ = p.Close()
	if cause := p.cause.Load(); cause != nil {
		return *cause
	}
	return reason(err)
}

// settle lets the line take what the clients have sent, and the close string.
// A line that takes nothing is given up soon; a port that stops waits for a
// second only. A slow line is not: see takeOver.
func (s *session) settle(p *openPort) {
	drain, ok := p.Port.(DrainPort)
	if !ok {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer context.AfterFunc(s.r.ctx, func() {
		sleep(ctx, drainAtStop)
		cancel()
	})()
	if drain.Drain(ctx) != nil {
		return
	}
	if text := s.r.text(s.r.cfg.CloseString, ""); len(text) > 0 {
		if _, err := p.Write(text); err == nil { // the driver's buffer is empty, so this does not wait
			_ = drain.Drain(ctx)
		}
	}
}

// begun lets the waiting clients in.
func (s *session) begun() {
	s.r.mu.Lock()
	s.r.report(EventOpened, nil, s.mode.String())
	s.began = true
	for _, c := range s.clients {
		if c.conn != nil {
			c.seat()
		}
	}
	s.r.mu.Unlock()
	close(s.ready)
}

// restored tells that the device is back.
func (s *session) restored() { s.r.report(EventRestored, nil, s.r.cfg.Device) }

// refuse ends a session that has not begun: its clients are told err.
func (s *session) refuse(err error) {
	s.r.mu.Lock()
	if s.r.session == s {
		s.r.session = nil
	}
	s.clients = nil
	s.r.mu.Unlock()
	s.err = err
	close(s.ready)
	if s.ctx.Err() == nil {
		s.r.note(refusal(err))
	}
}

// lost notes that the device has gone.
func (s *session) lost(cause string) {
	s.r.mu.Lock()
	s.r.count.losses++
	s.r.trouble, s.r.happened = cause, time.Now()
	s.facts = deviceFacts{}
	s.r.mu.Unlock()
	s.r.report(EventLost, nil, cause)
	s.breaksEnded()
	s.notifyLines(Lines{})
}

// wanted returns the mode that the clients want.
func (s *session) wanted() Mode {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	return s.mode
}
