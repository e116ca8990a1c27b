package receiver

import "sync/atomic"

// outcome is what became of a datagram.
type outcome int

const (
	received outcome = iota
	truncated
	malformed
	version
	bare
	unknown
	badMAC
	keyError
	limited
	duplicated
	tooOld
	noRoom
	queueFull
	notStored
	outcomes
)

// counters are the counters of [Stats].
type counters struct {
	datagrams, bytes atomic.Uint64
	outcomes         [outcomes]atomic.Uint64

	readErrors, sinkErrors, stateErrors, acks, ackErrors atomic.Uint64
}

func (c *counters) count(o outcome, n int) { c.outcomes[o].Add(uint64(n)) }

// stats reads the outcomes first: nothing is in them that is not in
// datagrams.
func (c *counters) stats() Stats {
	of := func(o outcome) uint64 { return c.outcomes[o].Load() }
	return Stats{
		Received: of(received), Truncated: of(truncated), Malformed: of(malformed), Version: of(version),
		Bare: of(bare), Unknown: of(unknown), BadMAC: of(badMAC), KeyErrors: of(keyError), Limited: of(limited),
		Duplicate: of(duplicated), Replayed: of(tooOld), MaxDevices: of(noRoom),
		QueueFull: of(queueFull), NotStored: of(notStored),
		ReadErrors: c.readErrors.Load(), SinkErrors: c.sinkErrors.Load(), StateErrors: c.stateErrors.Load(),
		Acks: c.acks.Load(), AckErrors: c.ackErrors.Load(),
		Datagrams: c.datagrams.Load(), Bytes: c.bytes.Load(),
	}
}
