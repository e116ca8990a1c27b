package snmptest

import (
	"fmt"
	"slices"
)

// Op is what can be made to fail.
type Op string

// The steps of a [Handler] and of a [Store].
const (
	OpPrepare Op = "prepare"
	OpCommit  Op = "commit"
	OpUndo    Op = "undo"
	OpLoad    Op = "load"
	OpSave    Op = "save"
)

// faults are the errors that steps fail with.
type faults map[Op]error

// set keeps err for one of the steps that there are.
func (f *faults) set(step Op, err error, steps ...Op) {
	if !slices.Contains(steps, step) {
		panic(fmt.Sprintf("snmptest: no step %q, want one of %q", step, steps))
	}
	if *f == nil {
		*f = make(faults)
	}
	(*f)[step] = err
}
