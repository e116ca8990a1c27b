package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The size of a plot.
const (
	plotWidth  = 800
	plotHeight = 240
)

// plot is what the template draws as SVG: lines in a box of plotWidth by
// plotHeight.
type plot struct {
	Lines    []string // each the points of a polyline
	Dots     [][2]string
	Count    int
	Min, Max string
	From, To time.Time
}

// newPlot draws points that are numbers. Where two are more than gap apart
// the line is interrupted, and a point between two gaps is a dot. Of points
// that share a column the first is drawn, and the least and greatest of all.
func newPlot(points []point, from, to time.Time, gap time.Duration) plot {
	p := plot{From: from.UTC(), To: to.UTC()}
	var low, high float64
	for _, pt := range points {
		v, ok := float(pt.Value)
		if !ok {
			continue
		}
		if p.Count == 0 {
			low, high = v, v
		}
		low, high = min(low, v), max(high, v)
		p.Count++
	}
	if p.Count == 0 {
		return p
	}
	p.Min, p.Max = strconv.FormatFloat(low, 'f', -1, 64), strconv.FormatFloat(high, 'f', -1, 64)
	span := max(high-low, 1)
	var line strings.Builder
	dots := 0
	var last point
	var lastX string
	end := func() {
		if dots == 1 {
			x, y, _ := strings.Cut(strings.TrimSpace(line.String()), ",")
			p.Dots = append(p.Dots, [2]string{x, y})
		} else if dots > 1 {
			p.Lines = append(p.Lines, strings.TrimSpace(line.String()))
		}
		line.Reset()
		dots = 0
	}
	for i, pt := range points {
		v, ok := float(pt.Value)
		if !ok {
			continue
		}
		if dots > 0 && gap > 0 && pt.at().Sub(last.at()) > gap {
			end()
		}
		x := fmt.Sprintf("%.0f", plotWidth*pt.at().Sub(from).Seconds()/to.Sub(from).Seconds())
		last = pt
		if x == lastX && i < len(points)-1 && v != low && v != high {
			continue // many share this column
		}
		lastX = x
		fmt.Fprintf(&line, "%s,%.1f ", x, plotHeight-(v-low)/span*plotHeight)
		dots++
	}
	end()
	return p
}
