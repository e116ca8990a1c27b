package ser2net

import "github.com/fieldgate/fieldgate/ser2net/internal/telnet"

// comLine is the line of a session as RFC 2217 sees it.
type comLine struct{ s *session }

var _ telnet.Line = comLine{}

// parities and stops translate between a [Mode] and RFC 2217.
var (
	parities = map[Parity]telnet.Parity{
		ParityNone: telnet.ParityNone, ParityOdd: telnet.ParityOdd, ParityEven: telnet.ParityEven,
		ParityMark: telnet.ParityMark, ParitySpace: telnet.ParitySpace,
	}
	stops = map[StopBits]telnet.StopSize{
		StopBits1: telnet.Stop1, StopBits15: telnet.Stop15, StopBits2: telnet.Stop2,
	}
	flows = map[FlowControl]telnet.Flow{
		FlowNone: telnet.FlowNone, FlowXonXoff: telnet.FlowXonXoff, FlowRTSCTS: telnet.FlowRTSCTS,
	}
)

// word returns the key of a value.
func word[K, V comparable](words map[K]V, value V) (key K) {
	for k, v := range words {
		if v == value {
			return k
		}
	}
	return key
}

// mode returns what the driver does, or is wanted to while there is none.
func (l comLine) mode() Mode {
	if p := l.s.port.Load(); p != nil {
		if m, err := p.Mode(); err == nil {
			return m
		}
	}
	return l.s.wanted()
}

// Mode implements [telnet.Line].
func (l comLine) Mode() telnet.Mode { return toTelnet(l.mode()) }

// ChangeMode implements [telnet.Line]. What is changed also holds when the
// device is opened again after it was lost.
func (l comLine) ChangeMode(change func(*telnet.Mode)) {
	l.s.modes.Lock()
	defer l.s.modes.Unlock()
	m := l.mode()
	t := toTelnet(m)
	change(&t)
	m.Baud, m.DataBits = t.Baud, t.DataBits
	m.Parity, m.StopBits, m.Flow = word(parities, t.Parity), word(stops, t.Stop), word(flows, t.Flow)
	p := l.s.port.Load()
	if m.Validate() != nil || p == nil || p.SetMode(m) != nil {
		return // the answer tells what is in force
	}
	if did, err := p.Mode(); err == nil {
		l.s.r.mu.Lock()
		did.DTR, did.RTS = l.s.mode.DTR, l.s.mode.RTS
		l.s.mode = did
		l.s.r.mu.Unlock()
	}
}

func toTelnet(m Mode) telnet.Mode {
	m = m.Normal()
	return telnet.Mode{
		Baud: m.Baud, DataBits: m.DataBits,
		Parity: parities[m.Parity], Stop: stops[m.StopBits], Flow: flows[m.Flow],
	}
}

// Lines implements [telnet.Line].
func (l comLine) Lines() (telnet.Lines, bool) {
	if p := l.s.port.Load(); p != nil {
		if lp, ok := p.Port.(LinePort); ok {
			lines, err := lp.Lines()
			return telnet.Lines(lines), err == nil
		}
	}
	return telnet.Lines{}, false
}

// SetLines implements [telnet.Line]. What is set also holds when the device is
// opened again after it was lost.
func (l comLine) SetLines(dtr, rts *bool) {
	l.s.r.mu.Lock()
	if dtr != nil {
		l.s.mode.DTR = dtr
	}
	if rts != nil {
		l.s.mode.RTS = rts
	}
	l.s.r.mu.Unlock()
	if p := l.s.port.Load(); p != nil {
		if lp, ok := p.Port.(LinePort); ok {
			_ = lp.SetLines(dtr, rts) // the answer tells the state
		}
	}
}

// SetBreak implements [telnet.Line].
func (l comLine) SetBreak(on bool) {
	if p := l.s.port.Load(); p != nil && !l.s.r.cfg.NoBreak {
		if bp, ok := p.Port.(BreakPort); ok {
			_ = bp.SetBreak(on) // nobody can be told
		}
	}
}

// Flush implements [telnet.Line].
func (l comLine) Flush(input, output bool) {
	if p := l.s.port.Load(); p != nil {
		if fp, ok := p.Port.(FlushPort); ok {
			// Nobody can be told of an error.
			if input {
				_ = fp.FlushInput()
			}
			if output {
				_ = fp.FlushOutput()
			}
		}
	}
}
