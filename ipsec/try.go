package ipsec

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldgate/fieldgate/internal/order"
)

// The tries to bring connections up.
const (
	tryLimit = time.Minute
	// maxTries is how many run at once by themselves: each holds a thread of
	// the daemon, which has 16 and needs some for its peers.
	maxTries = 8
)

// Why a try of ours was ended by ourselves.
var (
	errTerminated = errors.New("it was stopped meanwhile")
	errReplaced   = errors.New("its settings were changed meanwhile")
)

// attempt is a try to bring a connection up.
type attempt struct {
	cancel context.CancelCauseFunc
	done   chan struct{}
	err    error // its result, once done is closed
}

// launch starts the tries that are due, those of connections that were up
// before first, and returns when the next one will be due.
func (s *Service) launch(l *link) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := pollPeriod
	if l.busy || !l.ready {
		return wait
	}
	now := time.Now()
	var list []*tunnel
	for _, t := range s.tunnels {
		if !t.due() {
			continue
		}
		if now.Before(t.nextTry) {
			wait = min(wait, t.nextTry.Sub(now))
			continue
		}
		list = append(list, t)
	}
	order.Sort(list, func(a, b *tunnel) int {
		if a.first != b.first {
			if a.first {
				return -1
			}
			return 1
		}
		return cmp.Or(a.nextTry.Compare(b.nextTry), cmp.Compare(a.name, b.name))
	})
	for _, t := range list {
		if l.running >= maxTries {
			break // the end of one nudges
		}
		s.try(l, t, false)
	}
	return wait
}

// try starts a try, with mu held. anew: what is up is ended first.
func (s *Service) try(l *link, t *tunnel, anew bool) *attempt {
	ctx, cancel := context.WithCancelCause(l.ctx)
	a := &attempt{cancel: cancel, done: make(chan struct{})}
	t.attempt = a
	l.running++
	s.refresh(t, time.Now())
	l.tries.Go(func() {
		defer cancel(nil)
		limited, stop := context.WithTimeout(ctx, tryLimit)
		defer stop()
		var err error
		if anew {
			err = l.Terminate(limited, t.name)
		}
		if err == nil {
			err = l.Initiate(limited, t.name)
		}
		if err == nil {
			err = s.poll(l) // so that the status is true when the try is over
		}
		s.finish(l, t, a, explain(ctx, t.name, err))
	})
	return a
}

// explain makes a failure of whatever a try ended with; ctx is the try's.
func explain(ctx context.Context, name string, err error) *Failure {
	if err == nil {
		return nil
	}
	f := &Failure{Connection: name, Cause: CauseOther, Detail: err.Error(), Err: err}
	var told *Failure
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errTerminated), errors.Is(cause, errReplaced):
		f.Cause, f.Detail, f.Err = CauseStopped, cause.Error(), cause
	case errors.As(err, &told):
		copied := *told
		f = &copied
		f.Connection = name
	case errors.Is(cause, context.Canceled):
		f.Cause, f.Detail, f.Err = CauseStopped, "the service is stopping", ErrStopped
	case errors.Is(err, ErrUnavailable), errors.Is(err, errGone), cause != nil:
		f.Cause, f.Detail, f.Err = CauseDaemon, "the IKE daemon has gone: it is tried again when it is back", ErrUnavailable
	case errors.Is(err, context.DeadlineExceeded):
		f.Cause, f.Detail = CauseTimeout, fmt.Sprintf("it was not up after %v", tryLimit)
	}
	f.At = time.Now()
	return f
}

// finish takes the result of a try.
func (s *Service) finish(l *link, t *tunnel, a *attempt, f *Failure) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	l.running--
	if t.attempt == a {
		t.attempt = nil
	}
	switch {
	case f == nil:
		t.failure = nil
		if t.wanted && !t.up { // closed again at once
			t.nextTry = now.Add(t.pace.Next())
		}
	case f.Cause != CauseStopped && f.Cause != CauseDaemon:
		t.failure = f
		t.first = false
		t.nextTry = now.Add(t.pace.Next())
		if t.told != f.Cause {
			t.told = f.Cause
			s.log.Warn("connection failed", "connection", t.name, "cause", string(f.Cause), "detail", f.Detail)
		}
	}
	if f != nil {
		a.err = f
	}
	s.refresh(t, now)
	close(a.done)
	l.nudge()
}
