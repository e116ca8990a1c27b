package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
)

// refusal as an answer lets a Read fail.
const refusal = "refused"

// network is a network in memory for bubbles of testing/synctest. Datagrams
// to any address arrive at once.
type network struct {
	mu       sync.Mutex
	open     int // sockets
	arrived  []datagram
	dials    []string
	dialErr  map[string]error         // by address
	hold     map[string]chan struct{} // by address: Dial waits for it, or its ctx
	writeErr []error                  // of the next Writes
	block    bool                     // Write waits for its deadline
	names    map[string][]netip.Addr  // of LookUp
	nameErr  error                    // of LookUp
	local    net.IP                   // of the sockets from now on; nil: none is known
	refused  map[string]bool          // by address: Writes fail
	lose     func(datagram) bool      // whether a datagram is lost on its way; nil: none is
	server   func(datagram) []byte    // what the other end answers; nil: nothing
	delay    time.Duration            // of the answers
	key      telemetry.Key            // of what arrives; zero: it is bare
}

type datagram struct {
	at      time.Time
	addr    string
	message *telemetry.Message
	size    int
	raw     []byte
	from    net.IP
}

func (n *network) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if network != "udp" {
		return nil, errors.New("not udp but " + network)
	}
	n.mu.Lock()
	n.dials = append(n.dials, addr)
	hold := n.hold[addr]
	n.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.dialErr[addr]; err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	n.open++
	return &socket{net: n, addr: addr, local: n.local, answers: make(chan []byte, 64), down: make(chan struct{})}, nil
}

// LookUp is for Options.LookUp.
func (n *network) LookUp(_ context.Context, host string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.nameErr != nil {
		return nil, n.nameErr
	}
	return n.names[host], nil
}

// set changes n while it is in use.
func (n *network) set(change func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change()
}

// failDial makes Dial to addr fail with err, nil heals it.
func (n *network) failDial(addr string, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.dialErr == nil {
		n.dialErr = make(map[string]error)
	}
	n.dialErr[addr] = err
}

func (n *network) failWrites(errs ...error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.writeErr = errs
}

func (n *network) sockets() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.open
}

// received returns what has arrived at addr, or everywhere if that is "".
func (n *network) received(addr string) []datagram {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []datagram
	for _, d := range n.arrived {
		if addr == "" || d.addr == addr {
			list = append(list, d)
		}
	}
	return list
}

// sources returns the addresses that datagrams came from, in order.
func (n *network) sources() []string {
	var list []string
	for _, d := range n.received("") {
		list = append(list, d.from.String())
	}
	return slices.Compact(list)
}

func (n *network) dialled() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.dials...)
}

type socket struct {
	net      *network
	addr     string
	closed   bool
	deadline chan struct{} // closed when a new deadline is set
	until    time.Time
	local    net.IP
	answers  chan []byte
	down     chan struct{} // closed by Close
}

func (s *socket) Write(b []byte) (int, error) {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	for s.net.block {
		wait, changed := time.Until(s.until), make(chan struct{})
		if wait <= 0 {
			return 0, os.ErrDeadlineExceeded
		}
		s.deadline = changed
		s.net.mu.Unlock()
		select {
		case <-time.After(wait):
		case <-changed:
		}
		s.net.mu.Lock()
	}
	switch {
	case s.closed:
		return 0, net.ErrClosed
	case len(s.net.writeErr) > 0:
		err := s.net.writeErr[0]
		s.net.writeErr = s.net.writeErr[1:]
		if err != nil {
			return 0, &net.OpError{Op: "write", Net: "udp", Err: err}
		}
	}
	if s.net.refused[s.addr] {
		return 0, &net.OpError{Op: "write", Net: "udp", Err: syscall.ECONNREFUSED}
	}
	m, err := s.net.read(b)
	if err != nil {
		return 0, err
	}
	d := datagram{time.Now(), s.addr, m, len(b), bytes.Clone(b), s.local}
	if s.net.lose != nil && s.net.lose(d) {
		return len(b), nil
	}
	s.net.arrived = append(s.net.arrived, d)
	if s.net.server != nil {
		if answer := s.net.server(d); answer != nil {
			time.AfterFunc(s.net.delay, func() { s.answers <- answer })
		}
	}
	return len(b), nil
}

func (n *network) read(b []byte) (*telemetry.Message, error) {
	if n.key.IsZero() {
		return telemetry.Decode(b)
	}
	e, err := telemetry.ParseEnvelope(b)
	if err != nil {
		return nil, err
	}
	if !e.Verify(n.key) {
		return nil, telemetry.ErrForged
	}
	return e.Decode()
}

func (s *socket) Read(b []byte) (int, error) {
	select {
	case answer := <-s.answers:
		if string(answer) == refusal {
			return 0, &net.OpError{Op: "read", Net: "udp", Err: syscall.ECONNREFUSED}
		}
		return copy(b, answer), nil
	case <-s.down:
		return 0, net.ErrClosed
	}
}

func (s *socket) SetWriteDeadline(t time.Time) error {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	s.until = t
	if s.deadline != nil {
		close(s.deadline)
		s.deadline = nil
	}
	return nil
}

func (s *socket) Close() error {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.closed = true
	close(s.down)
	s.net.open--
	return nil
}

func (s *socket) RemoteAddr() net.Addr {
	if addr, err := netip.ParseAddrPort(s.addr); err == nil {
		return net.UDPAddrFromAddrPort(addr)
	}
	return address(s.addr)
}

func (s *socket) LocalAddr() net.Addr {
	if s.local == nil {
		return address("127.0.0.1:1")
	}
	return &net.UDPAddr{IP: s.local, Port: 1}
}

func (*socket) SetDeadline(time.Time) error     { return syscall.ENOTSUP }
func (*socket) SetReadDeadline(time.Time) error { return syscall.ENOTSUP }

type address string

func (address) Network() string  { return "udp" }
func (a address) String() string { return string(a) }
