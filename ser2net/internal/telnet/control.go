package telnet

// Control is the value of SET-CONTROL and of its answer.
type Control uint8

// The values of SET-CONTROL. Those that only ask are answered with the state.
const (
	AskFlow        Control = 0 // outbound or both ways
	SetFlowNone    Control = 1
	SetFlowXonXoff Control = 2
	SetFlowRTSCTS  Control = 3
	AskBreak       Control = 4
	BreakOn        Control = 5
	BreakOff       Control = 6
	AskDTR         Control = 7
	DTROn          Control = 8
	DTROff         Control = 9
	AskRTS         Control = 10
	RTSOn          Control = 11
	RTSOff         Control = 12
	AskInFlow      Control = 13
	SetInNone      Control = 14
	SetInXonXoff   Control = 15
	SetInHardware  Control = 16
	SetFlowDCD     Control = 17 // no UART driver has it
	SetInDTR       Control = 18 // no UART driver has it
	SetFlowDSR     Control = 19 // no UART driver has it
)

// control does what the client asks and returns the state that the answer
// tells. A value that cannot be done, or is unknown, changes nothing and is
// answered with the flow control in force.
func (c *ComPort) control(want Control) Control {
	switch want {
	case SetFlowNone, SetFlowXonXoff, SetFlowRTSCTS:
		c.line.ChangeMode(func(m *Mode) { m.Flow = Flow(want) })
	case BreakOn, BreakOff:
		c.line.SetBreak(want == BreakOn)
		c.setSoft(func(s *soft) { s.brk = want == BreakOn })
		return want
	case AskBreak:
		return either(c.softState().brk, BreakOn, BreakOff)
	case AskDTR, DTROn, DTROff:
		return either(c.outputs(want).DTR, DTROn, DTROff)
	case AskRTS, RTSOn, RTSOff:
		return either(c.outputs(want).RTS, RTSOn, RTSOff)
	case AskInFlow, SetInNone, SetInXonXoff, SetInHardware, SetInDTR:
		// Flow control works both ways, so the inbound one follows the other.
		return Control(c.line.Mode().Flow) + SetInNone - SetFlowNone
	}
	return Control(c.line.Mode().Flow)
}

// outputs sets DTR or RTS, if asked to, and returns what the line has, or the
// soft state where it has none.
func (c *ComPort) outputs(want Control) Lines {
	on := want == DTROn || want == RTSOn
	switch want {
	case DTROn, DTROff:
		c.line.SetLines(&on, nil)
		c.setSoft(func(s *soft) { s.dtr = on })
	case RTSOn, RTSOff:
		c.line.SetLines(nil, &on)
		c.setSoft(func(s *soft) { s.rts = on })
	}
	if lines, ok := c.line.Lines(); ok {
		return lines
	}
	s := c.softState()
	return Lines{DTR: s.dtr, RTS: s.rts}
}

func either(on bool, yes, no Control) Control {
	if on {
		return yes
	}
	return no
}
