// Package memnet is a network in memory for tests in bubbles of
// testing/synctest, where a goroutine that waits on a real socket would
// never count as blocked. It counts what is open, and can refuse or hold the
// next opening.
package memnet

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
)

// Network connects its own listeners and dialers. The zero value is ready.
// Its methods are safe for concurrent use.
type Network struct {
	mu        sync.Mutex
	listeners map[string]*listener
	packets   map[netip.AddrPort]*packetConn
	open      int
	refuse    error
	hold      bool
}

// Open counts the listeners, packet connections and connection ends that are
// open now.
func (n *Network) Open() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.open
}

// Refuse lets the next Listen, ListenPacket or Dial fail with err.
func (n *Network) Refuse(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refuse = err
}

// Hold lets the next Listen, ListenPacket or Dial wait for the end of its
// context.
func (n *Network) Hold() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hold = true
}

// Listen has the form of net.ListenConfig.Listen. An address is any text and
// can be taken once.
func (n *Network) Listen(ctx context.Context, network, addr string) (net.Listener, error) {
	if err := n.admit(ctx); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, taken := n.listeners[addr]; taken {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: memAddr(addr), Err: syscall.EADDRINUSE}
	}
	if n.listeners == nil {
		n.listeners = make(map[string]*listener)
	}
	l := &listener{net: n, addr: memAddr(addr), backlog: make(chan net.Conn), closed: make(chan struct{})}
	n.listeners[addr] = l
	n.open++
	return l, nil
}

// Dial has the form of net.Dialer.DialContext. It waits until the listener
// at addr accepts.
func (n *Network) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if err := n.admit(ctx); err != nil {
		return nil, err
	}
	n.mu.Lock()
	l := n.listeners[addr]
	n.mu.Unlock()
	refused := &net.OpError{Op: "dial", Net: network, Addr: memAddr(addr), Err: syscall.ECONNREFUSED}
	if l == nil {
		return nil, refused
	}
	near, far := n.pipe(addr)
	select {
	case l.backlog <- far:
		return near, nil
	case <-l.closed:
		err := refused
		_, _ = near.Close(), far.Close()
		return nil, err
	case <-ctx.Done():
		_, _ = near.Close(), far.Close()
		return nil, fmt.Errorf("dial %s: %w", addr, ctx.Err())
	}
}

// admit applies Refuse and Hold.
func (n *Network) admit(ctx context.Context) error {
	n.mu.Lock()
	refuse, hold := n.refuse, n.hold
	n.refuse, n.hold = nil, false
	n.mu.Unlock()
	if refuse != nil {
		return refuse
	}
	if hold {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (n *Network) pipe(addr string) (near, far net.Conn) {
	a, b := net.Pipe()
	n.mu.Lock()
	n.open += 2
	n.mu.Unlock()
	return &conn{Conn: a, net: n, local: "client", remote: memAddr(addr)},
		&conn{Conn: b, net: n, local: memAddr(addr), remote: "client"}
}

func (n *Network) closed() {
	n.mu.Lock()
	n.open--
	n.mu.Unlock()
}

type listener struct {
	net     *Network
	addr    memAddr
	backlog chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.backlog:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "mem", Addr: l.addr, Err: net.ErrClosed}
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.net.mu.Lock()
		delete(l.net.listeners, string(l.addr))
		l.net.open--
		l.net.mu.Unlock()
	})
	return nil
}

func (l *listener) Addr() net.Addr { return l.addr }

type conn struct {
	net.Conn
	net           *Network
	once          sync.Once
	local, remote memAddr
}

func (c *conn) Close() error {
	c.once.Do(c.net.closed)
	return c.Conn.Close()
}

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

type memAddr string

func (memAddr) Network() string  { return "mem" }
func (a memAddr) String() string { return string(a) }
