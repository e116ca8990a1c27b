package fakecharon

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// Options are how a daemon is. The zero value is good.
type Options struct {
	// Version is what it calls itself. Default "5.9.8".
	Version string
	// Silence is how long it waits for a peer that does not answer. Default
	// 3 s.
	Silence time.Duration
}

// Daemon is a fake charon. Its methods are safe for concurrent use.
type Daemon struct {
	socket  string
	options Options
	work    sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener
	clients  map[*client]bool
	conns    map[string]*vici.Message
	order    []string // of conns
	shared   map[string]sharedKey
	pools    map[string]*vici.Message
	keys     map[string]bool
	certs    map[string]string // data to flag
	sas      []*ikeSA
	lastID   uint64
	peers    map[string]Peer
	faults   []*Fault
	calls    []string
	down     chan struct{} // closed when the daemon ends
}

// maxCalls is how many calls are remembered.
const maxCalls = 10_000

type sharedKey struct {
	data   string
	owners []string
}

// Start starts a daemon at a path, which may have 107 bytes. The caller closes
// it.
func Start(socket string, o Options) (*Daemon, error) {
	if o.Version == "" {
		o.Version = "5.9.8"
	}
	if o.Silence == 0 {
		o.Silence = 3 * time.Second
	}
	d := &Daemon{socket: socket, options: o, peers: make(map[string]Peer)}
	return d, d.Restart()
}

// Socket returns the path of the control socket.
func (d *Daemon) Socket() string { return d.socket }

// Restart starts the daemon after a Kill, with nothing loaded. As charon does,
// it takes over a socket that a dead daemon left.
func (d *Daemon) Restart() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.listener != nil {
		return errors.New("fakecharon: it runs already")
	}
	if err := os.Remove(d.socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("fakecharon: %w", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: d.socket, Net: "unix"})
	if err != nil {
		return fmt.Errorf("fakecharon: %w", err)
	}
	l.SetUnlinkOnClose(false)
	d.listener, d.down = l, make(chan struct{})
	d.clients = make(map[*client]bool)
	d.forget()
	d.work.Go(func() { d.accept(l) })
	return nil
}

// forget makes the daemon empty.
func (d *Daemon) forget() {
	d.conns, d.order, d.sas = make(map[string]*vici.Message), nil, nil
	d.pools = make(map[string]*vici.Message)
	d.clearCredentials()
}

func (d *Daemon) clearCredentials() {
	d.shared, d.keys, d.certs = make(map[string]sharedKey), make(map[string]bool), make(map[string]string)
}

func (d *Daemon) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		d.serve(conn)
	}
}

// Kill ends the daemon at once, as kill -9 does: connections break, the file
// of the socket stays.
func (d *Daemon) Kill() {
	d.mu.Lock()
	if d.listener != nil {
		close(d.down)
		_ = d.listener.Close() // it is of no use any more in any case
		d.listener = nil
		for c := range d.clients {
			c.close()
		}
	}
	d.mu.Unlock()
	d.work.Wait()
}

// Close ends the daemon and removes its socket.
func (d *Daemon) Close() error {
	d.Kill()
	if err := os.Remove(d.socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("fakecharon: %w", err)
	}
	return nil
}

// Connections returns the names of what is loaded, in that order.
func (d *Daemon) Connections() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.order)
}

// Secrets returns the ids of the pre-shared keys, sorted.
func (d *Daemon) Secrets() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.shared))
}

// Calls returns the commands that were sent, oldest first, each with the name
// that it is about, such as "load-conn fieldgate-demo0".
func (d *Daemon) Calls() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.calls)
}

// String prints what is loaded, without secrets, and the SAs.
func (d *Daemon) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var b strings.Builder
	for _, name := range d.order {
		fmt.Fprintf(&b, "connection %s\n", name)
	}
	for _, id := range slices.Sorted(maps.Keys(d.shared)) {
		fmt.Fprintf(&b, "pre-shared key %s of %s\n", id, strings.Join(d.shared[id].owners, ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(d.pools)) {
		fmt.Fprintf(&b, "pool %s\n", name)
	}
	fmt.Fprintf(&b, "%d private keys, %d certificates\n", len(d.keys), len(d.certs))
	for _, sa := range d.sas {
		fmt.Fprintf(&b, "SA %d %s %s", sa.id, sa.name, sa.state)
		for _, c := range sa.children {
			fmt.Fprintf(&b, " {%d %s %s}", c.id, c.name, c.state)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
