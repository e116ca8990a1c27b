package strongswan

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// loaded is a connection as charon has it, or is to have it.
type loaded struct {
	definition   ipsec.Definition
	connection   []byte // what load-conn sends
	shared       []byte // what load-shared sends; none with certificates
	pool         []byte // what load-pool sends, if any
	certificates *certificates

	*attempts
}

// attempts are what all forms of a connection have in common.
type attempts struct {
	turn  chan struct{} // holds one token, for the Initiate that is under way
	stops atomic.Uint64 // how often it was terminated
}

// plan is what an Apply does.
type plan struct {
	want      map[string]*loaded
	refused   map[string]error
	load      []string // added or changed
	end       []string // removed or changed
	stray     []request
	removed   []string
	added     []string
	changed   []string
	unchanged []string
}

// prepare makes what charon gets for a connection.
func (n names) prepare(d ipsec.Definition) (*loaded, error) {
	l := &loaded{definition: d, attempts: &attempts{turn: make(chan struct{}, 1)}}
	var err error
	if d.Authentication == ipsec.AuthRSA {
		if l.certificates, err = splitSet(d.Set); err != nil {
			return nil, err
		}
	} else if !d.PreSharedKey.IsZero() { // without one, somebody else sees to it
		if l.shared, err = vici.AppendMessage(nil, n.sharedKey(d)); err != nil {
			return nil, err
		}
	}
	if d.Pool != nil {
		if l.pool, err = vici.AppendMessage(nil, n.pool(d)); err != nil {
			return nil, err
		}
	}
	if l.connection, err = vici.AppendMessage(nil, n.connection(d, l.certificates)); err != nil {
		return nil, err
	}
	if len(l.connection) > vici.MaxPacket-1024 {
		return nil, fmt.Errorf("the connection takes %d bytes, more than charon's %d", len(l.connection), vici.MaxPacket)
	}
	for _, r := range l.certificates.trusted() {
		if _, err := vici.AppendMessage(nil, r.message); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// same tells whether charon would get the same of both.
func (l *loaded) same(other *loaded) bool {
	return string(l.connection) == string(other.connection) && string(l.shared) == string(other.shared) &&
		string(l.pool) == string(other.pool) && reflect.DeepEqual(l.certificates, other.certificates)
}

// compare makes the plan. held are the connections of ours that charon had
// before the session; they are loaded anew, without an end.
func (n names) compare(applied map[string]*loaded, held []string, definitions []ipsec.Definition) *plan {
	p := &plan{want: make(map[string]*loaded, len(definitions)), refused: make(map[string]error)}
	for _, d := range definitions {
		before := applied[d.Name]
		if before != nil && reflect.DeepEqual(before.definition, d) {
			p.want[d.Name] = before
			p.unchanged = append(p.unchanged, d.Name)
			continue
		}
		l, err := n.prepare(d)
		switch {
		case err != nil:
			p.refused[d.Name] = err
			continue
		case before == nil:
			p.added = append(p.added, d.Name)
		case before.same(l):
			l.attempts = before.attempts
			p.unchanged = append(p.unchanged, d.Name)
			p.want[d.Name] = l
			continue
		default:
			p.changed = append(p.changed, d.Name)
			l.attempts = before.attempts
		}
		p.want[d.Name] = l
	}
	p.load = slices.Concat(p.added, p.changed)
	for _, name := range slices.Sorted(maps.Keys(applied)) {
		if p.want[name] == nil {
			p.removed = append(p.removed, name)
		}
	}
	for _, name := range held {
		if p.want[name] == nil && applied[name] == nil {
			p.removed = append(p.removed, name)
		}
	}
	p.end = slices.Concat(p.removed, p.changed)
	return p
}
