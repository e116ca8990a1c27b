package telnet_test

import (
	"fmt"
	"sync"

	"github.com/fieldgate/fieldgate/ser2net/internal/telnet"
)

// line is a serial line of whose driver some requests are refused.
type line struct {
	mu      sync.Mutex
	mode    telnet.Mode
	wired   bool // has modem lines
	lines   telnet.Lines
	maxBaud int
	log     []string // breaks and flushes
}

// newLine returns a 16550 with modem lines, at 9600n81.
func newLine() *line {
	return &line{
		mode: telnet.Mode{
			Baud: 9600, DataBits: 8, Parity: telnet.ParityNone, Stop: telnet.Stop1, Flow: telnet.FlowNone,
		},
		wired:   true,
		lines:   telnet.Lines{DTR: true, RTS: true, CTS: true, DCD: true},
		maxBaud: 115200,
	}
}

// newPTY returns a line without modem lines that does 8 bits without parity
// only, but any rate.
func newPTY() *line {
	l := newLine()
	l.wired, l.maxBaud = false, 0
	return l
}

func (l *line) Mode() telnet.Mode {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mode
}

func (l *line) ChangeMode(change func(*telnet.Mode)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.mode
	change(&m)
	if !l.wired {
		m.DataBits, m.Parity = 8, telnet.ParityNone
	}
	if l.maxBaud > 0 && m.Baud > l.maxBaud {
		m.Baud = l.mode.Baud
	}
	if (m.Stop == telnet.Stop15) != (m.DataBits == 5) && m.Stop != telnet.Stop1 {
		return
	}
	l.mode = m
}

func (l *line) Lines() (telnet.Lines, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines, l.wired
}

func (l *line) SetLines(dtr, rts *bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if dtr != nil && l.wired {
		l.lines.DTR = *dtr
	}
	if rts != nil && l.wired {
		l.lines.RTS = *rts
	}
}

func (l *line) SetBreak(on bool) { l.note("break %t", on) }

func (l *line) Flush(input, output bool) { l.note("flush %t %t", input, output) }

func (l *line) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log = append(l.log, fmt.Sprintf(format, args...))
}

func (l *line) noted() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log
}
