package openvpntest

import (
	"bytes"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/openvpn"
)

// room is how many events wait for the reader.
const room = 4096

// Process is a process of a [Runner], as the machine sees it; what the program
// has of it is an [openvpn.Process]. Its methods are safe for concurrent use.
type Process struct {
	host    *host
	launch  openvpn.Launch
	script  Script
	pid     int
	started time.Time

	// The rest is guarded by host.mu.
	events  chan openvpn.Event // nil: nobody manages it
	owner   *handle
	state   openvpn.StateChanged
	left    []string // states that are still to come
	asks    []openvpn.NeedCredentials
	pending *openvpn.NeedCredentials
	timer   *time.Timer
	mute    bool
	dead    bool
	files   map[string][]byte
	signals []openvpn.Signal
	clients map[uint64]*client
	cid     uint64
}

func newProcess(h *host, l openvpn.Launch, s Script) *Process {
	p := &Process{
		host: h, launch: l, script: s, pid: h.pid, started: time.Now(),
		files: make(map[string][]byte), clients: make(map[uint64]*client),
	}
	for name, content := range l.Files {
		p.files[name] = bytes.Clone(content)
	}
	return p
}

// attach gives the process a manager, who hears the state and the question
// that is open, as at a real management socket. Callers hold host.mu, as those
// of all methods that are not exported.
func (p *Process) attach() {
	p.events = make(chan openvpn.Event, room)
	p.owner = &handle{p: p, events: p.events}
	if p.state.Name != "" {
		p.tell(p.state)
	}
	if p.pending != nil {
		p.tell(*p.pending)
	}
	for _, cid := range slices.Sorted(maps.Keys(p.clients)) {
		if c := p.clients[cid]; !c.in {
			p.tell(c.asks)
		}
	}
}

func (p *Process) handle() openvpn.Process { return p.owner }

func (p *Process) detach() {
	if p.events != nil {
		close(p.events)
	}
	p.events, p.owner = nil, nil
}

// tell puts an event into the queue; what does not fit is lost.
func (p *Process) tell(e openvpn.Event) {
	if p.events == nil {
		return
	}
	select {
	case p.events <- e:
	default:
	}
}

// begin plays from the start.
func (p *Process) begin() {
	if len(p.script.Output) > 0 {
		p.after(pace, func() { p.exit("exit status 1", "", p.script.Output) })
		return
	}
	p.asks = slices.Clone(p.script.Ask)
	p.left = states(p.launch.Config)
	p.after(pace, p.next)
}

// after calls f later, with the lock held, unless something else is to happen
// by then.
func (p *Process) after(d time.Duration, f func()) {
	if p.timer != nil {
		p.timer.Stop()
	}
	var mine *time.Timer
	mine = time.AfterFunc(d, func() {
		p.host.mu.Lock()
		defer p.host.mu.Unlock()
		if !p.dead && p.timer == mine {
			f()
		}
	})
	p.timer = mine
}

// next plays the next step.
func (p *Process) next() {
	switch {
	case p.pending != nil:
		return
	case len(p.asks) > 0:
		need := p.asks[0]
		p.asks, p.pending = p.asks[1:], &need
		p.tell(need)
		return
	case len(p.left) == 0:
		return
	case p.script.Hang && p.left[0] == "CONNECTED":
		return
	}
	name := p.left[0]
	p.left = p.left[1:]
	p.become(name, "")
	if len(p.left) > 0 {
		p.after(pace, p.next)
	}
}

// become tells a state.
func (p *Process) become(name, detail string) {
	p.state = openvpn.StateChanged{At: time.Now(), Name: name, Detail: detail}
	if name == "CONNECTED" {
		p.state.Detail = "SUCCESS"
		p.state.Tunnel = netip.MustParseAddr("10.8.0.2")
		p.state.Remote = netip.MustParseAddrPort("192.0.2.1:1194")
		p.state.Local = netip.MustParseAddrPort("192.0.2.2:40000")
	}
	p.tell(p.state)
}

// again begins a new connection.
func (p *Process) again(why string) {
	p.become("RECONNECTING", why)
	p.pending = nil
	p.asks, p.left = slices.Clone(p.script.Ask), states(p.launch.Config)
	p.after(time.Second, p.next) // openvpn's own pause
}

// refuse is what openvpn does after wrong credentials: it asks again with
// auth-retry interact, else it ends.
func (p *Process) refuse(what string) {
	retries := bytes.Contains(p.launch.Config, []byte("auth-retry interact"))
	switch {
	case retries && what == "Private Key":
		p.again("private-key-password-failure")
	case retries:
		p.again("auth-failure")
	case what == "Private Key":
		p.after(pace, func() {
			p.exit("exit status 1", "Error: private key password verification failed", nil)
		})
	default:
		p.after(pace, func() {
			p.become("EXITING", "auth-failure")
			p.exit("exit status 0", "", nil)
		})
	}
}

// exit ends the process.
func (p *Process) exit(status, fatal string, output []string) {
	if p.dead {
		return
	}
	p.dead = true
	if p.timer != nil {
		p.timer.Stop()
	}
	p.tell(openvpn.Exited{At: time.Now(), Status: status, Fatal: fatal, Output: output})
	if p.events != nil {
		close(p.events)
		p.events = nil
	}
	if p.host.processes[p.launch.Name] == p {
		delete(p.host.processes, p.launch.Name)
	}
}

// PID returns its number.
func (p *Process) PID() int { return p.pid }

// Emit lets it say something.
func (p *Process) Emit(e openvpn.Event) {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	if s, ok := e.(openvpn.StateChanged); ok {
		p.state = s
	}
	p.tell(e)
}

// Exit ends it with a status such as "exit status 0", after it has written
// some lines.
func (p *Process) Exit(status string, output ...string) {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	p.exit(status, "", output)
}

// Lose lets it begin its connection again, for a reason such as ping-restart.
func (p *Process) Lose(why string) {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	p.again(why)
}

// Mute lets its management socket fall silent: commands get no answer, and
// the program hears of it. Unmute ends that.
func (p *Process) Mute() {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	p.mute = true
	p.tell(openvpn.SocketLost{Reason: "openvpn does not answer on its management socket"})
}

// Unmute lets it answer again.
func (p *Process) Unmute() {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	p.mute = false
	p.tell(p.state)
}

// File returns a file of its working folder.
func (p *Process) File(name string) []byte {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	return bytes.Clone(p.files[name])
}

// Signals returns what it got.
func (p *Process) Signals() []openvpn.Signal {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	return slices.Clone(p.signals)
}

var errGone = errors.New("the process has ended, or is managed by another")
