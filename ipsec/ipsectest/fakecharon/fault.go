package fakecharon

import "time"

// Kind is what goes wrong.
type Kind string

// The kinds of faults.
const (
	Hang    Kind = "hang"    // no answer, until Heal or Kill
	Hangup  Kind = "hang up" // the connection is closed instead of an answer
	Junk    Kind = "junk"    // Fault.Data is sent instead of an answer, as it is
	Slow    Kind = "slow"    // Fault.Delay before each event and the answer
	Unknown Kind = "unknown" // the daemon does not know the command
	Refuse  Kind = "refuse"  // the answer is Fault.Text as an error
	Early   Kind = "early"   // an event of that type comes before its registration is confirmed
)

// Fault is what goes wrong with a command or the registration of an event.
type Fault struct {
	Kind Kind
	// Command is a command or an event, such as "list-sas" or "ike-updown".
	// Empty: every one.
	Command string
	// Name is what the command is about, such as "fieldgate-demo0". Empty:
	// anything.
	Name string
	// After is how many events of a stream come before a Hang, Hangup or
	// Junk; and how many commands go well before it, where nothing streams.
	After int
	// Times is how often it happens. 0: until Heal.
	Times int
	Delay time.Duration
	Text  string
	Data  []byte

	healed chan struct{}
}

// Inject makes things go wrong from now on.
func (d *Daemon) Inject(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f.healed = make(chan struct{})
	d.faults = append(d.faults, &f)
}

// Heal ends all faults.
func (d *Daemon) Heal() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.faults {
		close(f.healed)
	}
	d.faults = nil
}

// fault returns what goes wrong with a command, nil if nothing.
func (d *Daemon) fault(command, name string, streams bool) *Fault {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, f := range d.faults {
		if f.Command != "" && f.Command != command || f.Name != "" && f.Name != name {
			continue
		}
		if f.After > 0 && !streams {
			f.After--
			continue
		}
		if f.Times == 1 {
			d.faults = append(d.faults[:i:i], d.faults[i+1:]...)
		} else if f.Times > 1 {
			f.Times--
		}
		return f
	}
	return nil
}
