package l2tptest

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/ipsec/l2tp"
)

// How long the fake takes, in the time of the test.
const (
	tunnelTime = 100 * time.Millisecond
	pppTime    = 100 * time.Millisecond
	silentTime = 35 * time.Second // until a silent server counts as such
)

// Server is a server that clients of the fake can dial.
type Server struct {
	// Silent lets it answer nothing.
	Silent bool
	// Users and their passwords.
	Users map[string]string
	// First is the address of its first client, Local its own.
	Local, First netip.Addr
	DNS          []netip.Addr
}

// Host is a fake of a host with L2TP: a [l2tp.Backend] in memory. Its servers
// are made with [Host.Serve], its clients come with [Host.Connect]. The zero
// value is not usable; make it with [NewHost].
type Host struct {
	mu      sync.Mutex
	servers map[netip.Addr]Server
	running *daemon
	starts  int
	refuse  []error
	hold    bool
	units   int
}

var _ l2tp.Backend = (*Host)(nil)

// NewHost returns a host without servers.
func NewHost() *Host { return &Host{servers: make(map[netip.Addr]Server)} }

// Serve puts a server at an address, or another one in its place.
func (h *Host) Serve(at netip.Addr, s Server) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.servers[at] = s
}

// FailNext lets the next Starts fail with these errors; none, or nil: they
// succeed again.
func (h *Host) FailNext(errs ...error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(errs) == 0 || errs[0] == nil {
		h.refuse = nil
		return
	}
	h.refuse = append(h.refuse, errs...)
}

// StallNext lets the next Start wait for its context.
func (h *Host) StallNext() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hold = true
}

// Running counts what is held: 1 for the programs, and 1 for each link.
func (h *Host) Running() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running == nil {
		return 0
	}
	return 1 + len(h.running.links)
}

// Starts counts the successful Starts.
func (h *Host) Starts() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.starts
}

// Crash ends the programs, as kill -9 does.
func (h *Host) Crash() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d := h.running; d != nil {
		d.end(fmt.Errorf("%w: killed", l2tp.ErrClosed))
	}
}

// Drop ends the link of a client, for a reason.
func (h *Host) Drop(client string, cause l2tp.Cause) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running == nil {
		return
	}
	if l := h.running.links[client]; l != nil && l.up {
		l.end(&l2tp.Failure{Client: client, Cause: cause, Detail: "ended by the test"})
	}
}

// Connect lets a peer connect to the server of the host, and returns its
// address, which is invalid when it is refused.
func (h *Host) Connect(peer netip.Addr, user, password string) netip.Addr {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.running
	if d == nil || d.setup.Server == nil {
		return netip.Addr{}
	}
	s := d.setup.Server
	known := slices.ContainsFunc(s.Users, func(u l2tp.User) bool {
		return u.Name == user && u.Password.Reveal() == password
	})
	if !known {
		return netip.Addr{}
	}
	for addr := s.First; !s.Last.Less(addr); addr = addr.Next() {
		if !slices.ContainsFunc(d.sessions, func(s l2tp.Session) bool { return s.Remote == addr }) {
			d.sessions = append(d.sessions, l2tp.Session{
				User: user, Peer: peer, Interface: h.unit(), Local: s.Local, Remote: addr, Since: time.Now(),
			})
			return addr
		}
	}
	return netip.Addr{}
}

// Leave lets a peer go.
func (h *Host) Leave(peer netip.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d := h.running; d != nil {
		d.sessions = slices.DeleteFunc(d.sessions, func(s l2tp.Session) bool { return s.Peer == peer })
	}
}

// String prints what runs, one line each.
func (h *Host) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.running
	if d == nil {
		return "stopped\n"
	}
	var b strings.Builder
	b.WriteString("running, guarded\n")
	for _, name := range slices.Sorted(maps.Keys(d.links)) {
		l := d.links[name]
		fmt.Fprintf(&b, "link %s to %s: up=%t %s\n", name, l.call.Peer, l.up, l.facts.Interface)
	}
	for _, s := range d.sessions {
		fmt.Fprintf(&b, "session of %s at %s: %s %s\n", s.User, s.Peer, s.Interface, s.Remote)
	}
	return b.String()
}

// unit returns the name of a new interface. The lock is held.
func (h *Host) unit() string {
	h.units++
	return fmt.Sprintf("ppp%d", h.units-1)
}

// Start implements [l2tp.Backend].
func (h *Host) Start(ctx context.Context, s l2tp.Setup) (l2tp.Daemon, error) {
	h.mu.Lock()
	if h.hold {
		h.hold = false
		h.mu.Unlock()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	defer h.mu.Unlock()
	if len(h.refuse) > 0 {
		err := h.refuse[0]
		h.refuse = h.refuse[1:]
		return nil, err
	}
	if h.running != nil {
		return nil, fmt.Errorf("l2tptest: the port is in use")
	}
	h.starts++
	h.running = &daemon{host: h, setup: s, links: make(map[string]*link), done: make(chan struct{})}
	return h.running, nil
}

// daemon is guarded by the host's lock.
type daemon struct {
	host     *Host
	setup    l2tp.Setup
	links    map[string]*link
	sessions []l2tp.Session
	done     chan struct{}
	ended    bool
	err      error
}

// end ends everything. The lock is held.
func (d *daemon) end(err error) {
	if d.ended {
		return
	}
	d.ended, d.err = true, err
	for name, l := range d.links {
		var f error
		if err != nil {
			f = &l2tp.Failure{Client: name, Cause: l2tp.CauseDaemon, Detail: "the programs ended"}
		}
		l.end(f)
	}
	d.sessions = nil
	d.host.running = nil
	close(d.done)
}

// Dial implements [l2tp.Daemon].
func (d *daemon) Dial(ctx context.Context, c l2tp.Call) (l2tp.Link, error) {
	l := &link{daemon: d, call: c, done: make(chan struct{})}
	d.host.mu.Lock()
	server, exists := d.host.servers[c.Peer]
	switch {
	case d.ended:
		d.host.mu.Unlock()
		return nil, l2tp.ErrClosed
	case d.links[c.Name] != nil:
		d.host.mu.Unlock()
		return nil, fmt.Errorf("l2tptest: %s: it is dialled already", c.Name)
	}
	d.links[c.Name] = l
	d.host.mu.Unlock()

	err := l.negotiate(ctx, server, exists && !server.Silent)
	d.host.mu.Lock()
	defer d.host.mu.Unlock()
	if err == nil && l.ended {
		err = l2tp.ErrClosed
	}
	if err != nil {
		l.end(nil)
		return nil, err
	}
	l.up = true
	l.facts = l2tp.LinkFacts{Interface: d.host.unit(), Local: server.First, Remote: server.Local}
	if c.PeerDNS {
		l.facts.DNS = slices.Clone(server.DNS)
	}
	return l, nil
}

// Sessions implements [l2tp.Daemon].
func (d *daemon) Sessions(context.Context) ([]l2tp.Session, error) {
	d.host.mu.Lock()
	defer d.host.mu.Unlock()
	if d.ended {
		return nil, l2tp.ErrClosed
	}
	return slices.Clone(d.sessions), nil
}

// Change implements [l2tp.Daemon].
func (d *daemon) Change(_ context.Context, s l2tp.Setup) error {
	d.host.mu.Lock()
	defer d.host.mu.Unlock()
	switch {
	case d.ended:
		return l2tp.ErrClosed
	case !d.setup.Changeable(s):
		return l2tp.ErrRestart
	}
	if before := d.setup.Server; before != nil {
		d.sessions = slices.DeleteFunc(d.sessions, func(one l2tp.Session) bool { return !s.Server.Keeps(one.User, before) })
	}
	d.setup = s
	return nil
}

// Done implements [l2tp.Daemon].
func (d *daemon) Done() <-chan struct{} { return d.done }

// Err implements [l2tp.Daemon].
func (d *daemon) Err() error {
	d.host.mu.Lock()
	defer d.host.mu.Unlock()
	return d.err
}

// Close implements [l2tp.Daemon].
func (d *daemon) Close(context.Context) error {
	d.host.mu.Lock()
	defer d.host.mu.Unlock()
	d.end(nil)
	return nil
}

// link is guarded by the host's lock.
type link struct {
	daemon *daemon
	call   l2tp.Call
	facts  l2tp.LinkFacts
	up     bool
	done   chan struct{}
	ended  bool
	err    error
}

// negotiate takes its time and tells how it goes.
func (l *link) negotiate(ctx context.Context, s Server, answers bool) error {
	if !answers {
		if err := l.pass(ctx, silentTime); err != nil {
			return err
		}
		return &l2tp.Failure{Client: l.call.Name, Cause: l2tp.CauseNoResponse, Detail: "no server answers"}
	}
	if err := l.pass(ctx, tunnelTime); err != nil {
		return err
	}
	if l.call.Established != nil {
		l.call.Established()
	}
	if err := l.pass(ctx, pppTime); err != nil {
		return err
	}
	if password, known := s.Users[l.call.Username]; !known || password != l.call.Password.Reveal() {
		return &l2tp.Failure{Client: l.call.Name, Cause: l2tp.CauseAuthentication, Detail: "the server refuses user name or password"}
	}
	return nil
}

// pass waits, unless something ends.
func (l *link) pass(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-l.done:
		return l2tp.ErrClosed
	}
}

// end ends the link. The lock is held.
func (l *link) end(err error) {
	if l.ended {
		return
	}
	l.ended, l.err = true, err
	if l.daemon.links[l.call.Name] == l {
		delete(l.daemon.links, l.call.Name)
	}
	close(l.done)
}

// Facts implements [l2tp.Link].
func (l *link) Facts() l2tp.LinkFacts { return l.facts }

// Done implements [l2tp.Link].
func (l *link) Done() <-chan struct{} { return l.done }

// Err implements [l2tp.Link].
func (l *link) Err() error {
	l.daemon.host.mu.Lock()
	defer l.daemon.host.mu.Unlock()
	return l.err
}

// Close implements [l2tp.Link].
func (l *link) Close(context.Context) error {
	l.daemon.host.mu.Lock()
	defer l.daemon.host.mu.Unlock()
	l.end(nil)
	return nil
}
