package strongswan

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/internal/order"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// busyTimeout is how long a list waits for SAs that charon is at work on.
const busyTimeout = 2 * time.Second

// listTimeout is how long a whole list may take.
func (s *session) listTimeout() time.Duration { return 3 * s.backend.options.Timeout }

// SAs returns the SAs of our connections.
//
// The list is taken without waiting, which leaves out SAs that charon is at
// work on. When one that was there, or came up, is missing, a second list waits for it,
// within limits; what is busy longer is told as it was.
func (s *session) SAs(ctx context.Context) ([]ipsec.SA, error) {
	if err := s.gone(); err != nil {
		return nil, err
	}
	_, before := s.remembered("")
	list, err := s.current(ctx, s.lists, s.listTimeout(), "")
	if err != nil {
		return nil, err
	}
	order.Sort(list, func(a, b ipsec.SA) int {
		return cmp.Or(cmp.Compare(a.Connection, b.Connection), cmp.Compare(a.ID, b.ID))
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seenBefore, s.seen = s.seen, byID(list)
	for _, sa := range list {
		delete(s.fresh, sa.Connection)
	}
	if len(s.fresh) > 0 { // they are down again: the second list had them not
		maps.DeleteFunc(s.fresh, func(connection string, _ bool) bool { return before[connection] })
	}
	return list, nil
}

func byID(list []ipsec.SA) map[uint64]ipsec.SA {
	m := make(map[uint64]ipsec.SA, len(list))
	for _, sa := range list {
		m[sa.ID] = sa
	}
	return m
}

// current returns the SAs of a connection, or of all, those included that
// charon is busy with.
func (s *session) current(ctx context.Context, l *link, timeout time.Duration, name string) ([]ipsec.SA, error) {
	list, err := s.list(ctx, l, timeout, s.filter(name).Set("noblock", "yes"))
	if err != nil {
		if ctx.Err() != nil {
			return nil, s.interrupted(ctx)
		}
		if gone := s.gone(); gone != nil {
			return nil, gone
		}
		return nil, s.failed(err)
	}
	missing, fresh := s.remembered(name)
	for _, sa := range list {
		delete(missing, sa.ID)
		delete(fresh, sa.Connection)
	}
	if len(missing) == 0 && len(fresh) == 0 {
		return list, nil
	}
	aside := newLink(s.backend.dial, busyTimeout)
	defer aside.close()
	if all, err := s.list(ctx, aside, busyTimeout, s.filter(name)); err == nil {
		return all, nil
	}
	return slices.AppendSeq(list, maps.Values(missing)), nil
}

func (s *session) filter(name string) *vici.Message {
	m := new(vici.Message)
	if name != "" {
		m.Set("ike", s.names.charon(name))
	}
	return m
}

// remembered returns what the last list had of a connection, or of all, and
// which have come up since.
func (s *session) remembered(name string) (map[uint64]ipsec.SA, map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, fresh := maps.Clone(s.seen), maps.Clone(s.fresh)
	if name != "" {
		maps.DeleteFunc(seen, func(_ uint64, sa ipsec.SA) bool { return sa.Connection != name })
		maps.DeleteFunc(fresh, func(connection string, _ bool) bool { return connection != name })
	}
	return seen, fresh
}

// expect notes that a connection has come up.
func (s *session) expect(connection string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.fresh) < maxPending {
		s.fresh[connection] = true
	}
}

// list asks for SAs; m is the filter.
func (s *session) list(ctx context.Context, l *link, timeout time.Duration, m *vici.Message) ([]ipsec.SA, error) {
	ctx, cancel := s.during(ctx)
	defer cancel()
	var items []*vici.Message
	if err := l.stream(ctx, timeout, "list-sas", "list-sa", m, func(item *vici.Message) { items = append(items, item) }); err != nil {
		return nil, err
	}
	now := time.Now()
	var list []ipsec.SA
	for _, item := range items {
		list = append(list, s.names.decodeSAs(item, now)...)
	}
	return list, nil
}
