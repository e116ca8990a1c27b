package snmp

import (
	"cmp"
	"fmt"
	"sync"
)

// systemGroup is the group system of RFC 3418. It is a Handler, and with save
// a Setter.
type systemGroup struct {
	*live
	hostname func() string
	save     func(System) error
	fixed    SystemFields

	mu     sync.Mutex
	system System
}

// The arcs of the group that can be set.
const (
	arcContact  = 4
	arcName     = 5
	arcLocation = 6
)

// onlyInstance is why another one cannot be set.
const onlyInstance = "a scalar has the instance .0 only"

// module is a row of sysORTable.
type module struct {
	id    OID
	about string
}

// newSystemGroup returns the group of a Service that is being made.
func newSystemGroup(s *Service, modules []module) *systemGroup {
	g := &systemGroup{live: new(live), hostname: s.opts.Hostname, save: s.opts.SaveSystem, fixed: s.opts.FixedSystem, system: s.cfg.System}
	at := func(arc uint32, value func() Value) { g.scalar(mib2(1, arc), value) }
	description := OctetString(cmp.Or(s.opts.Description, "fieldgate"))
	object := ObjectID(s.objectID())
	services := Integer(int32(cmp.Or(s.cfg.System.Services, 72)))
	at(1, func() Value { return description })
	at(2, func() Value { return object })
	at(3, func() Value { return TimeTicks(s.uptime()) })
	at(arcContact, func() Value { return OctetString(g.get().Contact) })
	at(arcName, func() Value { return OctetString(g.name()) })
	at(arcLocation, func() Value { return OctetString(g.get().Location) })
	at(7, func() Value { return services })
	at(8, func() Value { return TimeTicks(0) }) // sysORLastChange: all are there from the start
	row := func(arc uint32, value func(module) Value) {
		g.column(mib2(1, 9, 1, arc), len(modules), func(i int) Value { return value(modules[i]) })
	}
	row(2, func(m module) Value { return ObjectID(m.id) })
	row(3, func(m module) Value { return OctetString(m.about) })
	row(4, func(module) Value { return TimeTicks(0) })
	g.sorted()
	return g
}

// objectID is sysObjectID.
func (s *Service) objectID() OID {
	if id := s.cfg.System.ObjectID; len(id) > 0 {
		return id
	}
	return OID{1, 3, 6, 1, 4, 1, 8072, 3, 2, 10}
}

// modules returns the rows of sysORTable: what the agent serves about itself,
// and the subtrees of the program.
func modules(mounts []Mount) []module {
	list := []module{
		{snmpModules(1), "The MIB module for SNMPv2 entities"},
		{snmpModules(10, 3, 1, 1), "The SNMP Management Architecture MIB."},
		{snmpModules(11, 3, 1, 1), "The MIB for Message Processing and Dispatching."},
		{snmpModules(15, 2, 1, 1), "The management information definitions for the SNMP User-based Security Model."},
		{snmpModules(16, 2, 2, 1), "View-based Access Control Model for SNMP."},
	}
	for _, m := range mounts {
		if m.Context == "" {
			about := cmp.Or(m.Description, "The objects below "+m.Prefix.String())
			list = append(list, module{m.Prefix, about[:min(len(about), maxText)]})
		}
	}
	return list
}

func (g *systemGroup) get() System {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.system
}

// name is sysName.
func (g *systemGroup) name() string {
	name := g.get().Name
	if name == "" && g.hostname != nil {
		name = g.hostname()
	}
	return name[:min(len(name), maxText)]
}

// Prepare implements Setter.
func (g *systemGroup) Prepare(binds []VarBind) (Change, error) {
	change := &systemChange{group: g, before: g.get()}
	change.after = change.before
	for i, b := range binds {
		var field *string
		fixed := g.save == nil
		if len(b.OID) > 7 {
			switch b.OID[7] {
			case arcContact:
				field, fixed = &change.after.Contact, fixed || g.fixed.Contact
			case arcName:
				field, fixed = &change.after.Name, fixed || g.fixed.Name
			case arcLocation:
				field, fixed = &change.after.Location, fixed || g.fixed.Location
			}
		}
		text := b.Value.Octets()
		switch {
		case field == nil || fixed:
			return nil, &SetError{i, NotWritable, "read-only"}
		case b.Value.Kind() != KindOctetString:
			return nil, &SetError{i, WrongType, fmt.Sprintf("%v instead of an OCTET STRING", b.Value.Kind())}
		case len(text) > maxText:
			return nil, &SetError{i, WrongLength, fmt.Sprintf("%d octets, allowed are %d", len(text), maxText)}
		}
		if err := checkText(text); err != nil {
			return nil, &SetError{i, WrongValue, err.Error()}
		}
		if len(b.OID) != 9 || b.OID[8] != 0 {
			return nil, &SetError{i, NoCreation, onlyInstance}
		}
		*field = text
	}
	return change, nil
}

// systemChange is a prepared set of the group. The agent makes one set at a
// time.
type systemChange struct {
	group         *systemGroup
	before, after System
}

// Commit implements Change.
func (c *systemChange) Commit() error { return c.group.put(c.after) }

// Undo implements Change.
func (c *systemChange) Undo() error { return c.group.put(c.before) }

// put stores, then shows what is new.
func (g *systemGroup) put(system System) error {
	if err := g.save(system); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.system = system
	return nil
}
