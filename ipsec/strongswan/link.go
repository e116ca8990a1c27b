package strongswan

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	govici "github.com/strongswan/govici/vici"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// refusal is what charon answered instead of doing it.
type refusal struct{ command, text string }

// Error tells what charon said.
func (r *refusal) Error() string { return r.command + ": " + r.text }

// answer returns the refusal in a response, or nil.
func answer(command string, m *vici.Message) error {
	if !m.Has("success") || m.Text("success") == "yes" {
		return nil
	}
	return &refusal{command, m.Text("errmsg")}
}

// link is a govici session for one purpose. All use of govici is here, as its
// defects demand: one call at a time, a stream with its whole iteration
// included; a deadline always; streams collected before anything else; and
// after any error of a connection a new one.
type link struct {
	dial    func(context.Context) (net.Conn, error)
	timeout time.Duration
	turn    chan struct{} // holds one token, for the call that is under way

	mu      sync.Mutex
	session *govici.Session
	gate    *gate
	closed  bool
}

func newLink(dial func(context.Context) (net.Conn, error), timeout time.Duration) *link {
	return &link{dial: dial, timeout: timeout, turn: make(chan struct{}, 1)}
}

// open returns the govici session, a new one if there is none. The caller has
// the turn.
func (l *link) open(ctx context.Context) (*govici.Session, *gate, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, nil, unavailable(net.ErrClosed)
	}
	if l.session == nil {
		var g *gate
		s, err := govici.NewSession(govici.WithDialContext(func(context.Context, string, string) (net.Conn, error) {
			conn, err := l.dial(ctx)
			if err == nil {
				g = newGate(conn)
				return g, nil
			}
			return nil, err
		}))
		if err != nil {
			return nil, nil, unavailable(err)
		}
		l.session, l.gate = s, g
	}
	return l.session, l.gate, nil
}

// drop closes the govici session; the next call gets a new one.
func (l *link) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session != nil {
		_ = l.session.Close() // nothing is lost, whatever it says
		l.session = nil
	}
}

// close ends the link, and the call that is under way.
func (l *link) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.drop()
}

// call sends a command and returns charon's answer. An error is a *refusal,
// or ctx's, or wraps ipsec.ErrUnavailable.
func (l *link) call(ctx context.Context, command string, m *vici.Message) (*vici.Message, error) {
	var reply *vici.Message
	err := l.exclusively(ctx, l.timeout, command, func(ctx context.Context, s *govici.Session, _ *gate) error {
		request, err := toGovici(m)
		if err != nil {
			return err
		}
		response, err := s.Call(ctx, command, request)
		if response != nil {
			reply, err = fromGovici(response), nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return reply, answer(command, reply)
}

// stream sends a command that streams events, hands each to collect, which
// must return at once, and returns charon's answer as call does.
func (l *link) stream(ctx context.Context, timeout time.Duration, command, event string, m *vici.Message, collect func(*vici.Message)) error {
	var last error
	err := l.exclusively(ctx, timeout, command, func(ctx context.Context, s *govici.Session, g *gate) error {
		request, err := toGovici(m)
		if err != nil {
			return err
		}
		var broken error
		// Never left early, or what is still to come would be taken for the
		// answer of the next call.
		for item, err := range s.CallStreaming(ctx, command, event, request) {
			switch {
			case item == nil:
				broken = err
			case err != nil:
				last = answer(command, fromGovici(item))
			default:
				g.took()
				collect(fromGovici(item))
			}
		}
		return broken
	})
	if err != nil {
		return err
	}
	return last
}

// exclusively calls f, alone, with a session and a deadline.
func (l *link) exclusively(ctx context.Context, timeout time.Duration, what string, f func(context.Context, *govici.Session, *gate) error) error {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	select {
	case l.turn <- struct{}{}:
	case <-limited.Done():
		return l.expired(ctx, what)
	}
	defer func() { <-l.turn }()
	if limited.Err() != nil { // both were so, and govici may answer nevertheless
		return l.expired(ctx, what)
	}
	s, g, err := l.open(limited)
	if err != nil {
		return err
	}
	// A message that cannot be sent at all is a fault of ours, but the session
	// may be good no longer either, so both are dealt with alike.
	if err = f(limited, s, g); err != nil {
		l.drop()
		if limited.Err() != nil {
			return l.expired(ctx, what)
		}
		return unavailable(g.explain(what, err))
	}
	g.drained()
	return nil
}

// expired is the error of a call whose context has ended: that of the caller,
// else charon was too slow.
func (l *link) expired(ctx context.Context, what string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return unavailable(fmt.Errorf("%w %s", errSilent, what))
}

// errSilent marks that charon is there but does not answer.
var errSilent = errors.New("charon does not answer in time to")

func unavailable(err error) error { return fmt.Errorf("%w: %w", ipsec.ErrUnavailable, err) }

// subscribe has events of one type written to the channel that it returns,
// which is closed when charon has gone. The link is for nothing else then.
func (l *link) subscribe(ctx context.Context, event string) (<-chan govici.Event, error) {
	// Each session has a channel of its own, since govici closes those it
	// knows; the gate keeps it from running full.
	events := make(chan govici.Event, maxUnread+1)
	err := l.exclusively(ctx, l.timeout, event, func(ctx context.Context, s *govici.Session, _ *gate) error {
		s.NotifyEvents(events)
		result := make(chan error, 1)
		go func() { result <- s.Subscribe(event) }()
		select {
		case err := <-result:
			return err
		case <-ctx.Done():
			l.drop() // ends Subscribe, which has no deadline
			<-result
			return ctx.Err()
		}
	})
	return events, err
}

// toGovici returns the message as govici wants it.
func toGovici(m *vici.Message) (*govici.Message, error) {
	out := govici.NewMessage()
	for key, text := range m.Texts() {
		if err := out.Set(key, text); err != nil {
			return nil, err
		}
	}
	for key, list := range m.Lists() {
		if err := out.Set(key, list); err != nil {
			return nil, err
		}
	}
	for key, section := range m.Sections() {
		inner, err := toGovici(section)
		if err != nil {
			return nil, err
		}
		if err := out.Set(key, inner); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fromGovici returns what govici read.
func fromGovici(m *govici.Message) *vici.Message {
	out := new(vici.Message)
	for _, key := range m.Keys() {
		switch v := m.Get(key).(type) {
		case string:
			out.Set(key, v)
		case []string:
			out.SetList(key, v...)
		case *govici.Message:
			out.SetSection(key, fromGovici(v))
		}
	}
	return out
}

// took says that an event of a subscription was taken.
func (l *link) took() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gate.took()
}
