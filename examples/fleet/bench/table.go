package main

import (
	"fmt"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// row is one measured figure.
type row struct {
	name string
	unit string
	ours float64
	peer float64 // 0 = there is none
	goal float64
	side int // which side of the goal is good; 0 = there is none
	note string
}

// Sides of a goal.
const (
	atMost       = -1 // ours
	atLeast      = 1  // ours
	ratioAtLeast = 2  // peer divided by ours
)

// ratio is how many times the peer's figure ours is less.
func (r row) ratio() float64 { return r.peer / r.ours }

func (r row) met() bool {
	switch r.side {
	case atMost:
		return r.ours <= r.goal
	case atLeast:
		return r.ours >= r.goal
	default:
		return r.ratio() >= r.goal
	}
}

// String is the row as the table has it.
func (r row) String() string {
	text := fmt.Sprintf("%s: ours=%s", r.name, quantity(r.ours, r.unit))
	if r.peer > 0 {
		text += fmt.Sprintf(" peer=%s ratio=%s", quantity(r.peer, r.unit), benchkit.Number(r.ratio()))
	} else {
		text += " peer=- ratio=-"
	}
	if r.side != 0 {
		sign, subject := "<=", quantity(r.goal, r.unit)
		switch r.side {
		case atLeast:
			sign = ">="
		case ratioAtLeast:
			sign, subject = " ratio>=", benchkit.Number(r.goal)
		}
		verdict := "ok"
		if !r.met() {
			verdict = "MISSED"
		}
		text += fmt.Sprintf(" goal%s%s %s", sign, subject, verdict)
	}
	if r.note != "" {
		text += " (" + r.note + ")"
	}
	return text
}

func quantity(v float64, unit string) string {
	if unit == "" {
		return benchkit.Number(v)
	}
	return benchkit.Number(v) + " " + unit
}
