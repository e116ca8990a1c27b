package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// figure is one line of the table.
type figure struct {
	name    string
	unit    string
	ours    float64
	bare    float64 // NaN where nothing is compared
	goal    string  // "" for a figure without one
	reached string  // what is held against the goal; "" = ours
	met     bool
}

// plain is a figure without a goal.
func plain(name string, ours float64, unit string) figure {
	return figure{name: name, unit: unit, ours: ours, bare: math.NaN()}
}

// atMost adds a goal to a figure.
func (f figure) atMost(most float64) figure {
	f.goal, f.met = "<= "+benchkit.Number(most), f.ours <= most
	return f
}

// exactly adds a goal to a figure.
func (f figure) exactly(want float64) figure {
	f.goal, f.met = "= "+benchkit.Number(want), f.ours == want
	return f
}

// against compares a figure with the bare server, round by round.
func against(name, unit string, ours, bare []float64, most float64) figure {
	ratios := make([]float64, len(ours))
	least, worst := math.Inf(1), math.Inf(-1)
	for i := range ours {
		ratios[i] = ours[i] / bare[i]
		least, worst = min(least, ratios[i]), max(worst, ratios[i])
	}
	ratio := benchkit.Median(ratios)
	f := figure{name: name, unit: unit, ours: benchkit.Median(ours), bare: benchkit.Median(bare)}
	f.reached = fmt.Sprintf("%.3f (%.2f to %.2f)", ratio, least, worst)
	if most > 0 {
		f.goal, f.met = "<= "+benchkit.Number(most)+" x bare", ratio <= most
	}
	return f
}

func (f figure) cells() []string {
	number := func(v float64) string {
		if math.IsNaN(v) {
			return "-"
		}
		return strings.TrimSpace(benchkit.Number(v) + " " + f.unit)
	}
	cells := []string{f.name, number(f.ours), number(f.bare), f.goal, f.reached, ""}
	switch {
	case f.goal == "":
	case f.met:
		cells[5] = "met"
	default:
		cells[5] = "**MISSED**"
	}
	return cells
}

// table is the Markdown of all figures.
func table(figures []figure) string {
	var lines [][]string
	for _, f := range figures {
		lines = append(lines, f.cells())
	}
	return benchkit.Table([]string{"figure", "ours", "bare", "goal", "reached", ""}, lines)
}
