package ser2net

import (
	"time"

	"github.com/fieldgate/fieldgate/ser2net/internal/telnet"
)

// terminal is the telnet side of a client.
type terminal struct {
	c      *client
	engine *telnet.Engine
	com    *telnet.ComPort // nil without RFC 2217, and before the client has a place
}

func newTerminal(c *client) *terminal {
	return &terminal{c: c, engine: telnet.New(telnet.Config{Dialed: c.dialed, ComPort: c.r.cfg.RFC2217})}
}

// bind lets the client control the line of a session.
func (t *terminal) bind(s *session) {
	if s.r.cfg.RFC2217 {
		t.com = telnet.NewComPort(comLine{s}, s.r.cfg.Signature)
	}
}

// release gives up what the client has switched on.
func (t *terminal) release() {
	if t.com != nil {
		t.com.Release()
	}
}

// greet opens the negotiation.
func (c *client) greet() {
	if c.tel != nil {
		c.say(c.tel.engine.Start(nil))
	}
}

// sayData sends a text that looks like data of the device, with mu held.
func (c *client) sayData(text []byte) {
	if c.tel != nil {
		text = telnet.AppendData(nil, text)
	}
	c.sayLocked(text)
}

// take handles what the client sent, until it has no place any more. Breaks
// without anything between them are one.
func (t *terminal) take(s *session, data []byte) {
	broke := false
	for len(data) > 0 && !t.c.left() {
		var ev telnet.Event
		ev, data = t.engine.Next(data)
		t.c.say(ev.Reply)
		breaks := ev.Kind == telnet.Break || ev.Kind == telnet.Sync && s.r.cfg.BreakOnSync
		if breaks && !broke {
			s.sendBreak(t.c)
		}
		if ev.Kind != telnet.Nothing {
			broke = breaks
		}
		switch ev.Kind {
		case telnet.Data:
			s.send(t.c, ev.Data)
		case telnet.ComPortOn:
			s.watch()
			t.c.say(t.com.Agree(nil))
		case telnet.ComPortOff:
			t.com.Withdraw()
		case telnet.ComPortRequest:
			s.watch() // some clients never say WILL
			t.c.say(t.com.Answer(nil, ev.Request))
		case telnet.Suspend, telnet.Resume:
			t.c.hold(ev.Kind == telnet.Suspend)
		}
	}
}

// sendBreak sends a break of the usual length, or a shorter one when the
// client has to leave. What others send waits for its end. A client that has
// closed its side, and was still busy a while later, has sent enough of them.
func (s *session) sendBreak(c *client) {
	if c.closed.Load() || !s.claim(c) {
		return
	}
	defer s.yield()
	line := comLine{s}
	line.SetBreak(true)
	length := time.NewTimer(breakDuration)
	defer length.Stop()
	select {
	case <-length.C:
	case <-c.gone:
	}
	line.SetBreak(false)
}
