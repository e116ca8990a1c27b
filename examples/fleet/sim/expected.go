package sim

// Window is how many sequence numbers, the highest included, a server keeps
// apart. It is written down again, and not taken from telemetry/receiver, so
// that the fleet is a judge of its own.
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

// Expected is what a server must have counted of one device, and what it
// cannot know. Sent = Received + Lost + Early + Silent.
type Expected struct {
	Heard     bool   // anything arrived
	Boot      uint32 // the highest that arrived
	Top       uint64 // the highest sequence number of that boot
	Received  uint64 // reports accepted
	Lost      uint64 // missing: between the first and the last report of a boot that arrived; from 0, when an earlier boot was heard
	Duplicate uint64 // refused: accepted before
	Replayed  uint64 // refused: of an older boot, or below the window
	Reordered uint64 // accepted below Top
	Reboots   uint64 // how often Boot grew

	Sent   uint64 // reports made, all boots together
	Early  uint64 // missing before the first report of the first boot that was heard: for all the server knows, there were none
	Silent uint64 // behind the last report that arrived of their boot
}

// Expected returns what a server must have counted of device index, if each
// datagram that was sent has reached it.
func (f *Fleet) Expected(index int) Expected { return f.devices[index].account.expected() }

// Total returns what happened so far.
func (f *Fleet) Total() Total { return f.total }

// expected sums the account up.
func (a *account) expected() Expected {
	e := Expected{Duplicate: a.duplicate, Replayed: a.replayed, Reordered: a.reordered, Reboots: a.reboots}
	for i := range a.lives {
		l := &a.lives[i]
		e.Sent += l.sent
		e.Received += l.received
		switch {
		case l.received == 0:
			e.Silent += l.sent
			continue
		case !e.Heard && !a.met: // of the first boot ever heard, what came before is unknown
			e.Early = l.missing(0, l.lowest)
			e.Lost = l.missing(l.lowest, l.top)
		default:
			e.Lost += l.missing(0, l.top)
		}
		e.Heard = true
		e.Silent += l.sent - 1 - l.top
		e.Boot, e.Top = l.boot, l.top
	}
	return e
}
