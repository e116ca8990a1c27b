package snmp

import (
	"sort"
	"sync/atomic"

	"github.com/fieldgate/fieldgate/internal/order"
)

// live is a Handler of instances that are always there, each with a function
// for its value. The zero Value means that it is not there now.
type live struct {
	objects   []OID // the object types, sorted
	instances []instance
	hint      atomic.Uint32 // the instance that Next found last
}

type instance struct {
	oid   OID
	value func() Value
}

// scalar adds the instance .0 of an object type.
func (l *live) scalar(object OID, value func() Value) {
	l.objects = append(l.objects, object)
	l.instances = append(l.instances, instance{object.Append(0), value})
}

// column adds the instances of a column with the indexes 1 to n.
func (l *live) column(object OID, n int, value func(row int) Value) {
	l.objects = append(l.objects, object)
	for row := range n {
		l.instances = append(l.instances, instance{object.Append(uint32(row + 1)), func() Value { return value(row) }})
	}
}

// sorted returns l once all has been added.
func (l *live) sorted() *live {
	order.Sort(l.objects, OID.Compare)
	order.Sort(l.instances, func(a, b instance) int { return a.oid.Compare(b.oid) })
	return l
}

// Get implements Handler.
func (l *live) Get(oid OID) Value {
	if i := l.search(oid); i < len(l.instances) && l.instances[i].oid.Compare(oid) == 0 {
		if v := l.instances[i].value(); v != (Value{}) {
			return v
		}
		return NoSuchInstance()
	}
	// The object types do not lie within one another.
	i := sort.Search(len(l.objects), func(i int) bool { return l.objects[i].Compare(oid) > 0 })
	if i > 0 && oid.HasPrefix(l.objects[i-1]) {
		return NoSuchInstance()
	}
	return NoSuchObject()
}

// Next implements Handler.
func (l *live) Next(after OID) (VarBind, bool) {
	i := int(l.hint.Load())
	if i >= len(l.instances) || !same(l.instances[i].oid, after) {
		i = l.search(after)
	}
	for ; i < len(l.instances); i++ {
		in := &l.instances[i]
		if same(in.oid, after) {
			continue
		}
		if v := in.value(); v != (Value{}) {
			l.hint.Store(uint32(i))
			return VarBind{in.oid, v}, true
		}
	}
	return VarBind{}, false
}

// search returns the index of the first instance that is not before oid.
func (l *live) search(oid OID) int {
	return sort.Search(len(l.instances), func(i int) bool { return l.instances[i].oid.Compare(oid) >= 0 })
}
