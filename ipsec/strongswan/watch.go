package strongswan

import (
	"context"
	"strings"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// watch looks for peers that charon gives up, once there is a connection that
// wants to know. Only charon's log tells.
func (s *session) watch() {
	select {
	case <-s.watching:
	case <-s.done:
		return
	}
	ctx, cancel := s.during(context.Background())
	defer cancel()
	if err := s.hear(ctx, s.log, "log", s.given); err != nil && s.gone() == nil {
		_ = s.failed(err) // whoever calls next gets it
	}
}

// beginWatch lets watch begin if a connection wants it.
func (s *session) beginWatch(p *plan) {
	for _, l := range p.want {
		if action := l.definition.DPDAction; action != ipsec.DPDNone && action != "" {
			select {
			case s.watching <- struct{}{}:
			default:
			}
			return
		}
	}
}

// given rings the bell when a line of the log says that charon gives up the
// peer of an SA that was up. One that never came up, it may give up too.
func (s *session) given(line *vici.Message) {
	connection, ours := s.names.ours(line.Text("ikesa-name"))
	if !ours || !isDeath(line.Text("msg")) {
		return
	}
	s.mu.Lock()
	id := count(line.Text("ikesa-uniqueid"))
	sa, known := s.seen[id]
	if !known {
		sa, known = s.seenBefore[id]
	}
	s.mu.Unlock()
	if known && sa.Connection == connection && sa.Up() {
		s.bell.ring(ipsec.Event{Connection: connection, Dead: true})
	}
}

// isDeath tells that charon gives a peer up: for the first retransmissions
// of any request, and for IKEv1 its own timeout, which has no request.
func isDeath(text string) bool {
	return strings.HasPrefix(text, "giving up after ") || strings.HasPrefix(text, "DPD check timed out")
}
