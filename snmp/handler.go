package snmp

import "context"

// VarBind is an object instance and its value.
type VarBind struct {
	OID   OID
	Value Value
}

// Mount puts a Handler into the tree of the agent.
type Mount struct {
	// Prefix is the subtree that the handler serves, down to a single object.
	// No mount of a context may lie within another.
	Prefix OID
	// Context is the SNMPv3 contextName (RFC 3411, section 3.3.1); empty, the
	// default context, for what communities and most managers read.
	Context string
	Handler Handler
	// Description is the row of a subtree of the default context in
	// sysORTable, up to 255 octets; empty: one with the Prefix.
	Description string
}

// Handler serves the objects of a subtree. Its methods are called for many
// requests at the same time, and may take microseconds, not milliseconds: a
// handler that has to ask for its facts keeps them for a while. Identifiers
// are whole, from the root; those that the agent hands in are good during the
// call only. What cannot be read now is absent. A panic makes the request fail
// with genErr.
type Handler interface {
	// Get returns the value of an instance, [NoSuchInstance] where the object
	// type is served and this instance is not there, and [NoSuchObject] for
	// all else. It never returns Null or the zero Value.
	Get(oid OID) Value
	// Next returns the first instance after an identifier in the order of
	// [OID.Compare], which need not be one that exists, nor lie in the
	// subtree. It returns false when there is none.
	Next(after OID) (VarBind, bool)
}

// Snapshotter is a Handler whose objects change together. The agent calls
// Snapshot once for each request that comes to the subtree, and answers the
// request from what it returns: so a row is of one moment, and a row that
// disappears in mid-request does no harm.
type Snapshotter interface {
	Handler
	Snapshot() Handler
}

// Setter is a Handler with objects that can be set.
type Setter interface {
	Handler
	// Prepare checks whether the bindings could be set together, in the order
	// of RFC 3416, section 4.2.5, and changes nothing. It returns a *SetError
	// for the first that could not. A Change that is never committed is just
	// forgotten.
	Prepare(binds []VarBind) (Change, error)
}

// Change is a set that was prepared. Commit makes it; one that fails has
// changed nothing. Undo takes back what Commit did because another subtree of
// the same request failed. The agent prepares and makes one set at a time.
type Change interface {
	Commit() error
	Undo() error
}

// Watcher is a Handler that sees events which managers are told of. The agent
// runs Watch while it runs; notify never waits.
type Watcher interface {
	Handler
	Watch(ctx context.Context, notify func(Notification))
}

// Notification is an event for the destinations of a Config.
type Notification struct {
	// Trap is the value of snmpTrapOID.0, such as .1.3.6.1.6.3.1.1.5.3 for
	// linkDown.
	Trap OID
	// Binds follow sysUpTime.0 and snmpTrapOID.0.
	Binds []VarBind
}
