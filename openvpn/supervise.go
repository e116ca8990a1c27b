package openvpn

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
)

// How long things may take, and how often they are done.
const (
	startLimit   = 20 * time.Second // until there is a process
	commandLimit = 5 * time.Second  // an answer on the management socket
	stopLimit    = 15 * time.Second // a good-bye, as OpenWrt's
	killLimit    = 5 * time.Second  // the end of a killed process
	silenceLimit = 30 * time.Second // a process that cannot be managed
	stableAfter  = 10 * time.Second // connected: the back-off begins again
	pollEvery    = 10 * time.Second // the list of clients
	pollSoon     = 300 * time.Millisecond
	refreshEvery = time.Hour // the revocation list, and the dates of certificates

	firstRetry, lastRetry         = 250 * time.Millisecond, time.Minute
	firstSlowRetry, lastSlowRetry = 20 * time.Second, 5 * time.Minute
)

// supervisor keeps one instance as it is wanted, in one goroutine of its own.
type supervisor struct {
	env  *environment
	wake chan struct{} // holds one: the goal has changed
	done chan struct{}

	mu      sync.Mutex
	unit    unit
	job     *job  // nil: it could not be made
	fault   error // why
	hand    hand
	turn    uint64 // counts what asks for a fresh process
	closing bool
	release bool
	proc    Process
	changed chan struct{} // closed and made anew at each change of the state
	status  InstanceStatus
	told    Cause // the failure that the log knows of
	traffic traffic
	lines   lines
	bans    map[string]time.Time // by name; zero: until the service ends
}

// hand is what somebody asked for by hand; it outweighs Enabled.
type hand int

const (
	handsOff hand = iota
	handStart
	handStop
)

func newSupervisor(env *environment, u unit) *supervisor {
	s := &supervisor{
		env: env, unit: u, wake: make(chan struct{}, 1), done: make(chan struct{}),
		changed: make(chan struct{}), bans: make(map[string]time.Time),
	}
	s.job, s.fault = env.prepare(u)
	s.status.State, s.status.Since = StateStopped, time.Now()
	s.describe()
	return s
}

// wanted reports whether there should be a process. Callers hold mu.
func (s *supervisor) wanted() bool {
	return !s.closing && (s.hand == handStart || s.hand == handsOff && s.unit.Enabled)
}

// rouse tells the goroutine that the goal has changed.
func (s *supervisor) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run is the goroutine. It begins with a process that is there already, or
// with none, and ends after close.
func (s *supervisor) run(proc Process) {
	defer close(s.done)
	quick := backoff.Backoff{Min: firstRetry, Max: lastRetry}
	slow := backoff.Backoff{Min: firstSlowRetry, Max: lastSlowRetry}
	for {
		if proc == nil && !s.await() {
			return
		}
		given, turn, end := []byte(nil), s.now(), ending{}
		if proc == nil {
			proc, given, turn, end = s.launch()
		}
		if proc != nil {
			end = s.attend(proc, given, turn)
			proc = nil
		}
		switch {
		case end.released:
			return
		case end.asked || end.stable:
			quick.Reset()
			slow.Reset()
		}
		if end.asked {
			continue
		}
		pause := &quick
		if patient(end.why.cause) {
			pause = &slow
		}
		s.pause(turn, pause.Next(), end.why)
	}
}

// now returns the turn.
func (s *supervisor) now() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.turn
}

// ending is how the life of a process ended.
type ending struct {
	asked    bool // by us
	released bool // it goes on without us
	stable   bool // it was connected for a while
	why      trouble
}

// patient reports whether a failure does not go away soon by itself, and
// whether trying often does harm: accounts are locked, flash is worn.
func patient(c Cause) bool {
	switch c {
	case CauseAuth, CauseKeyPassword, CauseConfig, CauseHalted, CauseNotInstalled:
		return true
	}
	return false
}

// await waits until a process is wanted. It returns false at the end.
func (s *supervisor) await() bool {
	for {
		wanted, closing := s.rest()
		if wanted || closing {
			return wanted
		}
		<-s.wake
	}
}

// rest makes the state what is wanted of an instance without a process, in
// one step: who asks for its end must not find it stopped while it starts.
func (s *supervisor) rest() (wanted, closing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := StateStopped
	if wanted = s.wanted(); wanted {
		next = StateStarting
	}
	s.become(view{State: next, Since: time.Now()}, nil)
	return wanted, s.closing
}

// pause waits before the next try, unless the goal changes.
func (s *supervisor) pause(turn uint64, length time.Duration, why trouble) {
	now := time.Now()
	s.set(view{State: StateFailed, Since: now, Cause: why.cause, Detail: why.detail}, func(st *InstanceStatus) {
		st.RetryAt = now.Add(length)
	})
	timer := time.NewTimer(length)
	defer timer.Stop()
	for !s.overtaken(turn) {
		select {
		case <-timer.C:
			s.mu.Lock()
			s.status.Restarts++
			s.mu.Unlock()
			return
		case <-s.wake:
		}
	}
}

// overtaken reports whether the goal is another one than at that turn.
func (s *supervisor) overtaken(turn uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.wanted() || s.turn != turn
}

// launch starts a process, and returns it with the revocation list that it
// was given.
func (s *supervisor) launch() (proc Process, given []byte, turn uint64, end ending) {
	job, crl, turn, err := s.ready()
	if err != nil {
		return nil, nil, turn, ending{why: trouble{CauseConfig, clean(err.Error())}}
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	started := make(chan error, 1)
	go func() {
		var err error
		proc, err = s.env.runner.Start(ctx, job.launch)
		started <- err
	}()
	asked := false
	for {
		select {
		case err := <-started:
			switch {
			case err == nil:
				s.env.arrived(ctx)
				return proc, job.launch.Files[crl], turn, ending{}
			case asked:
				return nil, nil, turn, ending{asked: true}
			}
			return nil, nil, turn, ending{why: startTrouble(err)}
		case <-s.wake:
			if s.overtaken(turn) {
				asked = true
				cancel() // the result still comes
			}
		}
	}
}

// ready returns the job, made again when it could not be made before: what
// was missing may be there by now. With it come the name of its revocation
// list, and the turn that it is of.
func (s *supervisor) ready() (j *job, crl string, turn uint64, err error) {
	s.mu.Lock()
	u, j, turn := s.unit, s.job, s.turn
	s.mu.Unlock()
	crl = u.Files[FileCRL]
	if j != nil {
		return j, crl, turn, nil
	}
	j, err = s.env.prepare(u)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turn == turn {
		s.job, s.fault = j, err
		s.describe()
	}
	return j, crl, turn, err
}

func startTrouble(err error) trouble {
	cause := CauseOther
	switch {
	case errors.Is(err, ErrNotInstalled):
		cause = CauseNotInstalled
	case errors.Is(err, ErrBusy):
		cause = CauseUnmanaged
	}
	if t, ok := diagnose(err.Error()); ok && cause == CauseOther {
		return t
	}
	return trouble{cause, clean(err.Error())}
}

// close ends the instance for good, or lets go of its process, and waits.
func (s *supervisor) close(release bool) {
	s.mu.Lock()
	s.closing, s.release = true, release
	s.mu.Unlock()
	s.rouse()
	<-s.done
}

// set publishes a state.
func (s *supervisor) set(v view, more func(*InstanceStatus)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.become(v, more)
}

// become is set for those who hold mu.
func (s *supervisor) become(v view, more func(*InstanceStatus)) {
	before := s.status
	st := &s.status
	st.State, st.Step, st.Since, st.Cause, st.Detail = v.State, v.Step, v.Since, v.Cause, v.Detail
	st.Tunnel, st.Tunnel6, st.Remote, st.Local = v.Tunnel, v.Tunnel6, v.Remote, v.Local
	st.RetryAt = time.Time{}
	if st.State == before.State && st.State == StateStopped {
		st.Since = before.Since
	}
	if more != nil {
		more(st)
	}
	moved := st.State != before.State || st.Cause != before.Cause
	if moved {
		st.History = append(st.History, Transition{time.Now(), st.State, st.Cause, st.Detail})
		if n := len(st.History); n > maxHistory {
			st.History = append([]Transition(nil), st.History[n-maxHistory:]...)
		}
		s.tell(before)
	}
	if moved || v != before.view() || st.PID != before.PID {
		close(s.changed)
		s.changed = make(chan struct{})
		s.env.notifier.add(s.snapshot())
	}
}

const maxHistory = 50

func (st InstanceStatus) view() view {
	return view{st.State, st.Step, st.Since, st.Cause, st.Detail, st.Tunnel, st.Tunnel6, st.Remote, st.Local}
}

// tell logs a change of the state. What openvpn does between two tries of the
// same failure is no news.
func (s *supervisor) tell(before InstanceStatus) {
	level := slog.LevelInfo
	switch s.status.State {
	case StateFailed:
		if s.told == s.status.Cause {
			return
		}
		level, s.told = slog.LevelWarn, s.status.Cause
	case StateUnknown:
		level = slog.LevelWarn
	case StateConnected, StateStopped:
		s.told = ""
	case StateStarting, StateConnecting:
		if s.told != "" || before.State == StateFailed {
			return
		}
	}
	s.env.logger.Log(context.Background(), level, "openvpn: instance "+string(s.status.State),
		"instance", s.status.Name, "cause", string(s.status.Cause), "detail", s.status.Detail)
}

// snapshot returns the status. Callers hold mu.
func (s *supervisor) snapshot() InstanceStatus {
	st := s.status
	st.History = append([]Transition(nil), st.History...)
	st.BytesIn, st.BytesOut = s.traffic.total()
	return st
}

// describe puts what follows from the unit into the status. Callers hold mu,
// or own s.
func (s *supervisor) describe() {
	u, st := s.unit, &s.status
	st.Name, st.FromFolder, st.Enabled, st.Report = u.Name, u.fromFolder, u.Enabled, u.report
	st.Role, st.Port, st.Protocol, st.Device = u.role(), u.shownPort(), u.shownProtocol(), u.DeviceName()
	st.Warnings = nil
	if s.job != nil {
		st.Warnings = s.job.warnings
	}
}
