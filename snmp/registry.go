package snmp

import (
	"errors"
	"fmt"
	"sort"

	"github.com/fieldgate/fieldgate/internal/order"
)

// mount is a Mount with what its Handler can do.
type mount struct {
	Mount
	index       int         // among the mounts of all contexts
	snapshotter Snapshotter // nil if it is none
	setter      Setter      // nil if it is none
}

// tree is the mounts of a context in the order of their prefixes, none within
// another.
type tree []*mount

// registry is the trees of all contexts. It does not change.
type registry struct {
	trees  map[string]tree
	mounts []*mount
}

// maxContext is the longest contextName (RFC 3411, section 3.3.1).
const maxContext = 32

// newRegistry sorts the mounts. Its error names each that is wrong.
func newRegistry(mounts []Mount) (*registry, error) {
	r := &registry{trees: map[string]tree{"": nil}}
	var errs []error
	for i, m := range mounts {
		switch {
		case m.Handler == nil:
			errs = append(errs, fmt.Errorf("the mount at %v has no handler", m.Prefix))
			continue
		case len(m.Prefix) < 2 || len(m.Prefix) > MaxArcs:
			errs = append(errs, fmt.Errorf("the mount at %v must have a prefix of 2 to %d arcs", m.Prefix, MaxArcs))
		case len(m.Context) > maxContext:
			errs = append(errs, fmt.Errorf("the context %q of the mount at %v is longer than %d octets", m.Context, m.Prefix, maxContext))
		}
		full := &mount{Mount: m, index: i}
		full.snapshotter, _ = m.Handler.(Snapshotter)
		full.setter, _ = m.Handler.(Setter)
		r.mounts = append(r.mounts, full)
		r.trees[m.Context] = append(r.trees[m.Context], full)
	}
	for _, t := range r.trees {
		order.Sort(t, func(a, b *mount) int { return a.Prefix.Compare(b.Prefix) })
		for i := 1; i < len(t); i++ {
			if t[i].Prefix.HasPrefix(t[i-1].Prefix) {
				errs = append(errs, fmt.Errorf("the mount at %v lies within the one at %v", t[i].Prefix, t[i-1].Prefix))
			}
		}
	}
	return r, errors.Join(errs...)
}

// at returns the index of the mount that serves what follows oid: the one
// that oid lies in, else the first behind it.
func (t tree) at(oid OID) int {
	i := sort.Search(len(t), func(i int) bool { return t[i].Prefix.Compare(oid) > 0 })
	if i > 0 && oid.HasPrefix(t[i-1].Prefix) {
		return i - 1
	}
	return i
}

// find returns the mount that oid lies in, nil if there is none.
func (t tree) find(oid OID) *mount {
	if i := t.at(oid); i < len(t) && oid.HasPrefix(t[i].Prefix) {
		return t[i]
	}
	return nil
}
