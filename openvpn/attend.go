package openvpn

import (
	"bytes"
	"context"
	"time"
)

// attendant looks after one process, within the supervisor's goroutine.
type attendant struct {
	*supervisor

	proc      Process
	turn      uint64
	tracker   tracker
	connected time.Time // since when the tunnel stands; zero: it does not
	given     []byte    // the revocation list that it has; nil: nobody knows
	poll      *time.Timer
	refresh   *time.Timer
	silence   *time.Timer // set while the process does not tell
	patience  patience
}

// attend looks after a process until it has exited or is let go.
func (s *supervisor) attend(proc Process, given []byte, turn uint64) ending {
	now := time.Now()
	s.mu.Lock()
	s.proc, s.traffic = proc, traffic{}
	role := s.unit.role()
	s.mu.Unlock()
	a := &attendant{
		supervisor: s, proc: proc, turn: turn, given: given,
		tracker: tracker{role: role, view: view{State: StateConnecting, Since: now}},
		poll:    stopped(), refresh: time.NewTimer(refreshEvery), silence: stopped(), patience: newPatience(),
	}
	defer a.patience.timer.Stop()
	defer a.poll.Stop()
	defer a.refresh.Stop()
	defer a.silence.Stop()
	a.publish()
	end := a.loop()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proc = nil
	if end.released {
		return end
	}
	s.status.Started, s.status.PID, s.status.Clients = false, 0, nil
	return end
}

func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// publish makes what the tracker knows the state.
func (a *attendant) publish() {
	if a.tracker.view.State != StateConnected {
		a.connected = time.Time{}
		a.poll.Stop()
	} else if a.connected.IsZero() {
		a.connected = time.Now()
		if a.tracker.role == RoleServer {
			a.poll.Reset(pollSoon)
		}
	}
	a.set(a.tracker.view, func(st *InstanceStatus) {
		st.Started, st.PID, st.RetryAt = true, a.proc.PID(), a.patience.until
	})
}

func (a *attendant) loop() ending {
	if end, over := a.goal(); over { // it may have changed while the process was started
		return end
	}
	for {
		select {
		case e, more := <-a.proc.Events():
			if !more {
				e = Exited{At: time.Now(), Status: "its events ended"}
			}
			if x, is := e.(Exited); is {
				return a.died(x)
			}
			a.take(e)
		case <-a.wake:
			if end, over := a.goal(); over {
				return end
			}
		case <-a.poll.C:
			a.list()
			a.poll.Reset(pollEvery)
		case <-a.refresh.C:
			a.renew()
			a.refresh.Reset(refreshEvery)
		case <-a.patience.timer.C:
			a.patience.forgive()
			if a.tracker.wants != "" {
				a.answer(a.tracker.wants)
			}
			a.publish()
		case <-a.silence.C:
			a.end(true)
			return ending{why: trouble{CauseUnmanaged, "openvpn could not be managed any more and was ended"}}
		}
	}
}

// died takes the end of a process that nobody had asked for.
func (a *attendant) died(x Exited) ending {
	stable := !a.connected.IsZero() && time.Since(a.connected) >= stableAfter
	return ending{stable: stable, why: a.tracker.exited(x)}
}

// goal does what is wanted now.
func (a *attendant) goal() (end ending, over bool) {
	a.mu.Lock()
	release, fresh := a.closing && a.release, !a.wanted() || a.supervisor.turn != a.turn
	a.mu.Unlock()
	switch {
	case release:
		if err := a.proc.Release(); err != nil {
			a.env.logger.Warn("openvpn: release", "instance", a.proc.Name(), "error", err)
		}
		return ending{released: true}, true
	case fresh:
		a.end(false)
		return ending{asked: true}, true
	}
	a.tracker.role = a.role()
	if a.tracker.wants != "" {
		a.answer(a.tracker.wants) // they may have come with a new Config
		a.publish()
	}
	a.renew()
	return ending{}, false
}

func (a *attendant) role() Role {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.unit.role()
}

// end ends the process, politely unless it is hopeless, and waits for that.
func (a *attendant) end(hard bool) {
	a.tracker.to(StateStopping, time.Now(), trouble{})
	a.publish()
	limit := killLimit
	if !hard {
		ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
		err := a.proc.Signal(ctx, SIGTERM)
		cancel()
		hard = err != nil
		limit = stopLimit
	}
	if hard {
		_ = a.proc.Kill() // whether it worked shows in what follows
		limit = killLimit
	}
	if a.exits(limit) || hard {
		return
	}
	_ = a.proc.Kill()
	if !a.exits(killLimit) {
		a.env.logger.Warn("openvpn: the process does not end", "instance", a.proc.Name(), "pid", a.proc.PID())
	}
}

// exits waits for the end of the process.
func (a *attendant) exits(limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case e, more := <-a.proc.Events():
			switch e := e.(type) {
			case Exited:
				return true
			case LogLine:
				a.keep(e)
			}
			if !more {
				return true
			}
		case <-timer.C:
			return false
		}
	}
}

func (a *attendant) keep(line LogLine) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lines.add(line)
}

// take takes an event.
func (a *attendant) take(e Event) {
	if _, lost := e.(SocketLost); !lost && a.tracker.view.State == StateUnknown {
		a.silence.Stop() // it tells again
		a.tracker.to(StateConnecting, time.Now(), trouble{})
	}
	switch e := e.(type) {
	case StateChanged:
		a.tracker.state(e)
	case LogLine:
		a.keep(e)
		a.tracker.log(e)
	case ByteCount:
		a.mu.Lock()
		a.traffic.count(e)
		a.mu.Unlock()
		return
	case NeedCredentials:
		a.answer(e.What)
	case CredentialsRefused:
		a.patience.refused(e.What)
		a.tracker.refused(e, time.Now())
	case ClientAsks:
		a.decide(e)
		return
	case ClientCame:
		a.tracker.came()
		a.expel(e)
		a.poll.Reset(pollSoon)
	case ClientLeft:
		a.mu.Lock()
		a.traffic.left(e.CID)
		a.mu.Unlock()
		a.poll.Reset(pollSoon)
	case SocketLost:
		a.tracker.to(StateUnknown, time.Now(), trouble{CauseUnmanaged, clean(e.Reason)})
		a.silence.Reset(silenceLimit)
	}
	a.publish()
}

// answer gives the credentials of a kind, or says that there are none.
func (a *attendant) answer(what string) {
	a.mu.Lock()
	c, have := a.unit.credentials(what)
	a.mu.Unlock()
	if !have {
		a.tracker.waits(what, time.Now())
		return
	}
	if !a.patience.allows(c) {
		a.tracker.wants = what
		return
	}
	a.tracker.wants = ""
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	if err := a.proc.Answer(ctx, c); err != nil {
		a.tracker.fail(time.Now(), trouble{CauseUnmanaged, clean("the password could not be given: " + err.Error())})
	}
}

// credentials returns the ones that openvpn calls what.
func (i Instance) credentials(what string) (Credentials, bool) {
	c := Credentials{What: what}
	switch what {
	case keyPassword:
		c.Password = i.KeyPassword
	case loginPassword:
		c.Username, c.Password = i.Username, i.Password
	case "HTTP Proxy", "SOCKS Proxy":
		if i.Proxy != nil {
			c.Username, c.Password = i.Proxy.Username, i.Proxy.Password
		}
	}
	return c, !c.Password.IsZero()
}

// list asks who is connected.
func (a *attendant) list() {
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	clients, err := a.proc.Clients(ctx)
	if err != nil {
		return // a process that does not answer says so as an event
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.traffic.only(clients)
	a.status.Clients = clients
}

// renew hands over a revocation list that was issued again, and judges the
// certificates anew.
func (a *attendant) renew() {
	a.mu.Lock()
	u := a.unit
	a.mu.Unlock()
	j, err := a.env.prepare(u)
	if err != nil {
		return // the process has what it needs
	}
	a.mu.Lock()
	same := a.job != nil && a.job.launch.Digest == j.launch.Digest
	if same {
		a.job = j
		a.describe()
	}
	a.mu.Unlock()
	name := u.Files[FileCRL]
	list := j.launch.Files[name]
	if !same || name == "" || bytes.Equal(a.given, list) {
		return
	}
	if err := a.proc.WriteFile(name, list); err != nil {
		a.env.logger.Warn("openvpn: the revocation list is not renewed", "instance", u.Name, "error", err)
		return
	}
	a.given = list
}
