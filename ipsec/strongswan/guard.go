package strongswan

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
)

// guardPeriod is the pause between two looks at whether ours is still there.
const guardPeriod = 5 * time.Second

// guard looks for what somebody else has taken out of the daemon, which tells
// nobody: swanctl --load-all, for one, unloads all that is not in its files.
func (s *session) guard() {
	pause := time.NewTicker(guardPeriod)
	defer pause.Stop()
	for {
		select {
		case <-pause.C:
		case <-s.done:
			return
		}
		ctx, cancel := s.during(context.Background())
		lost, err := s.missing(ctx)
		cancel()
		if err != nil {
			_ = s.failed(err) // whoever calls next gets it
		}
		for _, name := range lost {
			s.bell.ring(ipsec.Event{Connection: name, Lost: true})
		}
	}
}

// missing finds and notes the connections that are no longer as they were
// applied. While an Apply is under way there are none.
func (s *session) missing(ctx context.Context) ([]string, error) {
	select {
	case s.applying <- struct{}{}:
		defer func() { <-s.applying }()
	default:
		return nil, nil
	}
	s.mu.Lock()
	applied := maps.Clone(s.applied)
	s.mu.Unlock()
	if len(applied) == 0 {
		return nil, nil
	}
	loaded, err := s.have(ctx, "get-conns", "conns")
	if err != nil {
		return nil, err
	}
	shared, err := s.have(ctx, "get-shared", "keys")
	if err != nil {
		return nil, err
	}
	pools, err := s.have(ctx, "get-pools", "")
	if err != nil {
		return nil, err
	}
	keys, err := s.missingKeys(ctx)
	if err != nil {
		return nil, err
	}
	var lost []string
	for _, name := range slices.Sorted(maps.Keys(applied)) {
		l, ours := applied[name], s.names.charon(name)
		gone := !loaded[ours] || l.shared != nil && !shared[ours] || l.pool != nil && !pools[ours] ||
			l.certificates != nil && keys[fingerprintOf(l.certificates.key)]
		if gone {
			lost = append(lost, name)
		}
	}
	if len(keys) > 0 { // their certificates have probably gone with them
		s.creds = newCredentials()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range lost {
		s.lost[name] = true
	}
	return lost, nil
}

// have asks for names: those of a list, or of sections.
func (s *session) have(ctx context.Context, command, list string) (map[string]bool, error) {
	m, err := s.commands.call(ctx, command, nil)
	if err != nil {
		return nil, err
	}
	names := make(map[string]bool)
	for _, name := range m.List(list) {
		names[name] = true
	}
	for name := range m.Sections() {
		names[name] = true
	}
	return names, nil
}

// missingKeys returns the private keys of ours that charon does not have any
// more.
func (s *session) missingKeys(ctx context.Context) (map[fingerprint]bool, error) {
	missing := make(map[fingerprint]bool)
	if len(s.creds.keys) == 0 {
		return missing, nil
	}
	m, err := s.commands.call(ctx, "get-keys", nil)
	if err != nil {
		return nil, err
	}
	ids := keyIDs(m)
	for f, id := range s.creds.keys {
		if !slices.Contains(ids, id) {
			missing[f] = true
		}
	}
	return missing, nil
}
