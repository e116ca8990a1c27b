// Package config holds what the Config types of all services share: faults
// that name their place, durations and enumerations as an operator writes
// them, and secrets that never print themselves. The service packages offer
// these types under their own names.
package config

import (
	"fmt"
	"strings"
)

// FieldError is one fault of a Config, at its place.
type FieldError struct {
	// Path leads to the field in the names of the stored form, such as
	// "destinations[2].port"; empty for a fault of the whole.
	Path string `json:"path"`
	// Problem says what is wrong and what is allowed.
	Problem string `json:"problem"`
}

// Error returns "path: problem".
func (e *FieldError) Error() string { return at(e.Path, e.Problem) }

// Errors is every fault that a validation found, in the order of the fields.
type Errors []*FieldError

// Error returns one line per fault.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, f := range e {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find a single fault.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, f := range e {
		errs[i] = f
	}
	return errs
}

// Addf notes a fault of the field at path.
func (e *Errors) Addf(path, format string, args ...any) {
	*e = append(*e, &FieldError{Path: path, Problem: fmt.Sprintf(format, args...)})
}

// Err returns the faults as an error, nil when there are none.
func (e Errors) Err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// Warning is a setting that works but that an operator should know about.
type Warning struct {
	Path string `json:"path"` // as in FieldError
	Text string `json:"text"` // what is weak or surprising, and what is better
}

// String returns "path: text".
func (w Warning) String() string { return at(w.Path, w.Text) }

func at(path, text string) string {
	if path == "" {
		return text
	}
	return path + ": " + text
}
