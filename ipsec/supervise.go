package ipsec

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
)

// The pace of the supervisor.
const (
	connectLimit = 5 * time.Second // for a session to open
	callLimit    = 5 * time.Second // for a short call
	clearLimit   = 10 * time.Second
	pollShare    = 10 * time.Millisecond // that a list may take longer for each connection
	pollPeriod   = 5 * time.Second
	pollGap      = 20 * time.Millisecond // between two that events ask for, on average
	pollBurst    = 10                    // that may come at once before that, so that the status follows a few events at once
	noticePeriod = 24 * time.Hour
	// All is to be in the daemon again within a second after it is back, and
	// to knock costs next to nothing.
	firstKnock = 100 * time.Millisecond
	lastKnock  = 500 * time.Millisecond
	// These do not go away by themselves within a second.
	firstRefusal = time.Second
	lastRefusal  = 10 * time.Second
)

var errGone = errors.New("the session has ended")

// link is a session with what runs on it.
type link struct {
	Session
	ctx    context.Context // ends with the link
	end    context.CancelCauseFunc
	wake   chan struct{} // something may be due
	tries  sync.WaitGroup
	asking sync.Mutex // one poll at a time, so that no old answer comes last

	// With the service's mu held:
	ready   bool // the first Apply is done
	busy    bool // an Apply is under way
	running int  // tries
	over    bool // no more of them
	mending bool // an Apply of our own waits for its turn
}

// nudge lets the supervisor look what is due.
func (l *link) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run keeps a session with the daemon until ctx ends.
func (s *Service) run(ctx context.Context) {
	var bg sync.WaitGroup
	over, cancel := context.WithCancel(context.Background())
	bg.Go(func() { s.news.run(over) })
	defer bg.Wait()
	defer cancel()

	leaving, left := within(ctx, clearLimit)
	defer left()
	knock := backoff.Backoff{Min: firstKnock, Max: lastKnock}
	refusal := backoff.Backoff{Min: firstRefusal, Max: lastRefusal}
	for ctx.Err() == nil {
		session, err := s.connect(ctx)
		if err == nil {
			knock.Reset()
			refusal.Reset()
			err = s.serve(ctx, leaving, session)
		}
		if ctx.Err() != nil {
			break
		}
		s.absent(err)
		pause := knock.Next()
		if errors.Is(err, ErrNotPermitted) || errors.Is(err, ErrOwned) {
			pause = refusal.Next()
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	s.leave(leaving)
}

// within returns a context that ends some time after ctx.
func within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(d):
			cancel()
		case <-later.Done():
		}
	})
	return later, func() { stop(); cancel() }
}

func (s *Service) connect(ctx context.Context) (Session, error) {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	return s.opts.Backend.Connect(ctx)
}

// serve uses a session until it or ctx ends. With ctx the session is left
// to leave, and closed only when leaving ends too.
func (s *Service) serve(ctx, leaving context.Context, session Session) error {
	l := &link{Session: session, wake: make(chan struct{}, 1)}
	l.ctx, l.end = context.WithCancelCause(ctx)
	s.mu.Lock()
	s.link = l
	s.enterDaemon(DaemonApplying, "")
	s.daemon.Version = session.Version()
	s.mu.Unlock()

	err := s.begin(l)
	if err == nil {
		err = s.attend(l)
	}
	if ctx.Err() == nil {
		s.lose(l, err) // told before anything is waited for
	}
	l.end(err)
	s.mu.Lock()
	l.over = true
	s.mu.Unlock()
	if ctx.Err() == nil {
		_ = session.Close() // it is of no use; tries that wait for the daemon return
		l.tries.Wait()
		return err
	}
	defer context.AfterFunc(leaving, func() { _ = session.Close() })() // the daemon hangs
	l.tries.Wait()
	return err
}

// begin brings everything into a daemon that is new to us.
func (s *Service) begin(l *link) error {
	if err := s.lock(l.ctx); err != nil {
		return err
	}
	defer s.unlock()
	_, err := s.bring(l)
	return err
}

// attend watches the daemon until the link ends, and returns why it did.
func (s *Service) attend(l *link) error {
	var paced time.Time // when the polls so far would be over, each with its gap
	next := time.Now().Add(pollPeriod)
	notices := time.Now().Add(noticePeriod)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(max(0, min(s.launch(l), time.Until(next))))
		select {
		case <-l.ctx.Done():
			return context.Cause(l.ctx)
		case <-l.Done():
			return errGone
		case e := <-l.Events():
			s.hear(l, e)
			if soon := paced.Add(-pollBurst * pollGap); soon.Before(next) {
				next = soon
			}
		case <-l.wake:
		case <-timer.C:
		}
		now := time.Now()
		if now.After(notices) {
			s.remind(now)
			notices = now.Add(noticePeriod)
		}
		if now.Before(next) {
			continue
		}
		if err := s.poll(l); err != nil {
			return err
		}
		last := time.Now()
		if paced.Before(last) {
			paced = last
		}
		paced = paced.Add(max(pollGap, last.Sub(now))) // a slow daemon is asked less often
		next = last.Add(pollPeriod)
	}
}

// poll asks the daemon for its SAs.
func (s *Service) poll(l *link) error {
	l.asking.Lock()
	defer l.asking.Unlock()
	s.mu.Lock()
	limit := callLimit + time.Duration(len(s.tunnels))*pollShare
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(l.ctx, limit)
	defer cancel()
	list, err := l.SAs(ctx)
	if err != nil {
		return err
	}
	byName := make(map[string][]SA)
	for _, sa := range list {
		name := normalName(sa.Connection)
		byName[name] = append(byName[name], sa)
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link != l {
		return errGone
	}
	s.polled = now
	rearmed := false
	for name, t := range s.tunnels {
		rearmed = t.see(byName[name], now, l.busy) || rearmed
		s.refresh(t, now)
	}
	if rearmed {
		s.mend(l)
	}
	return nil
}

// hear takes what an event tells beside that it is time to ask.
func (s *Service) hear(l *link, e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tunnels[normalName(e.Connection)]
	if t == nil {
		return
	}
	if e.Dead && t.died() || e.Lost {
		s.mend(l)
	}
	if e.Lost {
		s.log.Warn("somebody else has taken a connection out of the IKE daemon, it is loaded again", "connection", t.name)
	}
}

// mend brings the daemon in line again, aside and soon, with mu held.
func (s *Service) mend(l *link) {
	if l.mending || l.over {
		return
	}
	l.mending = true
	l.tries.Go(func() {
		if s.lock(l.ctx) != nil {
			return
		}
		defer s.unlock()
		s.mu.Lock()
		l.mending = false
		s.mu.Unlock()
		if _, err := s.bring(l); err != nil {
			l.end(err) // the supervisor begins again
		}
	})
}

// refresh settles the state of a connection, with mu held.
func (s *Service) refresh(t *tunnel, now time.Time) {
	state, reason := t.judge(s.link != nil && s.link.ready)
	before := t.state
	if !t.enter(state, reason, now) {
		return
	}
	s.news.add(t.name)
	if before == "" {
		return // the first state is no news for the log
	}
	level := slog.LevelInfo
	if state == StateRefused {
		level = slog.LevelWarn
	}
	if state != StateFailed && state != StateConnecting && state != StateUnknown { // these have lines of their own, or come often
		s.log.Log(context.Background(), level, "connection "+string(state), "connection", t.name, "reason", reason)
	}
}

// lose takes note that the daemon cannot be asked any more.
func (s *Service) lose(l *link, err error) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link = nil
	s.enterDaemon(DaemonGone, err.Error())
	s.log.Warn("the IKE daemon has gone", "error", err)
	for _, t := range s.tunnels {
		if t.up && !t.stopped && !t.def.respondsOnly() {
			t.wanted, t.first = true, true
		}
		t.up, t.sas, t.loaded, t.refused = false, nil, false, nil
		t.taken = t.taken && t.stopped
		t.nextTry = time.Time{}
		t.pace.Reset()
		s.refresh(t, now)
	}
}

// absent takes note why there is no session.
func (s *Service) absent(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil || s.daemon.Error == err.Error() || errors.Is(err, errGone) {
		return // told already
	}
	s.daemon.Error = err.Error()
	s.log.Warn("no IKE daemon", "error", err)
}

// enterDaemon notes a state of the daemon, with mu held.
func (s *Service) enterDaemon(state DaemonState, problem string) {
	if s.daemon.State != state {
		if s.daemon.State == DaemonReady {
			s.ready = make(chan struct{})
		}
		s.daemon.State, s.daemon.Since = state, time.Now()
	}
	s.daemon.Error = problem
	if state == DaemonReady {
		if s.met {
			s.daemon.Restarts++
		}
		s.met = true
		close(s.ready)
		s.log.Info("the IKE daemon is ready", "version", s.daemon.Version)
	}
}

// leave ends the service: it takes our connections out of the daemon, unless
// they are to stay.
func (s *Service) leave(ctx context.Context) {
	s.changing <- struct{}{} // an Apply that was under way is over
	defer s.unlock()
	s.mu.Lock()
	l, met := s.link, s.met
	s.mu.Unlock()
	var session Session
	if l != nil {
		session = l.Session
	} else if met && !s.keep.Load() {
		// The session was lost a moment ago; the daemon may hold ours still.
		session, _ = s.connect(ctx)
	}
	cleared := false
	if session != nil {
		if !s.keep.Load() {
			_, err := session.Apply(ctx, nil)
			if cleared = err == nil; !cleared {
				s.log.Warn("the connections could not be taken out of the IKE daemon", "error", err)
			}
		}
		_ = session.Close()
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link = nil
	s.enterDaemon(DaemonWaiting, "the service has stopped")
	for _, t := range s.tunnels {
		t.up, t.sas, t.loaded, t.taken, t.wanted = false, nil, false, false, false
		state, reason := t.judge(false)
		if cleared && state == StateUnknown {
			state, reason = StateStopped, "with the service"
		}
		if t.enter(state, reason, now) {
			s.news.add(t.name)
		}
	}
}
