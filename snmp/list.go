package snmp

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/fieldgate/fieldgate/internal/order"
)

// List is a Handler of values that do not change: a snapshot, or a recorded
// walk. It is safe for concurrent use, and neither Get nor Next allocates.
type List struct {
	objects []OID // object types, sorted; none within another
	binds   []VarBind
	common  int // how many arcs all bindings begin with
	// hint is the index that Next returned last: a walk asks for the one
	// behind it.
	hint atomic.Uint32
}

// NewList makes a List of object types (scalars without their .0, and columns
// of tables) and of their instances. It keeps and sorts both. It refuses an
// object type within another, an instance of none of them, one that is there
// twice or has no value, and an identifier that no message can carry.
func NewList(objects []OID, binds []VarBind) (*List, error) {
	if !slices.IsSortedFunc(objects, OID.Compare) {
		order.Sort(objects, OID.Compare)
	}
	objects = slices.CompactFunc(objects, func(a, b OID) bool { return a.Compare(b) == 0 })
	for i := 1; i < len(objects); i++ {
		if objects[i].HasPrefix(objects[i-1]) {
			return nil, fmt.Errorf("snmp: object type %v is within %v", objects[i], objects[i-1])
		}
	}
	compare := func(a, b VarBind) int { return a.OID.Compare(b.OID) }
	if !slices.IsSortedFunc(binds, compare) {
		order.Sort(binds, compare)
	}
	l := &List{objects: objects, binds: binds}
	if err := l.check(); err != nil {
		return nil, err
	}
	if n := len(binds); n > 0 {
		l.common = shared(binds[0].OID, binds[n-1].OID)
	}
	return l, nil
}

// check goes through bindings and object types side by side.
func (l *List) check() error {
	next := 0 // object type that may be the next binding's
	for i, b := range l.binds {
		switch {
		case len(b.OID) < 2 || len(b.OID) > MaxArcs:
			return fmt.Errorf("snmp: %v has %d arcs, want 2 to %d", b.OID, len(b.OID), MaxArcs)
		case b.OID[0] > 2 || b.OID[0] < 2 && b.OID[1] > 39:
			return fmt.Errorf("snmp: %v has no encoding: want .0 and .1 with up to .39, or .2", b.OID)
		case i > 0 && b.OID.Compare(l.binds[i-1].OID) == 0:
			return fmt.Errorf("snmp: %v is there twice", b.OID)
		case !b.Value.Exists():
			return fmt.Errorf("snmp: %v has no value but %v", b.OID, b.Value)
		}
		for next < len(l.objects) && !b.OID.HasPrefix(l.objects[next]) && l.objects[next].Compare(b.OID) < 0 {
			next++
		}
		if next == len(l.objects) || !b.OID.HasPrefix(l.objects[next]) || len(b.OID) == len(l.objects[next]) {
			return fmt.Errorf("snmp: %v is an instance of no object type of the list", b.OID)
		}
	}
	return nil
}

// Len returns how many instances there are.
func (l *List) Len() int { return len(l.binds) }

// Get finds an instance, or tells whether it or its object type is missing.
func (l *List) Get(oid OID) Value {
	if i, found := l.search(oid); found {
		return l.binds[i].Value
	}
	i, found := slices.BinarySearchFunc(l.objects, oid, OID.Compare)
	if found || i > 0 && oid.HasPrefix(l.objects[i-1]) {
		return NoSuchInstance()
	}
	return NoSuchObject()
}

// Next finds the instance after an identifier.
func (l *List) Next(after OID) (VarBind, bool) {
	i := int(l.hint.Load())
	if i >= len(l.binds) || !same(l.binds[i].OID, after) {
		var found bool
		if i, found = l.search(after); !found {
			i--
		}
	}
	if i++; i >= len(l.binds) {
		return VarBind{}, false
	}
	l.hint.Store(uint32(i))
	return l.binds[i], true
}

// after returns all behind an identifier.
func (l *List) after(oid OID) []VarBind {
	i, found := l.search(oid)
	if found {
		i++
	}
	return l.binds[i:]
}

// search returns the index of an instance, or of the first one after it.
func (l *List) search(oid OID) (int, bool) {
	if len(l.binds) == 0 {
		return 0, false
	}
	// What all have in common is compared once.
	n := min(len(oid), l.common)
	switch c := oid[:n].Compare(l.binds[0].OID[:n]); {
	case c < 0, c == 0 && n < l.common:
		return 0, false
	case c > 0:
		return len(l.binds), false
	}
	rest := oid[n:]
	low, high := 0, len(l.binds)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if l.binds[middle].OID[n:].Compare(rest) < 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, low < len(l.binds) && same(l.binds[low].OID, oid)
}

// shared returns how many arcs two identifiers begin with alike.
func shared(a, b OID) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// same compares from the end, where instances differ.
func same(a, b OID) bool {
	if len(a) != len(b) {
		return false
	}
	for i := len(a) - 1; i >= 0; i-- {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
