package main

import (
	"fmt"
	"slices"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// subject is what a figure is taken of.
type subject int

// The subjects: ours is compared with the other. Of the table the many rows
// are with the few.
const (
	ours subject = iota
	other
)

func (s subject) String() string { return [...]string{"ours", peer}[s] }

// figure is a line of the table: what was measured in each round.
type figure struct {
	name, unit string
	goal       goal
	samples    [2][]float64 // by subject
}

// goal is what part of the other's ours may take at most; 0 = there is none.
type goal struct {
	limit  float64
	wanted float64 // better than the limit; 0 = nothing is
}

// add notes what a round has brought.
func (f *figure) add(s subject, v float64) { f.samples[s] = append(f.samples[s], v) }

// ratios are ours divided by the other, round by round.
func (f *figure) ratios() []float64 {
	values := make([]float64, min(len(f.samples[ours]), len(f.samples[other])))
	for i := range values {
		values[i] = f.samples[ours][i] / f.samples[other][i]
	}
	return values
}

// part writes a quotient: a quarter is 1/4.
func part(v float64) string {
	if v < 1 {
		return fmt.Sprintf("1/%.3g", 1/v)
	}
	return fmt.Sprintf("%.3g", v)
}

// String is the goal as the table has it.
func (g goal) String() string {
	if g.limit == 0 {
		return ""
	}
	text := "<= " + part(g.limit)
	if g.wanted != 0 {
		text += ", wanted " + part(g.wanted)
	}
	return text
}

// verdict says whether v reaches the goal. NaN reaches none.
func (g goal) verdict(v float64) string {
	switch {
	case g.limit == 0:
		return ""
	case !(v <= g.limit):
		return "**MISSED**"
	case g.wanted != 0 && !(v <= g.wanted):
		return "met, not the wanted"
	}
	return "met"
}

// cells are the columns of the figure.
func (f *figure) cells() []string {
	ratios := f.ratios()
	median := benchkit.Median(ratios)
	return []string{
		f.name, f.cell(ours), f.cell(other),
		fmt.Sprintf("%s (%s to %s)", part(median), part(slices.Min(ratios)), part(slices.Max(ratios))),
		f.goal.String(), f.goal.verdict(median),
	}
}

func (f *figure) cell(s subject) string {
	return benchkit.Number(benchkit.Median(f.samples[s])) + " " + f.unit
}

// table is the Markdown of all figures.
func table(figures []*figure) string {
	var lines [][]string
	for _, f := range figures {
		lines = append(lines, f.cells())
	}
	return benchkit.Table([]string{"figure", "ours", peer, "ours / snmpd", "goal", ""}, lines)
}
