package cconfig

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Place is where something stands in a file.
type Place struct {
	File         string
	Line, Column int // from 1; 0 = the file as a whole
}

// String returns "file:line:column".
func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Fault is something that cannot be read or done, and where it stands.
type Fault struct {
	At   Place
	Text string
}

// Error returns "file:line:column: text".
func (f *Fault) Error() string { return f.At.String() + ": " + f.Text }

// Faults are all faults of a configuration.
type Faults []*Fault

// Error returns one line per fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// Warning is a setting that was read but has no effect here.
type Warning struct {
	At   Place
	Text string
}

// String returns "file:line:column: text".
func (w Warning) String() string { return w.At.String() + ": " + w.Text }

// maxFaults bounds the report of a file that is something else altogether.
const maxFaults = 50

// findings gathers what is found on the way through a file.
type findings struct {
	faults   Faults
	warnings []Warning
}

func (f *findings) faultf(at Place, format string, args ...any) {
	if len(f.faults) < maxFaults {
		f.faults = append(f.faults, &Fault{at, fmt.Sprintf(format, args...)})
	}
}

func (f *findings) warnf(at Place, format string, args ...any) {
	w := Warning{at, fmt.Sprintf(format, args...)}
	if !slices.Contains(f.warnings, w) {
		f.warnings = append(f.warnings, w)
	}
}

// err returns the faults in the order of the file, nil when there are none.
func (f *findings) err() error {
	if len(f.faults) == 0 {
		return nil
	}
	return f.faults
}

// text is a value and where it stands.
type text struct {
	value string
	at    Place
}

// segment is a part of the text that is parsed: the lines of one file.
type segment struct {
	file  string
	text  string
	first int // the line of file that its first line is; 0 = made up, stands nowhere
}

// joined is the text of several segments, each of whole lines.
func joined(segments []segment) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteString(s.text)
	}
	return b.String()
}

// placeIn returns where line and column of the joined text stand.
func placeIn(segments []segment, line, column int) Place {
	rest := max(line, 1)
	for i, s := range segments {
		n := strings.Count(s.text, "\n")
		if i == len(segments)-1 || rest <= n {
			if s.first == 0 {
				return Place{File: s.file}
			}
			return Place{s.file, rest - 1 + s.first, max(column, 1)}
		}
		rest -= n
	}
	return Place{}
}

// wholeLine returns t with a line end at its end.
func wholeLine(t string) string {
	if t == "" || strings.HasSuffix(t, "\n") {
		return t
	}
	return t + "\n"
}

// errTooLong is the fault of a text that grows beyond all use.
var errTooLong = errors.New("the text is too long")
