package ser2nettest

import (
	"errors"
	"fmt"
	"time"

	"github.com/fieldgate/fieldgate/ser2net"
)

// bufferSize is what a driver holds in either direction, as Linux does.
const bufferSize = 4096

// The bytes of XON/XOFF flow control.
const (
	xon  = 0x11
	xoff = 0x13
)

// end is the driver at one end of a line. All of it is guarded by the lock
// of the line.
type end struct {
	line *Line
	peer *end
	user *Port // who holds the device, nil when closed
	port *Port // the same until it hangs up

	mode     ser2net.Mode
	dtr, rts bool
	carrier  bool // DCD as it was
	brk      bool
	stopped  bool // by XOFF from the peer
	rx, tx   []byte
	count    ser2net.Counters

	pacing *time.Timer // fires when the next character is through
	sentAt time.Time   // when the last character was
}

// attach opens the end. The driver raises both outputs before anybody can
// speak.
func (e *end) attach(name string, m ser2net.Mode) *Port {
	p := &Port{end: e, name: name, from: e.count}
	e.user, e.port = p, p
	e.rx, e.tx, e.brk, e.stopped = nil, nil, false, false
	e.dtr, e.rts = true, true
	e.configure(m)
	e.line.settle()
	return p
}

// detach parts the driver from its port.
func (e *end) detach() {
	e.port = nil
	e.rx, e.tx, e.brk = nil, nil, false
	if e.mode.HangUp {
		e.dtr, e.rts = false, false
	}
	if e.pacing != nil {
		e.pacing.Stop()
		e.pacing = nil
	}
}

// hangUp ends an open port, which its user still has to close.
func (e *end) hangUp() {
	if e.port != nil {
		e.port.hung = true
		e.detach()
	}
}

// watchCarrier hangs up when DCD falls, for a mode that asks for it.
func (e *end) watchCarrier() {
	had := e.carrier
	e.carrier = e.lines().DCD
	if had && !e.carrier && e.mode.Carrier && !e.line.hw.NoLines {
		e.hangUp()
	}
}

// unsupported returns what the hardware has no means for.
func (e *end) unsupported(m ser2net.Mode) error {
	if m.RS485.Enabled && e.line.hw.NoRS485 {
		return fmt.Errorf("the driver has no RS485: %w", errors.ErrUnsupported)
	}
	return nil
}

// configure does as much of m as the hardware can.
func (e *end) configure(m ser2net.Mode) {
	m = m.Normal()
	if limit := e.line.hw.MaxBaud; limit > 0 && m.Baud > limit {
		m.Baud = e.mode.Baud
	}
	if m.DataBits == 5 && m.StopBits == ser2net.StopBits2 {
		m.StopBits = ser2net.StopBits15
	}
	if !e.line.hw.NoLines {
		if m.DTR != nil {
			e.dtr = *m.DTR
		}
		if m.RTS != nil {
			e.rts = *m.RTS
		}
	}
	m.DTR, m.RTS = nil, nil
	e.mode = m
	e.stopped = e.stopped && m.Flow == ser2net.FlowXonXoff
}

func (e *end) lines() ser2net.Lines {
	return ser2net.Lines{
		DTR: e.dtr, RTS: e.rts, CTS: e.peer.rts, DSR: e.peer.dtr, DCD: e.peer.dtr,
		RI: e == e.line.near && e.line.ring,
	}
}

// maySend tells whether anything keeps the end from sending.
func (e *end) maySend() bool {
	l := e.line
	switch {
	case e.port == nil, e.brk, e.stopped, e == l.near && l.wedged:
		return false
	case e.mode.Flow == ser2net.FlowRTSCTS && !l.hw.NoLines && !e.peer.rts:
		return false
	}
	return e.peer.port == nil || len(e.peer.rx) < bufferSize
}

// transmit sends what may be sent now.
func (e *end) transmit() {
	if !e.line.hw.Paced {
		for len(e.tx) > 0 && e.maySend() {
			e.sendOne()
		}
		return
	}
	if e.pacing != nil || len(e.tx) == 0 || !e.maySend() {
		return
	}
	e.sentAt = time.Now()
	e.pacing = time.AfterFunc(characterTime(e.mode), e.tick)
}

// tick sends what has been through the wire since the last time.
func (e *end) tick() {
	e.line.change(func() {
		if e.pacing == nil {
			return // closed meanwhile
		}
		each := characterTime(e.mode)
		for n := time.Since(e.sentAt) / each; n > 0 && len(e.tx) > 0 && e.maySend(); n-- {
			e.sendOne()
			e.sentAt = e.sentAt.Add(each)
		}
		e.pacing = nil
		if len(e.tx) > 0 && e.maySend() {
			e.pacing = time.AfterFunc(time.Until(e.sentAt.Add(each)), e.tick)
		}
	})
}

// characterTime is how long a character takes, with its start bit.
func characterTime(m ser2net.Mode) time.Duration {
	halfBits := 2 * (1 + m.DataBits)
	if m.Parity != ser2net.ParityNone {
		halfBits += 2
	}
	switch m.StopBits {
	case ser2net.StopBits1:
		halfBits += 2
	case ser2net.StopBits15:
		halfBits += 3
	case ser2net.StopBits2:
		halfBits += 4
	}
	return time.Duration(halfBits) * time.Second / 2 / time.Duration(m.Baud)
}

// sendOne takes a character from the buffer to the peer.
func (e *end) sendOne() {
	b := e.tx[0]
	e.tx = e.tx[1:]
	e.count.Tx++
	if e.peer.port != nil {
		e.peer.receive(b)
	}
}

func (e *end) receive(b byte) {
	if l := e.line; e == l.near && len(l.faults) > 0 {
		fault := l.faults[0]
		l.faults = l.faults[1:]
		switch fault {
		case BadParity:
			e.count.Parity++
		case BadFraming:
			e.count.Frame++
		case Overrun:
			e.count.Overrun++
			return
		case BufOverrun:
			e.count.BufOverrun++
			return
		}
	}
	e.count.Rx++
	if e.mode.Flow == ser2net.FlowXonXoff && (b == xon || b == xoff) {
		e.stopped = b == xoff
		return
	}
	e.rx = append(e.rx, b)
}
