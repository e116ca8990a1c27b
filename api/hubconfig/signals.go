package hubconfig

import (
	"fmt"
	"math"
)

// signalAliases checks what names a signal.
func (k *checker) signalAliases(i int, s Signal) {
	fault := func(column, format string, args ...any) {
		k.report(signalList, i, column, fmt.Sprintf(format, args...))
	}
	checkAlias(fault, "signal_alias", s.Alias)
	if s.DeviceAlias == "" {
		fault("device_alias", "required: the alias of a device")
	} else if _, known := k.devices[s.DeviceAlias]; !known {
		fault("device_alias", "there is no device %q", s.DeviceAlias)
	}
	of := k.signals[s.DeviceAlias]
	if of == nil {
		of = make(map[string]int)
		k.signals[s.DeviceAlias] = of
	}
	if first, taken := of[s.Alias]; taken && s.Alias != "" && s.DeviceAlias != "" {
		fault("signal_alias", "%q of %s is taken by %q", s.Alias, s.DeviceAlias, k.Signals[first].DisplayName())
	} else {
		of[s.Alias] = i
	}
}

// signal checks all else but circles of copies.
func (k *checker) signal(i int, s Signal) {
	fault := func(column, format string, args ...any) {
		k.report(signalList, i, column, fmt.Sprintf(format, args...))
	}
	checkText(fault, "signal_name", s.Name)
	checkRange(fault, "scan_rate_ms", s.ScanRateMS, 10, 86_400_000)
	for column, f := range map[string]float64{"multiply": s.Multiply, "add": s.Add} {
		if math.IsInf(f, 0) || math.IsNaN(f) {
			fault(column, "%v is no number", f)
		}
	}
	if s.IsCopy() {
		k.copied(fault, s)
		return
	}
	d, known := k.devices[s.DeviceAlias]
	switch {
	case !known: // told already
	case k.Devices[d].Protocol == Virtual:
		fault("source_device_alias", "required: a virtual device has copies only")
		return
	case s.Job == (Job{}):
		fault("job_todo", "required: function;start;count, such as 3;100;2")
		return
	}
	if s.Job != (Job{}) {
		polled(fault, s)
	}
}

// copied checks a copy.
func (k *checker) copied(fault faulter, s Signal) {
	switch {
	case s.SourceDevice == "":
		fault("source_device_alias", "required with source_signal_alias")
		return
	case s.SourceSignal == "":
		fault("source_signal_alias", "required with source_device_alias")
		return
	case s.Job != (Job{}) || s.Tag != (Job{}):
		fault("job_todo", "a copy asks for nothing, leave job_todo and tag_job_todo empty")
	}
	if _, known := k.devices[s.SourceDevice]; !known {
		fault("source_device_alias", "there is no device %q", s.SourceDevice)
		return
	}
	source, known := k.signals[s.SourceDevice][s.SourceSignal]
	switch {
	case !known:
		fault("source_signal_alias", "%s has no signal %q", s.SourceDevice, s.SourceSignal)
	case k.enabled(s) && !k.enabled(k.Signals[source]):
		fault("source_signal_alias", "%s/%s is not enabled", s.SourceDevice, s.SourceSignal)
	}
}

// enabled tells whether s and its device are.
func (k *checker) enabled(s Signal) bool {
	d, known := k.devices[s.DeviceAlias]
	return !s.Disabled && known && !k.Devices[d].Disabled
}

// polled checks a signal that has a job.
func polled(fault faulter, s Signal) {
	if err := s.Job.check(); err != nil {
		fault("job_todo", "%v", err)
		return
	}
	part := s.Part()
	if err := part.check(); err != nil {
		fault("tag_job_todo", "%v", err)
		return
	}
	if !part.Within(s.Job) {
		fault("tag_job_todo", "%s is not within the job %s", part, s.Job)
	}
	// A tag that is the whole job is a matter of that column.
	column := "tag_job_todo"
	if s.Tag == (Job{}) {
		column = "job_todo"
	}
	if s.Type == "" && !s.Job.Bits() {
		fault("number_type", "required with function %d", s.Job.Function)
		return
	}
	kind, _ := s.Type.Split()
	switch parsed, err := ParseNumberType(string(s.Type)); {
	case s.Type == "":
	case err != nil:
		fault("number_type", "%v", err)
		return
	case parsed != s.Type:
		fault("number_type", "%q is written %q", s.Type, parsed)
		return
	case part.Bits() && kind != Digital:
		fault("number_type", "function %d reads bits, which are digital", part.Function)
		return
	}
	if want := kind.Registers(); part.Count != want {
		fault(column, "%s is 1 of %d, not of %d: name the part of the signal", kind, want, part.Count)
	}
	if s.Bit < 0 || s.Bit > 15 {
		fault("bit_select", "%d is out of range, allowed is 0 to 15", s.Bit)
	} else if s.Bit != 0 && (kind != Digital || part.Bits()) {
		fault("bit_select", "it is for a digital in a register only")
	}
}

// circles finds copies that lead back to themselves.
func (k *checker) circles() {
	const onWay, done = 1, 2
	state := make([]byte, len(k.Signals))
	for i := range k.Signals {
		var way []int
		at := i
		for state[at] == 0 {
			state[at] = onWay
			way = append(way, at)
			next, found := k.source(k.Signals[at])
			if !found {
				break
			}
			if at = next; state[at] == onWay {
				k.report(signalList, at, "source_signal_alias", "the copy leads back to itself")
			}
		}
		for _, passed := range way {
			state[passed] = done
		}
	}
}

// source returns what s copies.
func (k *checker) source(s Signal) (int, bool) {
	if !s.IsCopy() {
		return 0, false
	}
	i, found := k.signals[s.SourceDevice][s.SourceSignal]
	return i, found
}
