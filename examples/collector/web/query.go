package web

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Limits of answers.
const (
	maxDevices, defaultDevices = 1000, 100
	maxPoints, defaultPoints   = 10_000, 2000
	maxPeriods                 = 1_000_000
)

// query reads the parameters of a request; the first fault stays in err.
type query struct {
	values url.Values
	err    error
}

func (q *query) fail(name, problem string) {
	if q.err == nil {
		q.err = fmt.Errorf("%s: %s", name, problem)
	}
}

// number reads a number from 1 to most.
func (q *query) number(name string, fallback, most int) int {
	text := q.values.Get(name)
	if text == "" {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		q.fail(name, fmt.Sprintf("%q is out of range, allowed is 1 to %d", text, most))
	}
	return n
}

// time reads a time as in RFC 3339, or Unix seconds.
func (q *query) time(name string, fallback time.Time) time.Time {
	text := q.values.Get(name)
	if text == "" {
		return fallback
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0).UTC()
	}
	t, err := time.Parse(time.RFC3339, strings.ReplaceAll(text, " ", "+")) // a plus that was not escaped
	if err != nil {
		q.fail(name, fmt.Sprintf("%q is neither of the form 2026-11-22T20:00:00Z nor Unix seconds", text))
	}
	return t
}
