package telnet

import (
	"encoding/binary"
	"math"
	"sync"
)

// Parity is the value of SET-PARITY.
type Parity uint8

// The parities of RFC 2217.
const (
	ParityNone  Parity = 1
	ParityOdd   Parity = 2
	ParityEven  Parity = 3
	ParityMark  Parity = 4
	ParitySpace Parity = 5
)

// StopSize is the value of SET-STOPSIZE.
type StopSize uint8

// The stop sizes of RFC 2217.
const (
	Stop1  StopSize = 1
	Stop2  StopSize = 2
	Stop15 StopSize = 3 // 1.5 bits, with 5 data bits only
)

// Flow is the flow control, as a value of SET-CONTROL.
type Flow uint8

// The flow controls of RFC 2217 that a [Line] can have.
const (
	FlowNone    Flow = 1
	FlowXonXoff Flow = 2
	FlowRTSCTS  Flow = 3
)

// Mode is the part of a serial line's mode that RFC 2217 can change.
type Mode struct {
	Baud     int // bits per second
	DataBits int // 5 to 8
	Parity   Parity
	Stop     StopSize
	Flow     Flow
}

// Lines are the levels of the modem lines.
type Lines struct {
	DTR, RTS          bool // outputs
	CTS, DSR, RI, DCD bool // inputs
}

// Line is the serial line that a [ComPort] controls. It reports no errors:
// what the driver refuses shows in what is read back, and a device that has
// gone ends the session by its Read.
type Line interface {
	// Mode returns what the driver really does, read back.
	Mode() Mode
	// ChangeMode changes the mode in force by the function, at once for all
	// users of the line. The values are the client's: they may be out of
	// range or unfit for each other, and are then to be left as they were.
	ChangeMode(change func(*Mode))
	// Lines returns the modem lines, and false where there are none.
	Lines() (Lines, bool)
	// SetLines sets DTR and RTS, or leaves what is nil.
	SetLines(dtr, rts *bool)
	// SetBreak begins or ends a break.
	SetBreak(on bool)
	// Flush discards what was received and not yet passed on, and what was
	// not yet sent.
	Flush(input, output bool)
}

// ComPort answers the COM-PORT requests of one client. Every answer tells the
// state after the command, read back from the line, so a client sees what was
// refused. Its methods are safe for concurrent use; the line's are called
// without a lock, so one that hangs holds up its own caller only.
type ComPort struct {
	line      Line
	signature string

	mu    sync.Mutex
	soft  soft
	state notifications
}

// soft is what no line can be asked for: a break, and the outputs of a device
// without modem lines. There a client is told what it set, since clients such
// as pyserial fail on any other answer.
type soft struct {
	dtr, rts bool // begin on, as the kernel raises both
	brk      bool
}

// NewComPort returns the COM-PORT side of one client. The signature is the
// answer to SIGNATURE.
func NewComPort(line Line, signature string) *ComPort {
	return &ComPort{
		line:      line,
		signature: signature,
		soft:      soft{dtr: true, rts: true},
		state:     notifications{modemMask: math.MaxUint8},
	}
}

// Release ends a break that the client left on. It is for the end of the
// client's connection.
func (c *ComPort) Release() {
	if c.softState().brk {
		c.line.SetBreak(false)
		c.setSoft(func(s *soft) { s.brk = false })
	}
}

// BreakEnded tells that a break of the client has ended with the device, which
// has gone.
func (c *ComPort) BreakEnded() { c.setSoft(func(s *soft) { s.brk = false }) }

func (c *ComPort) softState() soft {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.soft
}

func (c *ComPort) setSoft(change func(*soft)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.soft)
}

// Answer does what the client asks and appends the answer to dst. Only a
// signature that the client tells is not answered. The first request of a
// client that did not say WILL counts as its agreement.
func (c *ComPort) Answer(dst []byte, r Request) []byte {
	if !c.agreed() {
		dst = c.Agree(dst)
	}
	one := byte(min(r.Value, math.MaxUint8))
	switch r.Command {
	case Signature:
		if r.Text == "" {
			dst = appendAnswer(dst, Signature, []byte(c.signature)...)
		}
	case SetBaudRate:
		dst = c.setBaudRate(dst, r)
	case SetDataSize:
		dst = appendAnswer(dst, r.Command, byte(c.setDataSize(one)))
	case SetParity:
		dst = appendAnswer(dst, r.Command, byte(c.setParity(Parity(one))))
	case SetStopSize:
		dst = appendAnswer(dst, r.Command, byte(c.setStopSize(StopSize(one))))
	case SetControl:
		dst = appendAnswer(dst, r.Command, byte(c.setControl(control(one))))
	case NotifyLineState, NotifyModemState, SetLineStateMask, SetModemStateMask:
		dst = c.answerState(dst, r.Command, one)
	case PurgeData:
		dst = appendAnswer(dst, r.Command, c.purge(one))
	}
	return dst
}

// setBaudRate sets the rate, in either form, and answers in the same form. A
// rate without a code of Cisco's is answered as code 0.
func (c *ComPort) setBaudRate(dst []byte, r Request) []byte {
	rate := int64(r.Value)
	if r.Cisco {
		rate = int64(ciscoRate(r.Value))
	}
	if rate > 0 && rate <= math.MaxInt32 {
		c.line.ChangeMode(func(m *Mode) { m.Baud = int(rate) })
	}
	baud := c.line.Mode().Baud
	if r.Cisco {
		return appendAnswer(dst, SetBaudRate, ciscoCode(baud))
	}
	return appendAnswer(dst, SetBaudRate, binary.BigEndian.AppendUint32(nil, uint32(baud))...)
}

func (c *ComPort) setDataSize(bits byte) int {
	if bits >= 5 && bits <= 8 {
		c.line.ChangeMode(func(m *Mode) {
			m.DataBits = int(bits)
			// A UART has one bit for both: 1.5 with 5 data bits, 2 with more.
			// Without this no client could leave 5 data bits, as RFC 2217
			// wants the size set before the stop size.
			if bits > 5 && m.Stop == Stop15 {
				m.Stop = Stop2
			}
		})
	}
	return c.line.Mode().DataBits
}

func (c *ComPort) setParity(p Parity) Parity {
	if p >= ParityNone && p <= ParitySpace {
		c.line.ChangeMode(func(m *Mode) { m.Parity = p })
	}
	return c.line.Mode().Parity
}

func (c *ComPort) setStopSize(s StopSize) StopSize {
	if s >= Stop1 && s <= Stop15 {
		c.line.ChangeMode(func(m *Mode) { m.Stop = s })
	}
	return c.line.Mode().Stop
}

// purge returns what it discarded, 0 when the value means nothing.
func (c *ComPort) purge(what byte) byte {
	if what < 1 || what > 3 {
		return 0
	}
	c.line.Flush(what&1 != 0, what&2 != 0)
	return what
}
