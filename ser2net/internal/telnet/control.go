package telnet

// control is the value of SET-CONTROL and of its answer.
type control uint8

// The values of SET-CONTROL. Those that only ask are answered with the state.
const (
	askFlow        control = 0 // outbound or both ways
	setFlowNone    control = 1
	setFlowXonXoff control = 2
	setFlowRTSCTS  control = 3
	askBreak       control = 4
	breakOn        control = 5
	breakOff       control = 6
	askDTR         control = 7
	dtrOn          control = 8
	dtrOff         control = 9
	askRTS         control = 10
	rtsOn          control = 11
	rtsOff         control = 12
	askInFlow      control = 13
	setInNone      control = 14
	setInXonXoff   control = 15
	setInHardware  control = 16
	setFlowDCD     control = 17 // no UART driver has it
	setInDTR       control = 18 // no UART driver has it
	setFlowDSR     control = 19 // no UART driver has it
)

// setControl does what the client asks and returns the state that the answer
// tells. A value that cannot be done, or is unknown, changes nothing and is
// answered with the flow control in force.
func (c *ComPort) setControl(want control) control {
	switch want {
	case setFlowNone, setFlowXonXoff, setFlowRTSCTS:
		c.line.ChangeMode(func(m *Mode) { m.Flow = Flow(want) })
	case breakOn, breakOff:
		c.line.SetBreak(want == breakOn)
		c.setSoft(func(s *soft) { s.brk = want == breakOn })
		return want
	case askBreak:
		return either(c.softState().brk, breakOn, breakOff)
	case askDTR, dtrOn, dtrOff:
		return either(c.outputs(want).DTR, dtrOn, dtrOff)
	case askRTS, rtsOn, rtsOff:
		return either(c.outputs(want).RTS, rtsOn, rtsOff)
	case askInFlow, setInNone, setInXonXoff, setInHardware, setInDTR:
		// Flow control works both ways, so the inbound one follows the other.
		return control(c.line.Mode().Flow) + setInNone - setFlowNone
	}
	return control(c.line.Mode().Flow)
}

// outputs sets DTR or RTS, if asked to, and returns what the line has, or the
// soft state where it has none.
func (c *ComPort) outputs(want control) Lines {
	on := want == dtrOn || want == rtsOn
	switch want {
	case dtrOn, dtrOff:
		c.line.SetLines(&on, nil)
		c.setSoft(func(s *soft) { s.dtr = on })
	case rtsOn, rtsOff:
		c.line.SetLines(nil, &on)
		c.setSoft(func(s *soft) { s.rts = on })
	}
	if lines, ok := c.line.Lines(); ok {
		return lines
	}
	s := c.softState()
	return Lines{DTR: s.dtr, RTS: s.rts}
}

func either(on bool, yes, no control) control {
	if on {
		return yes
	}
	return no
}
