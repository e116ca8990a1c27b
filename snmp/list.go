package snmp

import (
	"fmt"
	"slices"
)

// List is a Handler of values that do not change: a snapshot, or a recorded
// walk. It is safe for concurrent use.
type List struct{ binds []VarBind }

// NewList sorts the bindings, which it keeps, and refuses an identifier that
// is there twice or a value that is none.
func NewList(binds []VarBind) (*List, error) {
	compare := func(a, b VarBind) int { return a.OID.Compare(b.OID) }
	if !slices.IsSortedFunc(binds, compare) {
		slices.SortStableFunc(binds, compare)
	}
	for i, b := range binds {
		if i > 0 && b.OID.Compare(binds[i-1].OID) == 0 {
			return nil, fmt.Errorf("snmp: %v is there twice", b.OID)
		}
		if !b.Value.Exists() {
			return nil, fmt.Errorf("snmp: %v has no value but %v", b.OID, b.Value)
		}
	}
	return &List{binds: binds}, nil
}

// Len returns how many instances there are.
func (l *List) Len() int { return len(l.binds) }

// Get finds an instance. Where it is not there but another of the same object
// type may be, that is where the identifiers share all arcs but the last, it
// is the instance that is missing.
func (l *List) Get(oid OID) Value {
	i, found := l.search(oid)
	switch {
	case found:
		return l.binds[i].Value
	case l.near(i, oid) || l.near(i-1, oid):
		return NoSuchInstance()
	}
	return NoSuchObject()
}

// near tells whether the binding i is an instance of the object type that oid
// looks like.
func (l *List) near(i int, oid OID) bool {
	return i >= 0 && i < len(l.binds) && len(oid) > 1 && l.binds[i].OID.HasPrefix(oid[:len(oid)-1])
}

// Next finds the instance after an identifier.
func (l *List) Next(after OID) (VarBind, bool) {
	i, found := l.search(after)
	if found {
		i++
	}
	if i == len(l.binds) {
		return VarBind{}, false
	}
	return l.binds[i], true
}

func (l *List) search(oid OID) (int, bool) {
	return slices.BinarySearchFunc(l.binds, oid, func(b VarBind, oid OID) int { return b.OID.Compare(oid) })
}
