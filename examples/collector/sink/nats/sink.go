package nats

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// Options is what the program gives a Sink.
type Options struct {
	// Name is what the server shows of this connection. Empty: fieldgate.
	Name string
	// Logger gets a line when the connection is lost and when it is back.
	// nil: none.
	Logger *slog.Logger
}

// Sink writes records to a stream. It may be used by several goroutines at
// once.
type Sink struct {
	config  Config
	name    string
	log     *slog.Logger
	servers string // for messages

	mu     sync.Mutex
	link   *link // nil before the first Write and after a failed attempt
	closed bool

	stored, duplicates, refused atomic.Uint64
}

var _ receiver.Sink = (*Sink)(nil)

// Status counts what has become of the records since New.
type Status struct {
	Connected  bool
	Stored     uint64 // messages that the server acknowledged, duplicates included
	Duplicates uint64 // those of them that the stream had already
	Refused    uint64 // messages too large for the server or the stream
}

// New returns a sink that connects with its first Write. It fails with
// Validate's error only.
func New(c Config, o Options) (*Sink, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("nats: %w", err)
	}
	s := &Sink{config: c, name: o.Name, log: o.Logger, servers: strings.Join(c.Servers, ", ")}
	if s.name == "" {
		s.name = "fieldgate"
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

// Status returns the counters.
func (s *Sink) Status() Status {
	s.mu.Lock()
	l := s.link
	s.mu.Unlock()
	return Status{
		Connected:  l != nil && l.connected(),
		Stored:     s.stored.Load(),
		Duplicates: s.duplicates.Load(),
		Refused:    s.refused.Load(),
	}
}

// Close ends the connection and waits for its end. A Write under way fails.
func (s *Sink) Close() error {
	s.mu.Lock()
	l := s.link
	s.link, s.closed = nil, true
	s.mu.Unlock()
	if l != nil {
		<-l.opened
		if l.err == nil {
			l.conn.Close()
		}
	}
	return nil
}

// link is one connection, which renews itself.
type link struct {
	opened chan struct{} // closed when the fields below are set
	err    error
	conn   *client.Conn
	stream jetstream.JetStream
	exists atomic.Bool // the stream has been found or made
}

func (l *link) connected() bool {
	select {
	case <-l.opened:
		return l.err == nil && l.conn.IsConnected()
	default:
		return false
	}
}

// connect returns the link once it is connected.
func (s *Sink) connect(ctx context.Context) (*link, error) {
	l, err := s.current()
	if err != nil {
		return nil, err
	}
	select {
	case <-l.opened:
	case <-ctx.Done():
		return nil, fmt.Errorf("nats: connect to %s: %w", s.servers, ctx.Err())
	}
	if l.err != nil {
		return nil, fmt.Errorf("nats: connect to %s: %w", s.servers, l.err)
	}
	if l.conn.IsConnected() {
		return l, nil
	}
	changed := l.conn.StatusChanged(client.CONNECTED, client.CLOSED)
	defer l.conn.RemoveStatusListener(changed)
	if l.conn.IsConnected() { // meanwhile
		return l, nil
	}
	select {
	case status := <-changed:
		if status == client.CONNECTED {
			return l, nil
		}
		s.forget(l)
		return nil, fmt.Errorf("nats: the connection to %s has ended: %v", s.servers, l.conn.LastError())
	case <-ctx.Done():
		return nil, fmt.Errorf("nats: no connection to %s (last error: %v): %w", s.servers, l.conn.LastError(), ctx.Err())
	}
}

// current returns the link, which it begins to open when there is none.
func (s *Sink) current() (*link, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	if s.link == nil {
		s.link = &link{opened: make(chan struct{})}
		go s.open(s.link)
	}
	return s.link, nil
}

// open fills l. It takes no longer than the first attempts to reach each
// server; that none of them answers is no error.
func (s *Sink) open(l *link) {
	defer close(l.opened)
	l.conn, l.err = client.Connect(strings.Join(s.config.Servers, ","), s.options()...)
	if l.err != nil {
		s.forget(l)
		return
	}
	l.stream, l.err = jetstream.New(l.conn,
		jetstream.WithPublishAsyncMaxPending(s.config.Pending),
		jetstream.WithPublishAsyncTimeout(s.config.Timeout))
	if l.err != nil {
		l.conn.Close()
		s.forget(l)
	}
}

// forget lets the next Write open a new link instead of l.
func (s *Sink) forget(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link == l {
		s.link = nil
	}
}

// options are those of the connection. Nothing is buffered while it is down:
// what is not written is told to the caller, who has the queue.
func (s *Sink) options() []client.Option {
	options := []client.Option{
		client.Name(s.name),
		client.Timeout(min(s.config.Timeout, 2*time.Second)),
		client.RetryOnFailedConnect(true),
		client.MaxReconnects(-1),
		client.ReconnectWait(500 * time.Millisecond),
		client.ReconnectJitter(500*time.Millisecond, time.Second),
		client.ReconnectBufSize(-1),
		client.IgnoreAuthErrorAbort(),
		client.FlusherTimeout(2 * time.Second),
		client.PingInterval(10 * time.Second),
		client.MaxPingsOutstanding(2),
		client.DisconnectErrHandler(func(_ *client.Conn, err error) {
			if err != nil {
				s.log.Warn("nats: connection lost, connecting again", "servers", s.servers, "error", err)
			}
		}),
		client.ReconnectHandler(func(c *client.Conn) {
			s.log.Info("nats: connected again", "server", c.ConnectedAddr())
		}),
	}
	switch {
	case !s.config.Token.IsZero():
		options = append(options, client.Token(s.config.Token.Reveal()))
	case s.config.User != "":
		options = append(options, client.UserInfo(s.config.User, s.config.Password.Reveal()))
	}
	return options
}
