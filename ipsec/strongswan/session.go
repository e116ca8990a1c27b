package strongswan

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// eventNames are what wakes up.
func eventNames() []string { return []string{"ike-updown", "child-updown", "ike-rekey", "child-rekey"} }

// session is a charon that lives.
type session struct {
	backend *Backend
	names   names
	record  record // locked as long as the session lives
	version string

	// One govici session for each purpose.
	commands *link
	lists    *link
	events   []*link
	log      *link

	bell  *bell
	done  chan struct{}
	once  sync.Once
	ended error // why; set before done is closed
	work  sync.WaitGroup

	applying    chan struct{} // holds one token, for the Apply that is under way
	creds       credentials   // of that Apply
	first       bool          // no Apply was done yet
	shared      bool          // others had connections in charon before it
	generations atomic.Uint64 // how often the credentials were cleared
	watching    chan struct{} // has a value once peers that are given up are of interest

	mu      sync.Mutex
	applied map[string]*loaded
	lost    map[string]bool     // of these, what somebody else has unloaded
	seen    map[uint64]ipsec.SA // the SAs of the last list
	fresh   map[string]bool     // connections that came up since
	// seenBefore are those of the list before: an SA may be gone before the
	// log that tells why is read.
	seenBefore map[uint64]ipsec.SA
}

var _ ipsec.Session = (*session)(nil)

// open begins a session. It owns the lock and the connection from now on.
func (b *Backend) open(ctx context.Context, lock *os.File, conn net.Conn) (*session, error) {
	s := &session{
		backend: b, names: b.names, record: record{lock}, bell: newBell(), done: make(chan struct{}), first: true,
		applying: make(chan struct{}, 1), watching: make(chan struct{}, 1), applied: make(map[string]*loaded),
		lost: make(map[string]bool), fresh: make(map[string]bool), creds: newCredentials(),
	}
	s.commands = newLink(func(ctx context.Context) (net.Conn, error) {
		if first := conn; first != nil {
			conn = nil
			return first, nil
		}
		return b.dial(ctx)
	}, b.options.Timeout)
	s.lists, s.log = newLink(b.dial, b.options.Timeout), newLink(b.dial, b.options.Timeout)
	for range eventNames() {
		s.events = append(s.events, newLink(b.dial, b.options.Timeout))
	}
	err := s.begin(ctx)
	if err != nil {
		s.end(err)
		s.work.Wait()
		return nil, err
	}
	s.work.Go(func() { s.bell.run(s.done) })
	s.work.Go(s.guard)
	s.work.Go(s.watch)
	return s, nil
}

// begin asks for the version, which alone proves that charon lives, and for
// the events, all at once.
func (s *session) begin(ctx context.Context) error {
	var work sync.WaitGroup
	errs := make([]error, len(s.events))
	for i, name := range eventNames() {
		work.Go(func() { errs[i] = s.listen(ctx, s.events[i], name) })
	}
	m, err := s.commands.call(ctx, "version", nil)
	work.Wait()
	if err != nil {
		return err
	}
	s.version = short(m.Text("daemon") + " " + m.Text("version"))
	return errors.Join(errs...)
}

// listen has events of one type ring the bell, until charon has gone.
func (s *session) listen(ctx context.Context, l *link, name string) error {
	return s.hear(ctx, l, name, func(m *vici.Message) {
		for key := range m.Sections() {
			if connection, ours := s.names.ours(key); ours {
				if m.Text("up") == "yes" || strings.HasSuffix(name, "-rekey") {
					s.expect(connection)
				}
				s.bell.ring(ipsec.Event{Connection: connection})
			}
		}
	})
}

// hear has each event of one type handed to f, which must return at once,
// until charon has gone.
func (s *session) hear(ctx context.Context, l *link, name string, f func(*vici.Message)) error {
	events, err := l.subscribe(ctx, name)
	if err != nil {
		return err
	}
	s.work.Go(func() {
		for event := range events {
			l.took()
			f(fromGovici(event.Message))
		}
		s.end(errors.New("charon has closed the connection"))
	})
	return nil
}

// end ends the session, for the first reason that is given.
func (s *session) end(reason error) {
	s.once.Do(func() {
		s.ended = reason
		close(s.done)
		s.commands.close()
		s.lists.close()
		s.log.close()
		for _, l := range s.events {
			l.close()
		}
		_ = s.record.file.Close() // what was written is there
	})
}

// failed is for errors of calls: one that says that charon is gone, or hangs,
// ends the session.
func (s *session) failed(err error) error {
	if errors.Is(err, ipsec.ErrUnavailable) {
		s.end(err)
	}
	return fmt.Errorf("strongswan: %w", err)
}

// gone is the error of calls after the end.
func (s *session) gone() error {
	select {
	case <-s.done:
		if errors.Is(s.ended, ipsec.ErrUnavailable) {
			return fmt.Errorf("strongswan: %w", s.ended)
		}
		return fmt.Errorf("strongswan: %w", unavailable(s.ended))
	default:
		return nil
	}
}

// during returns a context that also ends with the session.
func (s *session) during(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := make(chan struct{})
	go func() {
		select {
		case <-s.done:
			cancel()
		case <-stop:
		}
	}()
	return ctx, sync.OnceFunc(func() { close(stop); cancel() })
}

// Version names the daemon.
func (s *session) Version() string { return s.version }

// Events are wake-ups.
func (s *session) Events() <-chan ipsec.Event { return s.bell.out }

// Done is closed when the session has ended.
func (s *session) Done() <-chan struct{} { return s.done }

// Close ends the session.
func (s *session) Close() error {
	s.end(errors.New("the session is closed"))
	s.work.Wait()
	return nil
}

// look returns what is loaded of a connection.
func (s *session) look(name string) (*loaded, error) {
	if err := s.gone(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.applied[name]; l != nil {
		return l, nil
	}
	return nil, fmt.Errorf("strongswan: %s: %w", name, ipsec.ErrUnknownConnection)
}

// goodbye is how long a peer has to confirm that an SA ends; after that it is
// gone at our end all the same.
const goodbye = 2 * time.Second

func (s *session) terminateMessage(name string) *vici.Message {
	return new(vici.Message).Set("ike", s.names.charon(name)).Set("force", "yes").
		Set("timeout", number(goodbye.Milliseconds()))
}

// Terminate ends the SAs of a connection.
func (s *session) Terminate(ctx context.Context, name string) error {
	l, err := s.look(name)
	if err != nil {
		return err
	}
	l.stops.Add(1)
	return s.terminate(ctx, name)
}

func (s *session) terminate(ctx context.Context, name string) error {
	return s.aside(ctx, "terminate", s.terminateMessage(name))
}

// aside sends a command that may take a while on a link of its own. That there
// is nothing to do is no error.
func (s *session) aside(ctx context.Context, command string, m *vici.Message) error {
	ctx, cancel := s.during(ctx)
	defer cancel()
	l := newLink(s.backend.dial, s.backend.options.Timeout+goodbye)
	defer l.close()
	_, err := l.call(ctx, command, m)
	var r *refusal
	switch {
	case err == nil || errors.As(err, &r) && isNothing(r):
		return nil
	case s.gone() != nil:
		return s.gone()
	}
	return s.failed(err)
}
