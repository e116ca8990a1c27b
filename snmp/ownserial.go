package snmp

import (
	"fmt"
	"math"
	"sync/atomic"
)

// serialGroup is snmpSet of RFC 3418: snmpSetSerialNo, with which managers
// that set something take turns.
type serialGroup struct {
	*live
	number atomic.Int32
}

// newSerialGroup returns the group with a number to begin with.
func newSerialGroup(first int32) *serialGroup {
	g := &serialGroup{live: new(live)}
	g.number.Store(first)
	g.scalar(snmpModules(1, 1, 6, 1), func() Value { return Integer(g.number.Load()) })
	return g
}

// Prepare implements Setter: a TestAndIncr takes the value that it has (RFC
// 2579).
func (g *serialGroup) Prepare(binds []VarBind) (Change, error) {
	for i, b := range binds {
		switch {
		case !b.OID.HasPrefix(g.objects[0]):
			return nil, &SetError{i, NotWritable, "read-only"}
		case b.Value.Kind() != KindInteger:
			return nil, &SetError{i, WrongType, fmt.Sprintf("%v instead of an INTEGER", b.Value.Kind())}
		case b.Value.Int() < 0:
			return nil, &SetError{i, WrongValue, "below 0"}
		case b.OID.Compare(g.instances[0].oid) != 0:
			return nil, &SetError{i, NoCreation, onlyInstance}
		case i > 0 || b.Value.Int() != g.number.Load():
			return nil, &SetError{i, InconsistentValue, "not the present number"}
		}
	}
	return serialChange{g, g.number.Load()}, nil
}

type serialChange struct {
	group  *serialGroup
	before int32
}

// Commit implements Change.
func (c serialChange) Commit() error {
	c.group.number.Store(int32((uint32(c.before) + 1) & math.MaxInt32))
	return nil
}

// Undo implements Change.
func (c serialChange) Undo() error {
	c.group.number.Store(c.before)
	return nil
}
