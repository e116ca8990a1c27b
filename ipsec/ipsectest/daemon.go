package ipsectest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
)

// Version is what the fake daemon calls itself.
const Version = "fake 1.0"

// Peer is how a peer behaves.
type Peer string

// The behaviours of a peer.
const (
	PeerAnswers  Peer = ""       // it accepts what it expects
	PeerSilent   Peer = "silent" // as if it were cut off
	PeerNameless Peer = "name"   // its host name does not resolve
)

// Op is a call of a session, for [Daemon.FailNext].
type Op string

// The calls.
const (
	OpConnect   Op = "connect"
	OpApply     Op = "apply"
	OpInitiate  Op = "initiate"
	OpTerminate Op = "terminate"
	OpRekey     Op = "rekey"
	OpSAs       Op = "sas"
)

// The times of the fake daemon.
const (
	// Silence is how long it waits for a silent peer.
	Silence = 3 * time.Second
	// Linger is how long a child that was replaced or closed stays listed.
	Linger = 5 * time.Second
)

// Daemon is a fake IKE daemon with its peers. Its methods are safe for
// concurrent use.
type Daemon struct {
	mu       sync.Mutex
	running  bool
	denied   bool
	hang     chan struct{} // nil: calls do not hang
	sessions map[*session]bool
	conns    map[string]ipsec.Definition // by the name in the daemon
	sas      []*ipsec.SA                 // of the names in the daemon
	children map[uint64]time.Time        // when a lingering child goes
	foreign  map[string]bool
	expected map[string]ipsec.Definition // by the name of the connection
	peers    map[string]Peer
	refused  map[string]error
	faults   map[Op][]error
	delay    time.Duration
	dieAfter int // connections of an Apply until the daemon dies; -1: never
	lastID   uint64
	calls    []string
}

// NewDaemon returns a daemon that runs and holds nothing.
func NewDaemon() *Daemon {
	d := &Daemon{
		sessions: make(map[*session]bool), expected: make(map[string]ipsec.Definition),
		peers: make(map[string]Peer), refused: make(map[string]error), faults: make(map[Op][]error),
		foreign: make(map[string]bool), dieAfter: -1,
	}
	d.Start()
	return d
}

// Kill ends the daemon: it loses everything, and its sessions end.
func (d *Daemon) Kill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kill()
}

func (d *Daemon) kill() {
	d.running = false
	d.conns, d.sas, d.children = nil, nil, nil
	d.foreign = make(map[string]bool)
	for s := range d.sessions {
		s.end()
	}
}

// Start lets the daemon run again, with nothing loaded.
func (d *Daemon) Start() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running {
		return
	}
	d.running = true
	d.conns, d.children = make(map[string]ipsec.Definition), make(map[uint64]time.Time)
}

// Deny refuses new sessions for lack of permission, or does not any more.
func (d *Daemon) Deny(denied bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.denied = denied
}

// Stall lets all calls wait until their context ends, or that is over.
func (d *Daemon) Stall(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if on && d.hang == nil {
		d.hang = make(chan struct{})
	}
	if !on && d.hang != nil {
		close(d.hang)
		d.hang = nil
	}
}

// FailNext lets the next call of a kind fail with err. More calls of FailNext
// line up; with nil those that wait are forgotten.
func (d *Daemon) FailNext(op Op, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		delete(d.faults, op)
		return
	}
	d.faults[op] = append(d.faults[op], err)
}

// DieInApply kills the daemon in the next Apply, once n connections of it are
// loaded.
func (d *Daemon) DieInApply(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dieAfter = n
}

// Refuse lets the daemon refuse a connection with err; nil: no more.
func (d *Daemon) Refuse(name string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		delete(d.refused, name)
		return
	}
	d.refused[name] = err
}

// Delay sets how long a negotiation takes. Zero at first.
func (d *Daemon) Delay(delay time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.delay = delay
}

// SetPeer tells how the peer of a connection behaves.
func (d *Daemon) SetPeer(name string, p Peer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.peers[name] = p
}

// Expect tells what the peers of connections want: what does not agree in
// key, proposals or subnets is refused by them as a real peer would.
func (d *Daemon) Expect(definitions ...ipsec.Definition) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, def := range definitions {
		d.expected[def.Name] = def
	}
}

// LoadForeign loads a connection of somebody else.
func (d *Daemon) LoadForeign(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.foreign[name] = true
}

// HasForeign tells whether a connection of somebody else is there.
func (d *Daemon) HasForeign(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.foreign[name]
}

// Loaded returns the connections in the daemon, sorted by their names there,
// such as "fieldgate-demo0".
func (d *Daemon) Loaded() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.conns))
}

// Definition returns what is loaded under a name as of Loaded.
func (d *Daemon) Definition(loaded string) (ipsec.Definition, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	def, ok := d.conns[loaded]
	return def, ok
}

// Sessions counts the open sessions.
func (d *Daemon) Sessions() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.sessions)
}

// Calls returns what was called so far, such as "initiate demo0".
func (d *Daemon) Calls() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.calls)
}

// String tells the state, one connection a line, without secrets.
func (d *Daemon) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.running {
		return "not running\n"
	}
	var b strings.Builder
	for _, loaded := range slices.Sorted(maps.Keys(d.conns)) {
		def := d.conns[loaded]
		fmt.Fprintf(&b, "%s: %s to %s, start %s", loaded, def.Type, def.Gateway, def.StartAction)
		for _, sa := range d.sas {
			if sa.Connection == loaded {
				fmt.Fprintf(&b, ", %s #%d", sa.State, sa.ID)
				for _, c := range sa.Children {
					fmt.Fprintf(&b, ", %s {%d}", c.State, c.ID)
				}
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
