package main

import (
	"fmt"
	"io"

	"github.com/fieldgate/fieldgate/examples/fleet/sim"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// maxShown is how many differences are printed.
const maxShown = 20

// stats is what the collector says of each device, by serial.
type stats map[string]receiver.DeviceStats

// verdict is what a comparison with the collector's counters found.
type verdict struct {
	differences []string
	heard       int // devices of this run that the collector has heard

	// Sums over the devices: sent is by our own account, received and lost
	// are the collector's, early and silent are what it cannot know.
	sent, received, lost, early, silent uint64
}

// judge compares what the collector has counted since before with the
// account of the fleet. With pathLoss only sums can be compared, as what the
// path has lost is known to nobody else.
func judge(f *sim.Fleet, before, after stats, pathLoss bool) verdict {
	var v verdict
	for i := range f.Len() {
		serial, want := f.Serial(i), f.Expected(i)
		got := since(before[serial], after[serial])
		v.sent += want.Sent
		v.received += got.Received
		v.lost += got.Lost
		if pathLoss {
			v.sum(serial, f.Boot(i), want.Sent, before, got)
			continue
		}
		v.early += want.Early
		v.silent += want.Silent
		v.compare(serial, want, got)
	}
	for serial := range after {
		if f.Stranger(serial) {
			v.differ("%s: the collector keeps state of a device that an attacker made up", serial)
		}
	}
	return v
}

func (v *verdict) differ(format string, args ...any) {
	v.differences = append(v.differences, fmt.Sprintf(format, args...))
}

// compare checks each counter of a device.
func (v *verdict) compare(serial string, want sim.Expected, got receiver.DeviceStats) {
	if want.Heard {
		v.heard++
		if got.Boot != telemetry.Known(want.Boot) {
			v.differ("%s: boot %d: collector says %d", serial, want.Boot, got.Boot.Value)
		}
		if got.Top != want.Top {
			v.differ("%s: top %d: collector says %d", serial, want.Top, got.Top)
		}
	}
	for _, c := range [...]struct {
		name      string
		want, got uint64
	}{
		{"received", want.Received, got.Received},
		{"lost", want.Lost, got.Lost},
		{"duplicate", want.Duplicate, got.Duplicate},
		{"replayed", want.Replayed, got.Replayed},
		{"reordered", want.Reordered, got.Reordered},
		{"reboots", want.Reboots, got.Reboots},
		{"late", 0, got.Late},
		{"lost parts", 0, got.LostParts},
		{"dropped", 0, got.Dropped},
	} {
		if c.want != c.got {
			v.differ("%s: %s %d: collector says %d", serial, c.name, c.want, c.got)
		}
	}
}

// sum checks that what the collector has counted of a device adds up, and
// finds what it cannot know. The device made sent reports in one boot.
func (v *verdict) sum(serial string, boot uint32, sent uint64, before stats, got receiver.DeviceStats) {
	if got.Boot != telemetry.Known(boot) { // nothing of this run has arrived
		v.silent += sent
		if n := got.Received + got.Lost; n > 0 {
			v.differ("%s: nothing has arrived: collector counts %d", serial, n)
		}
		return
	}
	v.heard++
	_, met := before[serial]
	counted, told := got.Received+got.Lost, got.Top+1
	switch {
	case got.Top >= sent, counted > told, met && counted < told:
		v.differ("%s: %d reports, of which top %d is the last to arrive: collector has received %d and lost %d",
			serial, sent, got.Top, got.Received, got.Lost)
	default:
		v.early += told - counted
		v.silent += sent - told
	}
}

// since takes from the counters of after what they were before.
func since(before, after receiver.DeviceStats) receiver.DeviceStats {
	after.Received -= before.Received
	after.Lost -= before.Lost
	after.Duplicate -= before.Duplicate
	after.Replayed -= before.Replayed
	after.Reordered -= before.Reordered
	after.Reboots -= before.Reboots
	after.Late -= before.Late
	after.LostParts -= before.LostParts
	after.Dropped -= before.Dropped
	return after
}

// print writes the verdict for people.
func (v *verdict) print(w io.Writer) {
	fmt.Fprintf(w, "collector: %d devices heard; of %d reports %d received, %d lost\n", v.heard, v.sent, v.received, v.lost)
	fmt.Fprintf(w, "not to be known: %d silent, behind the last that arrived of their boot; %d early, before the first of their device\n",
		v.silent, v.early)
	for i, d := range v.differences {
		if i == maxShown {
			fmt.Fprintf(w, "... and %d more\n", len(v.differences)-maxShown)
			break
		}
		fmt.Fprintln(w, "DIFFERS", d)
	}
	if len(v.differences) == 0 {
		fmt.Fprintln(w, "verdict: the collector's counters are exact")
	} else {
		fmt.Fprintf(w, "verdict: %d differences\n", len(v.differences))
	}
}
