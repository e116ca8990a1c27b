package hostmib

import (
	"sync/atomic"
	"time"

	"github.com/fieldgate/fieldgate/snmp"
)

// subtree is the Handler of one mount: a list that is built anew from the
// sources when it is asked for and too old.
type subtree struct {
	build func(*page)

	current  atomic.Pointer[page]
	building chan struct{} // holds one while somebody builds
}

var _ snmp.Snapshotter = (*subtree)(nil)

// grace is by how much a page may be too old for those who come while
// another one is building the next.
const grace = time.Second

// page is the list of a subtree at a moment.
type page struct {
	snmp.Builder
	list    *snmp.List
	expires time.Time // when the first of its readings does
}

// Snapshot returns the list, which stays as it is.
func (s *subtree) Snapshot() snmp.Handler { return s.now() }

// Get answers from the list of now.
func (s *subtree) Get(oid snmp.OID) snmp.Value { return s.now().Get(oid) }

// Next answers from the list of now.
func (s *subtree) Next(after snmp.OID) (snmp.VarBind, bool) { return s.now().Next(after) }

// now returns a list that is not too old. One caller builds it; the others
// take the old one meanwhile, if that is not much too old.
func (s *subtree) now() *snmp.List {
	old := s.current.Load()
	if old != nil && time.Until(old.expires) > 0 { // reads one clock, time.Now two
		return old.list
	}
	now := time.Now()
	select {
	case s.building <- struct{}{}:
	default:
		if old != nil && now.Before(old.expires.Add(grace)) {
			return old.list
		}
		s.building <- struct{}{}
	}
	defer func() { <-s.building }()
	if p := s.current.Load(); p != nil && p != old && time.Now().Before(p.expires) {
		return p.list // built while this call waited
	}
	p := &page{expires: now.Add(defaultTTL * still)}
	s.build(p)
	list, err := p.List()
	if err != nil {
		// Only a kernel that lists a device twice brings this about.
		list, _ = snmp.NewList(nil, nil)
	}
	p.Builder, p.list = snmp.Builder{}, list
	s.current.Store(p)
	return list
}

// use returns a reading for a page, if there is one.
func use[T any](p *page, s *source[T]) (T, bool) {
	value, expires, err := s.get()
	if expires.Before(p.expires) {
		p.expires = expires
	}
	return value, err == nil
}
