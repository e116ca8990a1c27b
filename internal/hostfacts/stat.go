package hostfacts

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Ticks are all columns of a "cpu" line of /proc/stat, proc_stat(5), in ticks
// of 10 ms since boot. What is said of [CPU] holds for them too.
type Ticks struct {
	User, Nice, System, Idle, IOWait, IRQ, SoftIRQ, Steal uint64

	// Guest and GuestNice are what virtual machines used. They are a part of
	// User and Nice.
	Guest, GuestNice uint64
}

// Total is the time of all columns, none counted twice.
func (t Ticks) Total() uint64 {
	return t.User + t.Nice + t.System + t.Idle + t.IOWait + t.IRQ + t.SoftIRQ + t.Steal
}

// Processor is one processor that is online.
type Processor struct {
	Number int // from 0, with gaps where one is offline
	Ticks
}

// Stat is /proc/stat, read once.
type Stat struct {
	All        Ticks       // of all processors together
	Processors []Processor // by Number, at least one
	Interrupts uint64      // serviced since boot, softirqs not counted
	Contexts   uint64      // context switches since boot
}

// Stat reads what the kernel counts of processors, interrupts and context
// switches.
func (h *Host) Stat() (Stat, error) {
	const name = "proc/stat"
	text, err := h.table(name)
	if err != nil {
		return Stat{}, err
	}
	var s Stat
	for line := range strings.Lines(text) {
		label, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case label == "cpu":
			s.All, err = ticksOf(rest)
		case label == "intr":
			s.Interrupts, err = firstNumber(rest)
		case label == "ctxt":
			s.Contexts, err = firstNumber(rest)
		case strings.HasPrefix(label, "cpu"):
			var p Processor
			if p.Number, err = strconv.Atoi(label[len("cpu"):]); err == nil {
				p.Ticks, err = ticksOf(rest)
			}
			s.Processors = append(s.Processors, p)
		}
		if err != nil {
			return Stat{}, h.fault(name, err)
		}
	}
	if len(s.Processors) == 0 {
		return Stat{}, h.fault(name, errors.New("it lists no processor"))
	}
	return s, nil
}

// ticksOf reads the columns; old kernels have as few as four.
func ticksOf(text string) (Ticks, error) {
	var t Ticks
	columns := []*uint64{
		&t.User, &t.Nice, &t.System, &t.Idle, &t.IOWait, &t.IRQ, &t.SoftIRQ, &t.Steal, &t.Guest, &t.GuestNice,
	}
	for field := range strings.FieldsSeq(text) {
		if len(columns) == 0 {
			break
		}
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return Ticks{}, fmt.Errorf("%q is not a number of ticks", field)
		}
		*columns[0], columns = n, columns[1:]
	}
	if len(columns) > 6 {
		return Ticks{}, fmt.Errorf("%q has fewer than four columns", text)
	}
	return t, nil
}

// firstNumber reads the number before the first blank.
func firstNumber(text string) (uint64, error) {
	field, _, _ := strings.Cut(text, " ")
	n, err := strconv.ParseUint(field, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", field)
	}
	return n, nil
}
