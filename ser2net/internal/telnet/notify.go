package telnet

import "math"

// LineState are the bits of NOTIFY-LINESTATE. RFC 2217 has more, of UART
// registers that no driver shows.
type LineState uint8

// The bits that are told.
const (
	LineOverrun LineState = 2
	LineParity  LineState = 4
	LineFraming LineState = 8
	LineBreak   LineState = 16
)

// The bits of NOTIFY-MODEMSTATE.
const (
	deltaCTS   = 1
	deltaDSR   = 2
	trailingRI = 4
	deltaDCD   = 8
	stateCTS   = 16
	stateDSR   = 32
	stateRI    = 64
	stateDCD   = 128

	deltas = deltaCTS | deltaDSR | trailingRI | deltaDCD
	levels = stateCTS | stateDSR | stateRI | stateDCD
)

// notifications is what a client was told and wants to be told.
type notifications struct {
	agreed    bool
	lineMask  byte // begins with 0
	modemMask byte // begins with 255
	modem     byte // the levels last seen
}

// Agree appends the first notification, on the event ComPortOn.
// It sets the masks to what they begin with.
func (c *ComPort) Agree(dst []byte) []byte {
	lines, _ := c.line.Lines()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = notifications{agreed: true, modemMask: math.MaxUint8, modem: modemBits(lines)}
	return appendAnswer(dst, NotifyModemState, c.state.modem)
}

func (c *ComPort) agreed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.agreed
}

// Withdraw ends the notifications, on the event ComPortOff.
func (c *ComPort) Withdraw() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.agreed = false
}

// ModemChanged appends a notification to dst if the client agreed to COM-PORT
// and its mask has a bit that differs from what it was last told.
func (c *ComPort) ModemChanged(dst []byte, lines Lines) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.state.agreed {
		return dst
	}
	before := c.state.modem
	state := c.state.update(lines)
	changed := (before ^ state&levels) | state&deltas
	if changed&c.state.modemMask == 0 {
		return dst
	}
	return appendAnswer(dst, NotifyModemState, state&c.state.modemMask)
}

// LineChanged appends a notification of what was received to dst if the client
// agreed to COM-PORT and its mask has one of the bits.
func (c *ComPort) LineChanged(dst []byte, state LineState) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	masked := byte(state) & c.state.lineMask
	if !c.state.agreed || masked == 0 {
		return dst
	}
	return appendAnswer(dst, NotifyLineState, masked)
}

// WantsLineState tells whether [ComPort.LineChanged] could have an effect. The
// client may change its mind at any time.
func (c *ComPort) WantsLineState() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.agreed && c.state.lineMask != 0
}

// answerState answers a client that asks for a state or sets a mask. What is
// asked for is told without the mask, which is for notifications. The line
// state is then 0: its bits are events, and past.
func (c *ComPort) answerState(dst []byte, command Command, mask byte) []byte {
	lines, _ := c.line.Lines()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch command {
	case NotifyLineState:
		return appendAnswer(dst, NotifyLineState, 0)
	case NotifyModemState:
		return appendAnswer(dst, NotifyModemState, c.state.update(lines))
	case SetLineStateMask:
		c.state.lineMask = mask
		dst = appendAnswer(dst, command, mask)
		return appendAnswer(dst, NotifyLineState, 0)
	default:
		c.state.modemMask = mask
		dst = appendAnswer(dst, command, mask)
		return appendAnswer(dst, NotifyModemState, c.state.update(lines)&mask)
	}
}

// update returns the modem state with what changed since the last call.
func (n *notifications) update(lines Lines) byte {
	state := modemBits(lines)
	changed := state ^ n.modem
	n.modem = state
	edges := changed >> 4 & (deltaCTS | deltaDSR | deltaDCD)
	if changed&stateRI != 0 && state&stateRI == 0 {
		edges |= trailingRI
	}
	return state | edges
}

// modemBits returns the levels of the inputs.
func modemBits(l Lines) byte {
	var b byte
	for _, line := range []struct {
		on  bool
		bit byte
	}{{l.CTS, stateCTS}, {l.DSR, stateDSR}, {l.RI, stateRI}, {l.DCD, stateDCD}} {
		if line.on {
			b |= line.bit
		}
	}
	return b
}
