package ser2net

import "github.com/fieldgate/fieldgate/ser2net/internal/telnet"

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

// take handles what the client sent.
func (t *terminal) take(s *session, data []byte) {
	for len(data) > 0 {
		var ev telnet.Event
		ev, data = t.engine.Next(data)
		t.c.say(ev.Reply)
		switch ev.Kind {
		case telnet.Data:
			s.send(t.c, ev.Data)
		case telnet.Break:
			s.sendBreak()
		case telnet.Sync:
			if s.r.cfg.BreakOnSync {
				s.sendBreak()
			}
		case telnet.ComPortOn:
			s.watch()
			t.c.say(t.com.Agree(nil))
		case telnet.ComPortOff:
			t.com.Withdraw()
		case telnet.ComPortRequest:
			t.c.say(t.com.Answer(nil, ev.Request))
		case telnet.Suspend, telnet.Resume:
			t.c.hold(ev.Kind == telnet.Suspend)
		}
	}
}

// sendBreak sends a break of the usual length.
func (s *session) sendBreak() {
	line := comLine{s}
	line.SetBreak(true)
	sleep(s.ctx, breakDuration)
	line.SetBreak(false)
}
