package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time as an operator writes it: bare seconds ("90"),
// or numbers with units from d, h, m, s, ms, us ("1h30m", "0.5s"). It is
// never negative, and is written back in seconds ("5400s").
type Duration time.Duration

// maxSeconds keeps a Duration within what time.Duration holds.
const maxSeconds = math.MaxInt64 / int64(time.Second)

// Std returns d as a time.Duration.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String returns the form that MarshalText writes, and the same with a sign
// for a negative value.
func (d Duration) String() string {
	sign, ns := "", uint64(d)
	if d < 0 {
		sign, ns = "-", -ns
	}
	seconds := sign + strconv.FormatUint(ns/uint64(time.Second), 10)
	if rest := ns % uint64(time.Second); rest != 0 {
		seconds += "." + strings.TrimRight(fmt.Sprintf("%09d", rest), "0")
	}
	return seconds + "s"
}

// MarshalText writes seconds with their unit, such as "60s" or "0.02s".
func (d Duration) MarshalText() ([]byte, error) {
	if d < 0 {
		return nil, errors.New("a duration is never negative")
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads any form that the type names.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := parseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration (such as 90, 90s, 1m30s, 2h, 1d): %w", text, err)
	}
	*d = v
	return nil
}

// UnmarshalJSON reads the forms of UnmarshalText from a string, and a bare
// number of seconds; null changes nothing. No form needs a string escape.
func (d *Duration) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	if n := len(b); n >= 2 && b[0] == '"' && b[n-1] == '"' {
		b = b[1 : n-1]
	}
	return d.UnmarshalText(b)
}

func parseDuration(s string) (Duration, error) {
	if strings.ContainsAny(s, "+-") {
		return 0, errors.New("it has a sign")
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n > maxSeconds {
			return 0, errors.New("it is too long")
		}
		return Duration(n * int64(time.Second)), nil
	}
	var days int64
	rest := s
	if head, tail, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.ParseInt(head, 10, 64)
		if err != nil || n > maxSeconds/86400 {
			return 0, errors.New("the number of days cannot be read")
		}
		days, rest = n, tail
	}
	v := time.Duration(days) * 24 * time.Hour
	if rest != "" {
		part, err := time.ParseDuration(rest)
		if err != nil {
			return 0, errors.New("number and unit cannot be read")
		}
		if part > math.MaxInt64-v {
			return 0, errors.New("it is too long")
		}
		v += part
	} else if s == "" {
		return 0, errors.New("it is empty")
	}
	return Duration(v), nil
}
