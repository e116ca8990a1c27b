package telemetry

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
)

const (
	dialTimeout  = 10 * time.Second
	writeTimeout = 5 * time.Second
	minRetry     = time.Second
	maxRetry     = time.Minute
	// renewAfter is the age at which a socket is replaced, and its name
	// looked up again; renewRetry is the pause when that fails.
	renewAfter = 10 * time.Minute
	renewRetry = time.Minute
)

// sender brings messages to one destination, in a goroutine and over a
// socket of its own.
type sender struct {
	dest Destination
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
	log  *slog.Logger
	in   chan *Message // holds one: the newest that waits

	// Only run uses these.
	conn    net.Conn
	renewAt time.Time // when to replace conn
	address string    // where the last dial led; "" before the first
	stale   bool      // the name cannot be looked up, address is used instead
	retry   backoff.Backoff
	streak  int // messages sent since the last failure

	mu     sync.Mutex
	status DestinationStatus
}

func newSender(d Destination, dial func(context.Context, string, string) (net.Conn, error), log *slog.Logger) *sender {
	return &sender{
		dest:   d,
		dial:   dial,
		log:    log.With("destination", d.String()),
		in:     make(chan *Message, 1),
		retry:  backoff.Backoff{Min: minRetry, Max: maxRetry},
		status: DestinationStatus{Destination: d},
	}
}

// put hands over a message and never waits: one that still waits gives way.
// It is for one goroutine.
func (s *sender) put(m *Message) {
	select {
	case s.in <- m:
		return
	default:
	}
	select {
	case <-s.in:
		s.update(func(st *DestinationStatus) { st.Dropped++ })
	default: // run has just taken it
	}
	s.in <- m
}

// run sends until ctx ends. It looks the name up at once, so that Status
// shows a wrong one before the first message is due.
func (s *sender) run(ctx context.Context) {
	defer s.hangUp()
	if err := s.connect(ctx); err != nil {
		s.failed(ctx, err)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-s.in:
			s.deliver(ctx, m)
		}
	}
}

// deliver sends a message, again and again until it is out, a newer one
// waits, or ctx ends.
func (s *sender) deliver(ctx context.Context, m *Message) {
	datagrams, err := s.encode(m)
	if err != nil {
		s.failed(ctx, err)
		s.update(func(st *DestinationStatus) { st.Dropped++ })
		return
	}
	for len(datagrams) > 0 {
		err := s.send(ctx, datagrams[0])
		if err == nil {
			datagrams = datagrams[1:]
			continue
		}
		s.failed(ctx, err)
		if !sleep(ctx, s.retry.Next()) {
			return
		}
		if len(s.in) > 0 {
			s.update(func(st *DestinationStatus) { st.Dropped++ })
			return
		}
	}
	s.sent()
}

// encode returns the datagrams of m, with the counters of this destination.
func (s *sender) encode(m *Message) ([][]byte, error) {
	own := *m
	st := s.snapshot()
	own.Stats.SendErrors = Known(st.Failed)
	own.Stats.Dropped = Known(own.Stats.Dropped.Value + st.Dropped)
	parts, err := Split(&own, MaxDatagram)
	if err != nil {
		return nil, err
	}
	datagrams := make([][]byte, len(parts))
	for i := range parts {
		if datagrams[i], err = AppendMessage(nil, &parts[i]); err != nil {
			return nil, err
		}
	}
	return datagrams, nil
}

func (s *sender) send(ctx context.Context, datagram []byte) error {
	if err := s.connect(ctx); err != nil {
		return err
	}
	err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err == nil {
		conn := s.conn
		unhook := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
		_, err = conn.Write(datagram)
		unhook()
	}
	if err != nil {
		s.hangUp() // the next try gets a fresh socket
	}
	return err
}

// connect provides a socket that is not too old. While the name cannot be
// looked up, the last address goes on being used.
func (s *sender) connect(ctx context.Context) error {
	if s.conn != nil && time.Now().Before(s.renewAt) {
		return nil
	}
	conn, err := s.dialTo(ctx, s.dest.String())
	renew := renewAfter
	if err != nil {
		if s.address == "" || ctx.Err() != nil {
			return err
		}
		last, lastErr := s.dialTo(ctx, s.address)
		if lastErr != nil {
			return err
		}
		conn, renew = last, renewRetry
	}
	s.lookedUp(err)
	s.hangUp()
	s.conn, s.renewAt = conn, time.Now().Add(renew)
	if a := conn.RemoteAddr(); a != nil {
		s.address = a.String()
	}
	s.update(func(st *DestinationStatus) { st.Address = s.address })
	return nil
}

func (s *sender) dialTo(ctx context.Context, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	return s.dial(ctx, "udp", addr)
}

func (s *sender) hangUp() {
	if s.conn != nil {
		_ = s.conn.Close() // a socket that only wrote has nothing to lose
		s.conn = nil
	}
}

// sent notes a message that left. A refusal by the far end only shows at the
// next write, so the destination counts as well again when a second message
// in a row has left.
func (s *sender) sent() {
	s.retry.Reset()
	s.streak++
	healed := false
	s.update(func(st *DestinationStatus) {
		st.Sent++
		st.LastSent = time.Now()
		if st.Failing && s.streak > 1 {
			st.Failing, healed = false, true
		}
	})
	if healed {
		s.log.Info("telemetry: sending works again")
	}
}

// lookedUp notes whether the address in use is one that the name has just
// led to; err tells why not.
func (s *sender) lookedUp(err error) {
	wasStale := s.stale
	s.stale = err != nil
	switch {
	case err != nil:
		s.update(func(st *DestinationStatus) { st.fail(err) })
		if !wasStale {
			s.log.Warn("telemetry: look-up fails, going on with the last address", "address", s.address, "error", err)
		}
	case wasStale:
		s.log.Info("telemetry: look-up works again")
	}
}

// failed notes a failed attempt, unless it failed because ctx has ended.
func (s *sender) failed(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	s.streak = 0
	began := false
	s.update(func(st *DestinationStatus) {
		began = !st.Failing
		st.Failing = true
		st.fail(err)
	})
	if began {
		s.log.Warn("telemetry: sending fails, trying again", "error", err)
	}
}
