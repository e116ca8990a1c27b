package ser2nettest

import (
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/fieldgate/fieldgate/ser2net"
)

// Hardware is what a device is like. The zero value is a device that has and
// does everything, and takes no time for it.
type Hardware struct {
	NoLines    bool // no modem lines: ErrNoLines
	NoCounters bool // no counters: errors.ErrUnsupported
	NoRS485    bool // no RS485: errors.ErrUnsupported
	MaxBaud    int  // faster rates are ignored, without an error; 0 = no limit
	Paced      bool // characters take the time of their mode, both ways
}

// Fault is what can be wrong with a character that arrives.
type Fault int

// The faults. All are counted by the device.
const (
	BadParity  Fault = iota // passed on as it came
	BadFraming              // passed on as it came
	Overrun                 // lost in the hardware
	BufOverrun              // lost in the driver's buffer
)

// Line is a null modem cable: DTR of either end is DSR and DCD of the other,
// RTS is CTS. The near end is a device of an [Opener]; the far end is the
// machine attached, an open port in the hands of the test. Its methods are
// safe for concurrent use.
type Line struct {
	device string
	hw     Hardware

	mu        sync.Mutex
	changed   sync.Cond // anything below, and in both ends
	near, far *end
	unplugged bool
	occupied  bool
	wedged    bool
	ring      bool
	faults    []Fault // of the next characters to the device
	farPort   *Port
}

// Pair returns two open ports with a null modem cable between them.
func Pair() (near, far *Port) {
	l := newLine("near", Hardware{})
	near, err := l.open(ser2net.DefaultMode())
	if err != nil {
		panic(err) // nobody else can hold it
	}
	return near, l.Far()
}

func newLine(device string, hw Hardware) *Line {
	l := &Line{device: device, hw: hw}
	l.changed.L = &l.mu
	l.near, l.far = &end{line: l}, &end{line: l}
	l.near.peer, l.far.peer = l.far, l.near
	l.near.mode = ser2net.DefaultMode()
	l.farPort = l.far.attach(device+" (far end)", ser2net.DefaultMode())
	return l
}

// Far returns the port at the far end. It is open from the start; its faults
// are those of a working port, and no Unplug ends it.
func (l *Line) Far() *Port { return l.farPort }

// open opens the near end.
func (l *Line) open(m ser2net.Mode) (*Port, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.unplugged:
		return nil, fs.ErrNotExist
	case l.occupied || l.near.user != nil:
		return nil, ser2net.ErrPortBusy
	}
	if err := l.near.unsupported(m); err != nil {
		return nil, err
	}
	return l.near.attach(l.device, m), nil
}

// Unplug takes the device away: an open port hangs up, and the far end sees
// its lines fall and talks to nobody.
func (l *Line) Unplug() {
	l.change(func() {
		l.unplugged = true
		l.near.hangUp()
		l.near.dtr, l.near.rts = false, false
	})
}

// Plug brings the device back; a port that hung up stays so, and holds the
// device until it is closed.
func (l *Line) Plug() { l.change(func() { l.unplugged = false }) }

// Occupy lets another program hold the device, or give it free.
func (l *Line) Occupy(on bool) { l.change(func() { l.occupied = on }) }

// Wedge stops all output of the device, as hardware does that has failed, or
// frees it again.
func (l *Line) Wedge(on bool) { l.change(func() { l.wedged = on }) }

// Ring sets the line RI of the device, which no null modem cable has.
func (l *Line) Ring(on bool) { l.change(func() { l.ring = on }) }

// Damage lets the next characters arrive at the device with these faults, one
// each.
func (l *Line) Damage(faults ...Fault) { l.change(func() { l.faults = append(l.faults, faults...) }) }

// InUse tells whether somebody holds the device, hung up or not.
func (l *Line) InUse() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.near.user != nil
}

// Mode returns the mode of the device, that of its last user when it is
// closed.
func (l *Line) Mode() ser2net.Mode {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.near.mode
}

// String describes the device and its state.
func (l *Line) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	state := "closed"
	switch {
	case l.unplugged:
		state = "unplugged"
	case l.near.port != nil:
		state = "open"
	}
	text := fmt.Sprintf("%s: %s %v; received %d, sent %d", l.device, state, l.near.mode, l.near.count.Rx, l.near.count.Tx)
	if l.hw.NoLines {
		return text
	}
	lines := l.near.lines()
	var up []string
	for _, wire := range []struct {
		name string
		on   bool
	}{{"DTR", lines.DTR}, {"RTS", lines.RTS}, {"CTS", lines.CTS}, {"DSR", lines.DSR}, {"RI", lines.RI}, {"DCD", lines.DCD}} {
		if wire.on {
			up = append(up, wire.name)
		}
	}
	return text + "; lines up: " + strings.Join(up, " ")
}

// change makes a change, lets the bytes flow that it frees, and wakes whoever
// waits for it.
func (l *Line) change(what func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	what()
	l.settle()
}

// settle is called after every change, with the lock held.
func (l *Line) settle() {
	l.near.watchCarrier()
	l.far.watchCarrier()
	l.near.transmit()
	l.far.transmit()
	l.changed.Broadcast()
}
