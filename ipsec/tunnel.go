package ipsec

import (
	"cmp"
	"fmt"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
)

// The pace of the tries to bring a connection up.
const (
	firstPause = 2 * time.Second
	lastPause  = time.Minute
)

// Why a connection is down that was up.
const (
	closedSomehow = "closed by the peer, or by the daemon"
	deadPeer      = "its peer does not answer any more"
)

// maxHistory is how many transitions are kept.
const maxHistory = 32

// tunnel is one connection. Its fields are for who holds the service's mu.
type tunnel struct {
	name    string
	enabled bool
	def     Definition // zero unless enabled, and not invalid
	notices []string

	invalid *Failure   // why Resolve refused it
	refused *Failure   // why the daemon refused it
	taken   bool       // the daemon took def
	held    Definition // that the daemon took last
	loaded  bool       // the daemon holds it now
	stopped bool       // by hand
	cleared bool       // its peer was dead: demand does not bring it up
	ending  string     // why we end it, while we do
	wanted  bool       // to be brought up
	first   bool       // before others, since it was up before
	sas     []SA
	up      bool

	attempt *attempt // the try under way
	pace    backoff.Backoff
	nextTry time.Time
	failure *Failure // of the last try
	told    Cause    // that was logged last

	state   ConnectionState
	since   time.Time
	history []Transition
}

func newTunnel(name string) *tunnel {
	return &tunnel{name: name, pace: backoff.Backoff{Min: firstPause, Max: lastPause}}
}

// wish is what the daemon is to hold of the connection.
func (t *tunnel) wish() Definition {
	d := t.def
	if t.cleared {
		d.StartAction = StartNone
	}
	return d
}

// died takes note that its peer was given up for dead. It tells whether the
// daemon is to hold something else from now on.
func (t *tunnel) died() bool {
	if n := len(t.history); t.up {
		t.ending = deadPeer
	} else if n > 0 && t.history[n-1].Reason == closedSomehow { // it was seen before it was told
		t.history[n-1].Reason = deadPeer
	}
	if t.def.DPDAction != DPDClear || t.def.StartAction != StartTrap || t.attempt != nil {
		return false
	}
	t.cleared = true
	return true
}

// keptUp tells whether a connection that goes down is brought up again.
func (t *tunnel) keptUp() bool {
	return !t.stopped && !t.def.respondsOnly() && (t.def.StartAction == StartNow || t.def.DPDAction == DPDRestart)
}

// want lets the connection be brought up as soon as may be.
func (t *tunnel) want(now time.Time) {
	if !t.stopped && !t.def.respondsOnly() {
		t.wanted, t.nextTry = true, now
		t.pace.Reset()
	}
}

// negotiating tells whether somebody brings the connection up.
func (t *tunnel) negotiating() bool {
	for _, sa := range t.sas {
		if sa.negotiating() {
			return true
		}
	}
	return t.attempt != nil
}

// due tells whether the connection is to be brought up, at its nextTry.
func (t *tunnel) due() bool {
	return t.wanted && t.loaded && !t.up && !t.stopped && !t.negotiating()
}

// see takes the SAs that the daemon has now. busy: they are being changed by
// us. It tells whether the daemon is to hold something else from now on.
func (t *tunnel) see(list []SA, now time.Time, busy bool) (rearmed bool) {
	was := t.up
	t.sas, t.up = list, false
	for _, sa := range list {
		t.up = t.up || sa.Up()
	}
	switch {
	case t.up && t.loaded: // else it is up as it was before a change
		t.failure, t.told, t.nextTry = nil, "", time.Time{}
		t.first = false
		t.wanted = t.keptUp()
		t.pace.Reset()
	case was && !t.up && !busy:
		t.wanted = t.keptUp()
		t.nextTry = now.Add(t.pace.Next())
		if t.cleared && t.held.StartAction == StartNone && t.ending != deadPeer { // the peer had come back, and has closed in good order
			t.cleared, rearmed = false, true
		}
	}
	return rearmed
}

// judge returns the state of the connection, and why. asked: the daemon can
// be asked.
func (t *tunnel) judge(asked bool) (state ConnectionState, reason string) {
	switch {
	case !t.enabled:
		return StateDisabled, "by the configuration"
	case t.invalid != nil:
		return StateRefused, t.invalid.Detail
	case !asked:
		return StateUnknown, "the IKE daemon cannot be asked"
	case t.refused != nil:
		return StateRefused, t.refused.Detail
	case t.up:
		return StateUp, t.peer()
	case t.stopped:
		return StateStopped, "by hand"
	case !t.loaded && t.state != "":
		return t.state, "" // until it is applied
	case !t.loaded:
		return StateUnknown, "not applied yet"
	case t.negotiating():
		return StateConnecting, ""
	case t.wanted && t.failure != nil:
		return StateFailed, string(t.failure.Cause) + ": " + t.failure.Detail
	case t.wanted:
		return StateConnecting, ""
	case t.cleared:
		return StateClosed, deadPeer
	}
	return StateArmed, ""
}

// peer names the peer of a connection that is up.
func (t *tunnel) peer() string {
	for _, sa := range t.sas {
		if sa.Up() {
			return fmt.Sprintf("with %s (%s)", sa.RemoteHost.Addr(), sa.RemoteID)
		}
	}
	return ""
}

// enter notes a state, and tells whether it is another than before.
func (t *tunnel) enter(state ConnectionState, reason string, now time.Time) bool {
	if state == t.state {
		return false
	}
	before := t.state
	t.state, t.since = state, now
	if before == StateUp && reason == "" {
		reason = cmp.Or(t.ending, closedSomehow)
	}
	t.ending = ""
	if state == StateConnecting && before != StateUp {
		return true
	}
	if n := len(t.history); state == StateFailed && n > 0 && t.history[n-1].State == state && t.history[n-1].Reason == reason {
		return true // again
	}
	if len(t.history) == maxHistory {
		t.history = append(t.history[:0:0], t.history[1:]...)
	}
	t.history = append(t.history, Transition{At: now, State: state, Reason: reason})
	return true
}

// status tells about the connection.
func (t *tunnel) status() ConnectionStatus {
	c := ConnectionStatus{
		Name: t.name, Enabled: t.enabled, Configured: t.taken, State: t.state, Since: t.since,
		SAs:     append([]SA(nil), t.sas...),
		Notices: append([]string(nil), t.notices...),
		History: append([]Transition(nil), t.history...),
	}
	for _, f := range []*Failure{t.invalid, t.refused, t.failure} {
		if f != nil {
			c.LastError = f
			break
		}
	}
	if t.state == StateFailed {
		c.RetryAt = t.nextTry
	}
	return c
}
