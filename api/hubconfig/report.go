package hubconfig

import (
	"fmt"
	"strings"

	"github.com/fieldgate/fieldgate/api"
)

// maxLines bounds the faults and the warnings of a [Report].
const maxLines = 200

// Report tells what was found in a file.
type Report struct {
	Devices, Signals int      // that were found
	Faults           []string // with their places; the first 200
	Warnings         []string // the first 200
	MoreFaults       int      // beyond those
	MoreWarnings     int
}

// String is the report for people, one line each.
func (r Report) String() string {
	var b strings.Builder
	write := func(kind string, lines []string, more int) {
		for _, line := range lines {
			b.WriteString(kind + ": " + line + "\n")
		}
		if more > 0 {
			fmt.Fprintf(&b, "%s: and %d more\n", kind, more)
		}
	}
	write("error", r.Faults, r.MoreFaults)
	write("warning", r.Warnings, r.MoreWarnings)
	if len(r.Faults) > 0 {
		fmt.Fprintf(&b, "%s, nothing was changed\n", count(len(r.Faults)+r.MoreFaults, "error"))
	} else {
		fmt.Fprintf(&b, "%s and %s\n", count(r.Devices, "device"), count(r.Signals, "signal"))
	}
	return b.String()
}

// Err returns nil where there are no faults, else an error that wraps
// [api.ErrRefused] and tells the first.
func (r Report) Err() error {
	switch n := len(r.Faults) + r.MoreFaults; n {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%w: %s", api.ErrRefused, r.Faults[0])
	default:
		return fmt.Errorf("%w: %d errors, the first: %s", api.ErrRefused, n, r.Faults[0])
	}
}

func (r *Report) fault(place, problem string)   { note(&r.Faults, &r.MoreFaults, place, problem) }
func (r *Report) warning(place, problem string) { note(&r.Warnings, &r.MoreWarnings, place, problem) }

func note(lines *[]string, more *int, place, problem string) {
	if len(*lines) == maxLines {
		*more++
		return
	}
	if place != "" {
		problem = place + ": " + problem
	}
	*lines = append(*lines, problem)
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
