package atmodemtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/api"
)

// SIM is the state of the SIM card.
type SIM string

// The states of a SIM card.
const (
	SIMReady   SIM = "ready"
	SIMMissing SIM = "missing"
	SIMLocked  SIM = "locked" // waits for its PIN
)

// Faults are what is wrong with the modem and its line. The zero value is
// nothing.
type Faults struct {
	Refuse  error         // Open fails with it
	Silent  bool          // nothing is answered, not even echoed
	Mute    []string      // these commands, such as "AT+CSQ", are not answered
	Unknown []string      // these end in ERROR
	Late    string        // this command is answered after LateBy
	LateBy  time.Duration //
	News    []string      // lines that the modem sends by itself, before and within each answer
	Junk    []byte        // bytes before each answer
	Slow    time.Duration // between two bytes of an answer
}

// Modem is a modem that speaks AT commands. Make it with [NewModem]. Its
// methods are safe for concurrent use.
type Modem struct {
	mu       sync.Mutex
	info     api.ModemInfo
	sim      SIM
	faults   Faults
	scripts  map[string][]string
	commands []string // the latest maxCommands
	lines    map[io.ReadWriter]bool
	mode     mode
	prompt   bool // a text is asked for, until ESC
}

// mode is what commands set, and a restart sets back.
type mode struct {
	echo, quiet, terse bool // E1, Q1, V0
	errors             int  // +CMEE
	numeric            bool // +COPS=3,2
	registration       map[string]int
}

const maxCommands = 1000

// NewModem returns a modem in an LTE network that has just started: it echoes,
// and tells errors without a reason.
func NewModem() *Modem {
	m := &Modem{
		sim:     SIMReady,
		scripts: make(map[string][]string),
		lines:   make(map[io.ReadWriter]bool),
		info: api.ModemInfo{
			Manufacturer: "Fieldgate", Model: "FG-LTE1", Revision: "01.002",
			// Numbers of test equipment: TAC 00 and network 001-01.
			Operator: "Test Network", Registration: "home", Technology: "LTE", SignalDBm: new(-71),
			IMEI: "004999010640000", IMSI: "001010123456789", ICCID: "8988211000000000001",
			CellID: "01A2B3C4", AreaCode: "0F01", IPAddress: "10.64.0.7",
		},
	}
	m.restart()
	return m
}

// Set makes info the state of the modem. A fact without value is one that the
// modem cannot tell.
func (m *Modem) Set(info api.ModemInfo) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.info = info
}

// Info returns what a provider has to tell of a modem in this state.
func (m *Modem) Info() api.ModemInfo {
	m.mu.Lock()
	defer m.mu.Unlock()
	info := m.info
	if info.SignalDBm != nil {
		info.SignalDBm = new(*info.SignalDBm)
	}
	if m.sim != SIMReady {
		info.IMSI = ""
	}
	if m.sim == SIMMissing {
		info.ICCID = ""
	}
	if info.Registration != "home" && info.Registration != "roaming" {
		info.Operator, info.Technology, info.CellID, info.AreaCode = "", "", "", ""
	}
	return info
}

// SetSIM changes the SIM card.
func (m *Modem) SetSIM(sim SIM) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sim = sim
}

// SetFaults makes f all that is wrong.
func (m *Modem) SetFaults(f Faults) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults = f
}

// Script makes lines the whole answer to a command, such as "AT+CSQ", with
// its last line ("OK"); none: the command is answered from the state again.
func (m *Modem) Script(command string, lines ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(lines) == 0 {
		delete(m.scripts, command)
		return
	}
	m.scripts[command] = lines
}

// Restart is what a modem does that crashes and keeps its port.
func (m *Modem) Restart() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.restart()
}

func (m *Modem) restart() {
	m.mode, m.prompt = mode{echo: true, registration: make(map[string]int)}, false
}

// Prompt leaves the modem as somebody does who has begun a short message: it
// takes everything for its text until ESC comes.
func (m *Modem) Prompt() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.prompt = true
}

// HangUp closes all lines, as pulling the plug does.
func (m *Modem) HangUp() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for line := range m.lines {
		if c, ok := line.(io.Closer); ok {
			_ = c.Close()
		}
	}
}

// Send sends text on all lines, as it is.
func (m *Modem) Send(text string) {
	m.mu.Lock()
	lines := slices.Collect(maps.Keys(m.lines))
	m.mu.Unlock()
	for _, line := range lines {
		_, _ = io.WriteString(line, text)
	}
}

// Commands returns the latest 1,000 commands that the modem has got.
func (m *Modem) Commands() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.commands)
}

// Open connects a line in memory. It fits atmodem.Opener.
func (m *Modem) Open(ctx context.Context) (io.ReadWriteCloser, error) {
	m.mu.Lock()
	err := m.faults.Refuse
	m.mu.Unlock()
	if err = errors.Join(ctx.Err(), err); err != nil {
		return nil, fmt.Errorf("atmodemtest: %w", err)
	}
	near, far := net.Pipe()
	go func() {
		_ = m.Serve(far)
		_ = far.Close()
	}()
	return near, nil
}

// String shows the state: a line per fact, then the SIM and the faults.
func (m *Modem) String() string {
	info := m.Info()
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	line("modem", strings.TrimSpace(info.Manufacturer+" "+info.Model+" "+info.Revision))
	line("network", strings.TrimSpace(info.Operator+" "+info.Technology))
	line("registration", info.Registration)
	if info.SignalDBm != nil {
		line("signal", fmt.Sprintf("%d dBm", *info.SignalDBm))
	}
	line("imei", info.IMEI)
	line("imsi", info.IMSI)
	line("iccid", info.ICCID)
	line("cell", info.CellID)
	line("area", info.AreaCode)
	line("ip address", info.IPAddress)
	line("sim", string(m.sim))
	f := m.faults
	if f.Refuse != nil {
		line("refuses", f.Refuse.Error())
	}
	if f.Silent {
		line("silent", "yes")
	}
	line("mute", strings.Join(f.Mute, " "))
	line("unknown", strings.Join(f.Unknown, " "))
	if f.Late != "" {
		line("late", fmt.Sprintf("%s by %v", f.Late, f.LateBy))
	}
	line("news", strings.Join(f.News, ", "))
	if len(f.Junk) > 0 {
		line("junk", fmt.Sprintf("%d bytes", len(f.Junk)))
	}
	if f.Slow > 0 {
		line("slow", f.Slow.String()+" a byte")
	}
	return b.String()
}
