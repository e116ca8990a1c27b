package pages

import (
	"fmt"
	"math"
	"strings"
)

// series are values in equal steps; those that are not known are not numbers.
type series []float64

func newSeries(n int) series {
	s := make(series, n)
	for i := range s {
		s[i] = math.NaN()
	}
	return s
}

func (s series) set(i int, value float64) { s[i] = value }

// last returns the newest value that is known.
func (s series) last() (float64, bool) {
	for i := len(s) - 1; i >= 0; i-- {
		if !math.IsNaN(s[i]) {
			return s[i], true
		}
	}
	return 0, false
}

// plot is a curve or two, ready to be drawn: points of polylines in a space of
// 120 by 40.
type plot struct {
	Title, Words string
	Low, High    string
	A, B         []string
}

// Size of the space that curves are drawn in.
const plotWidth, plotHeight = 120.0, 40.0

// newPlot draws curves, whose names are given; false when nothing is known.
func newPlot(title, unit string, a, b series, names ...string) (plot, bool) {
	low, high := math.Inf(1), math.Inf(-1)
	var words []string
	for i, s := range []series{a, b} {
		for _, value := range s {
			if !math.IsNaN(value) {
				low, high = min(low, value), max(high, value)
			}
		}
		if value, known := s.last(); known {
			words = append(words, names[i]+" "+amount(value, unit))
		}
	}
	if math.IsInf(low, 1) {
		return plot{}, false
	}
	if low > 0 {
		low = 0 // what grows from nothing is shown so
	}
	if high <= 0 && low < high {
		low, high = math.Floor(low/10)*10, math.Ceil(high/10)*10
	}
	if high == low {
		high = low + 1
	}
	return plot{
		Title: title, Words: strings.Join(words, ", "), Low: amount(low, unit), High: amount(high, unit),
		A: a.points(low, high), B: b.points(low, high),
	}, true
}

// points returns a polyline for each run of known values.
func (s series) points(low, high float64) []string {
	var lines []string
	var run []string
	end := func() {
		if len(run) > 1 {
			lines = append(lines, strings.Join(run, " "))
		}
		run = nil
	}
	for i, value := range s {
		if math.IsNaN(value) {
			end()
			continue
		}
		x := plotWidth - float64(len(s)-1-i)*plotWidth/(maxSamples-1)
		run = append(run, fmt.Sprintf("%.1f,%.1f", x, plotHeight-(value-low)/(high-low)*plotHeight))
	}
	end()
	return lines
}

// amount writes a value with its unit.
func amount(value float64, unit string) string {
	switch unit {
	case "B/s":
		return byteCount(uint64(max(0, value))) + "/s"
	case "":
		return fmt.Sprintf("%.2f", value)
	}
	return fmt.Sprintf("%.0f %s", value, unit)
}
