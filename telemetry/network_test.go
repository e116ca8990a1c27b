package telemetry_test

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
)

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
	resolve  map[string]string        // name:port to address
}

type datagram struct {
	at      time.Time
	addr    string
	message *telemetry.Message
	size    int
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
	if ip, ok := n.resolve[addr]; ok {
		addr = ip
	}
	n.open++
	return &socket{net: n, addr: addr}, nil
}

// lookUp makes the look-up of addr fail with err, nil heals it.
func (n *network) lookUp(addr string, err error) {
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
	m, err := telemetry.Decode(b)
	if err != nil {
		return 0, err
	}
	s.net.arrived = append(s.net.arrived, datagram{time.Now(), s.addr, m, len(b)})
	return len(b), nil
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
	s.net.open--
	return nil
}

func (s *socket) RemoteAddr() net.Addr { return address(s.addr) }

func (*socket) LocalAddr() net.Addr             { return address("127.0.0.1:1") }
func (*socket) Read([]byte) (int, error)        { return 0, syscall.ENOTSUP }
func (*socket) SetDeadline(time.Time) error     { return syscall.ENOTSUP }
func (*socket) SetReadDeadline(time.Time) error { return syscall.ENOTSUP }

type address string

func (address) Network() string  { return "udp" }
func (a address) String() string { return string(a) }
