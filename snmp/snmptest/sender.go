package snmptest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/fieldgate/fieldgate/snmp"
)

// Sender is a Sender that keeps what it is given. The zero value is ready.
type Sender struct {
	mu      sync.Mutex
	sent    []snmp.NotificationMessage
	fails   map[string]error
	hangs   map[string]bool
	changed chan struct{} // closed when sent grows
}

var _ snmp.Sender = (*Sender)(nil)

// Fail lets Send to the destination of that name fail with err from now on;
// nil ends that. What fails is not kept.
func (s *Sender) Fail(destination string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails == nil {
		s.fails = make(map[string]error)
	}
	s.fails[destination] = err
}

// Stall lets Send to that destination wait for the end of its context, as for
// an acknowledgement that never comes, or no longer.
func (s *Sender) Stall(destination string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hangs == nil {
		s.hangs = make(map[string]bool)
	}
	s.hangs[destination] = on
}

// Send keeps m, see [snmp.Sender].
func (s *Sender) Send(ctx context.Context, m snmp.NotificationMessage) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hangs[m.To.Name] {
		s.mu.Unlock()
		<-ctx.Done()
		s.mu.Lock()
		return ctx.Err()
	}
	if err := s.fails[m.To.Name]; err != nil {
		return err
	}
	m.Binds = slices.Clone(m.Binds)
	s.sent = append(s.sent, m)
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
	return nil
}

// Sent returns what was sent so far, in its order.
func (s *Sender) Sent() []snmp.NotificationMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// Wait waits until at least n were sent, and returns them all.
func (s *Sender) Wait(ctx context.Context, n int) ([]snmp.NotificationMessage, error) {
	for {
		s.mu.Lock()
		if len(s.sent) >= n {
			defer s.mu.Unlock()
			return slices.Clone(s.sent), nil
		}
		if s.changed == nil {
			s.changed = make(chan struct{})
		}
		changed, have := s.changed, len(s.sent)
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("snmptest: %d of %d notifications were sent: %w", have, n, ctx.Err())
		}
	}
}

// String lists what was sent, one a line.
func (s *Sender) String() string {
	var text strings.Builder
	for _, m := range s.Sent() {
		fmt.Fprintf(&text, "%s %s %v", m.To.Name, m.To.Version, m.Trap)
		for _, b := range m.Binds {
			fmt.Fprintf(&text, " %v=%v", b.OID, b.Value)
		}
		text.WriteByte('\n')
	}
	return text.String()
}
