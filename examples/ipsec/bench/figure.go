package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// figure is a line of the table: what was measured in each round.
type figure struct {
	name, unit string
	ours       []float64
	swanctl    []float64 // none: ours is not compared
	goal       goal
}

// goal is what ours may take at most, as a part of swanctl's where there is
// one; 0 = there is none.
type goal struct {
	limit  float64
	wanted float64 // better than the limit; 0 = nothing is
}

// values are what the goal is about: ours, divided by swanctl's round by
// round.
func (f *figure) values() []float64 {
	values := slices.Clone(f.ours)
	for i := range values {
		if f.swanctl != nil {
			values[i] /= f.swanctl[i]
		}
	}
	return values
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
	cell := func(v []float64) string { return benchkit.Number(benchkit.Median(v)) + " " + f.unit }
	values := f.values()
	line := []string{f.name, cell(f.ours), "-", "", "", f.goal.verdict(benchkit.Median(values))}
	unit := " " + f.unit
	if f.swanctl != nil {
		line[2], unit = cell(f.swanctl), " x swanctl"
		line[3] = fmt.Sprintf("%.2f (%.2f to %.2f)", benchkit.Median(values), slices.Min(values), slices.Max(values))
	}
	if f.goal.limit != 0 {
		line[4] = "<= " + benchkit.Number(f.goal.limit) + unit
		if f.goal.wanted != 0 {
			line[4] += ", wanted " + benchkit.Number(f.goal.wanted)
		}
	}
	return line
}

// table is the Markdown of all figures.
func table(figures []*figure) string {
	var lines [][]string
	for _, f := range figures {
		lines = append(lines, f.cells())
	}
	return strings.TrimSpace(benchkit.Table([]string{"figure", "ours", "swanctl", "ours / swanctl", "goal", ""}, lines)) + "\n"
}
