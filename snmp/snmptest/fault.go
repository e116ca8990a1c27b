package snmptest

import (
	"fmt"
	"slices"
)

// Step is what can be made to fail.
type Step string

// The steps of a [Handler] and of a [Store].
const (
	Prepare Step = "prepare"
	Commit  Step = "commit"
	Undo    Step = "undo"
	Load    Step = "load"
	Save    Step = "save"
)

// faults are the errors that steps fail with.
type faults map[Step]error

// set keeps err for one of the steps that there are.
func (f *faults) set(step Step, err error, steps ...Step) {
	if !slices.Contains(steps, step) {
		panic(fmt.Sprintf("snmptest: no step %q, want one of %q", step, steps))
	}
	if *f == nil {
		*f = make(faults)
	}
	(*f)[step] = err
}
