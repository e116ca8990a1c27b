// Package fanout hands the records of a receiver to several sinks at once:
//
//	Write ──▶ primary ──▶ its answer is the answer of Write
//	             │
//	             ├─ queue ─ goroutine ──▶ sink "a"   best effort
//	             └─ queue ─ goroutine ──▶ sink "b"   best effort
//
// The primary sink is the durable one. It is written to within Write, and
// Write returns what it returns: acknowledgements to devices depend on it
// alone. Each other sink has a bounded queue of its own and a goroutine that
// empties it, so that a slow or absent one costs neither the primary nor the
// others anything. A failed write of theirs is repeated with growing pauses
// until it succeeds or gives the records up by receiver.ErrNotStored. When a queue is full its oldest records are dropped and counted: what
// a sink gets after an outage is what is newest.
//
// The other sinks get records once the answer of the primary is final: it took
// them, or it gave them up by receiver.ErrNotStored, so that a full disk does
// not keep the fleet from the broker. Records of any other error come again,
// and are queued then.
package fanout
