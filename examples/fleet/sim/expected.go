package sim

// Window is how many sequence numbers below the highest one a server still
// accepts; see the rules of telemetry/receiver.
const Window = 128

// Total counts what happened to the fleet as a whole.
type Total struct {
	Reports     uint64 // made by devices
	Datagrams   uint64 // sent, without forgeries
	Lost        uint64 // reports thrown away on purpose
	Unsent      uint64 // datagrams that the system refused to send
	Held        uint64 // reports sent late
	Duplicates  uint64 // second copies
	Reboots     uint64
	ClockFaults uint64
	Forged      [forgeries]uint64
}

// Expected is what a server must have counted of one device.
type Expected struct {
	Boot      uint32 // the highest that arrived
	Top       uint64 // the highest sequence number of that boot
	Received  uint64 // reports accepted
	Lost      uint64 // missing below the last one of each boot that arrived
	Duplicate uint64 // refused: accepted before
	Replayed  uint64 // refused: of an older boot, or too far below Top
	Reordered uint64 // accepted below Top
	Reboots   uint64 // how often Boot grew

	Sent   uint64 // reports made, all boots together
	Silent uint64 // reports behind the last one of their boot that arrived: nobody can count them
	Heard  bool   // anything arrived
}

// expected sums the account up.
func (a *account) expected() Expected {
	e := Expected{
		Heard: a.heard > 0, Duplicate: a.duplicate, Replayed: a.replayed, Reordered: a.reordered, Reboots: a.reboots,
	}
	for i := range a.lives {
		l := &a.lives[i]
		e.Sent += l.sent
		e.Received += l.received
		if l.received == 0 {
			e.Silent += l.sent
			continue
		}
		e.Lost += l.top + 1 - l.received
		e.Silent += l.sent - 1 - l.top
		e.Boot, e.Top = l.boot, l.top
	}
	return e
}

// Expected returns what a server must have counted of device index, if each
// datagram that was sent has reached it.
func (f *Fleet) Expected(index int) Expected { return f.devices[index].account.expected() }

// Total returns what happened so far.
func (f *Fleet) Total() Total { return f.total }
