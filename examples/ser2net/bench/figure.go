package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// subject is what a figure is taken of.
type subject int

// The subjects. Of small only the memory is taken, of bare no processor time.
const (
	ours  subject = iota // examples/ser2net as it is, with its defaults
	tuned                // C ser2net, see tuning
	stock                // C ser2net with its defaults
	bare                 // a pseudo terminal without a proxy
	small                // ours without TLS
)

func (s subject) String() string {
	return [...]string{"ours", "C tuned", "C defaults", "raw pty", "ours without TLS"}[s]
}

// columns are the subjects that the table has a column for.
func columns() []subject { return []subject{ours, tuned, stock, bare} }

// figure is one line of the table: what was measured in each round.
type figure struct {
	name    string
	unit    string
	samples map[subject][]float64
	goals   []goal
}

// add notes what a round has brought.
func (f *figure) add(s subject, v float64) {
	if f.samples == nil {
		f.samples = map[subject][]float64{}
	}
	f.samples[s] = append(f.samples[s], v)
}

// goal is what ours is to reach.
type goal struct {
	side   side
	than   subject // ours is divided by it, round by round; ours = by nothing
	limit  float64
	wanted float64 // better than the limit; 0 = nothing is
}

// side is which side of a limit is good.
type side int

const (
	atMost side = iota
	atLeast
)

// on tells whether v is on the good side of a limit.
func (s side) on(v, limit float64) bool {
	if s == atMost {
		return v <= limit
	}
	return v >= limit
}

// values returns what is compared with the limit, for each round.
func (g goal) values(f *figure) []float64 {
	values := slices.Clone(f.samples[ours])
	if g.than == ours {
		return values
	}
	for i := range values {
		values[i] /= f.samples[g.than][i]
	}
	return values
}

// String is the goal as the table has it.
func (g goal) String() string {
	sign := "<="
	if g.side == atLeast {
		sign = ">="
	}
	text := sign + " " + benchkit.Number(g.limit)
	if g.than != ours {
		text += " x " + g.than.String()
	}
	if g.wanted != 0 {
		text += ", wanted " + benchkit.Number(g.wanted)
	}
	return text
}

// verdict says whether v reaches the goal. NaN reaches none.
func (g goal) verdict(v float64) string {
	switch {
	case !g.side.on(v, g.limit):
		return "**MISSED**"
	case g.wanted != 0 && !g.side.on(v, g.wanted):
		return "met, not the wanted"
	}
	return "met"
}

// cells are the lines of the table for a figure: one, or one for each goal.
func (f *figure) cells() [][]string {
	first := []string{f.name}
	for _, s := range columns() {
		first = append(first, cell(f.samples[s], f.unit))
	}
	if len(f.goals) == 0 {
		return [][]string{append(first, "", "", "")}
	}
	var lines [][]string
	for i, g := range f.goals {
		line := make([]string, len(first))
		if i == 0 {
			copy(line, first)
		}
		values := g.values(f)
		median := benchkit.Median(values)
		reached := benchkit.Number(median)
		if g.than != ours {
			reached = fmt.Sprintf("%.3f (%.2f to %.2f)", median, slices.Min(values), slices.Max(values))
		}
		lines = append(lines, append(line, g.String(), reached, g.verdict(median)))
	}
	return lines
}

// cell is the median of what was measured, "-" for nothing.
func cell(samples []float64, unit string) string {
	v := benchkit.Median(samples)
	if math.IsNaN(v) {
		return "-"
	}
	return strings.TrimSpace(benchkit.Number(v) + " " + unit)
}

// table is the Markdown of all figures.
func table(figures []*figure) string {
	head := []string{"figure"}
	for _, s := range columns() {
		head = append(head, s.String())
	}
	var lines [][]string
	for _, f := range figures {
		lines = append(lines, f.cells()...)
	}
	return benchkit.Table(append(head, "goal", "reached", ""), lines)
}
