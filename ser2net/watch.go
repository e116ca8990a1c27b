package ser2net

import (
	"errors"
	"time"

	"github.com/fieldgate/fieldgate/ser2net/internal/telnet"
)

// lineStatePause is how often the counters of a device are looked at while a
// client wants to be told of line errors.
const lineStatePause = 250 * time.Millisecond

// watch begins to tell the clients of modem lines and line errors, once.
func (s *session) watch() {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	if !s.watching {
		s.watching = true
		s.r.tasks.Go(s.watchLines)
		s.r.tasks.Go(s.watchErrors)
	}
}

// watchLines tells every change of the modem lines while the session lasts.
func (s *session) watchLines() {
	for {
		if p := s.port.Load(); p != nil {
			lp, ok := p.Port.(LinePort)
			if !ok || errors.Is(s.followLines(lp), ErrNoLines) {
				return
			}
		}
		if !sleep(s.ctx, reopenPause) {
			return
		}
	}
}

// followLines tells the changes of one open device until it fails.
func (s *session) followLines(p LinePort) error {
	lines, err := p.Lines()
	for err == nil {
		s.notifyLines(lines)
		lines, err = p.WaitLines(s.ctx, lines)
	}
	return err
}

// notifyLines tells the modem lines to the clients that have not been told.
func (s *session) notifyLines(lines Lines) {
	s.notify(func(com *telnet.ComPort) []byte { return com.ModemChanged(nil, telnet.Lines(lines)) })
}

// watchErrors tells the line errors that the driver counts.
func (s *session) watchErrors() {
	var before Counters
	for sleep(s.ctx, lineStatePause) {
		p := s.port.Load()
		if p == nil || !s.wantsErrors() {
			continue
		}
		counting, ok := p.Port.(CountPort)
		if !ok {
			return
		}
		after, err := counting.Counters()
		if errors.Is(err, errors.ErrUnsupported) {
			return
		}
		if state := lineState(before, after); err == nil && state != 0 {
			s.notify(func(com *telnet.ComPort) []byte { return com.LineChanged(nil, state) })
		}
		before = after
	}
}

// wantsErrors tells whether a client wants to be told of line errors.
func (s *session) wantsErrors() bool {
	for _, t := range s.comPorts() {
		if t.com.WantsLineState() {
			return true
		}
	}
	return false
}

// lineState returns what has been counted between two looks. Counters that
// fell are those of a device that was opened again.
func lineState(before, after Counters) (state telnet.LineState) {
	for _, c := range []struct {
		before, after uint64
		state         telnet.LineState
	}{
		{before.Overrun, after.Overrun, telnet.LineOverrun},
		{before.BufOverrun, after.BufOverrun, telnet.LineOverrun},
		{before.Parity, after.Parity, telnet.LineParity},
		{before.Frame, after.Frame, telnet.LineFraming},
		{before.Break, after.Break, telnet.LineBreak},
	} {
		if c.after > c.before {
			state |= c.state
		}
	}
	return state
}

// comPorts returns the terminals that control the line.
func (s *session) comPorts() []*terminal {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	var all []*terminal
	for _, c := range s.clients {
		if c.tel != nil && c.tel.com != nil {
			all = append(all, c.tel)
		}
	}
	return all
}

// breaksEnded tells the clients' terminals that no break of theirs lasts.
func (s *session) breaksEnded() {
	for _, t := range s.comPorts() {
		t.com.BreakEnded()
	}
}

// notify sends every client what message makes for it.
func (s *session) notify(message func(*telnet.ComPort) []byte) {
	for _, t := range s.comPorts() {
		t.c.say(message(t.com))
	}
}
