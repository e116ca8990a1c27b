package senml

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/fieldgate/fieldgate/internal/order"
	"github.com/fieldgate/fieldgate/telemetry"
)

// absolute is the first time that is Unix time; smaller ones are relative to
// now (RFC 8428 section 4.5.3).
const absolute = 1 << 28

// Resolve returns the records of p with their full names, units and Unix
// times, which stand for themselves, in the order of time (RFC 8428 section
// 4.6). A record with base fields only is left out. now is when the pack
// came, with an accuracy of milliseconds.
//
// The error names the record and wraps [telemetry.ErrMalformed]: a name that
// is empty or has other characters than allowed, no value, more than one, or
// another version than that of the first record; or [telemetry.ErrVersion]:
// a version above [Version].
func (p Pack) Resolve(now time.Time) (Pack, error) {
	var base Record
	version := Number(strconv.Itoa(Version))
	if len(p) > 0 && p[0].BaseVersion != "" {
		version = p[0].BaseVersion
	}
	if version.Float() > Version {
		return nil, fmt.Errorf("senml: version %s: %w", version, telemetry.ErrVersion)
	}
	resolved := make(Pack, 0, len(p))
	for i, r := range p {
		base.take(r)
		full := r.on(base, now)
		if version.Float() != Version {
			full.BaseVersion = version
		}
		values := r.values()
		problem := ""
		switch {
		case r.BaseVersion != "" && r.BaseVersion.Float() != version.Float():
			problem = fmt.Sprintf("version %s in a pack of version %s", r.BaseVersion, version)
		case values == 0 && !r.regular():
			continue
		case !isName(full.Name):
			problem = fmt.Sprintf("the name %q has characters that are not allowed, or none", full.Name)
		case values > 1:
			problem = "more than one value"
		case values == 0 && full.Sum == "":
			problem = "neither value nor sum"
		}
		if problem != "" {
			return nil, fmt.Errorf("senml: record %d: %s: %w", i, problem, telemetry.ErrMalformed)
		}
		resolved = append(resolved, full)
	}
	order.Stable(resolved, func(a, b Record) int { return cmp.Compare(a.Time.Float(), b.Time.Float()) })
	return resolved, nil
}

// take keeps what next gives anew.
func (r *Record) take(next Record) {
	r.BaseName = cmp.Or(next.BaseName, r.BaseName)
	r.BaseTime = cmp.Or(next.BaseTime, r.BaseTime)
	r.BaseUnit = cmp.Or(next.BaseUnit, r.BaseUnit)
	r.BaseValue = cmp.Or(next.BaseValue, r.BaseValue)
	r.BaseSum = cmp.Or(next.BaseSum, r.BaseSum)
}

// values counts the values of r.
func (r Record) values() (n int) {
	for _, there := range []bool{r.Value != "", r.StringValue != nil, r.BoolValue != nil, r.DataValue != nil} {
		if there {
			n++
		}
	}
	return n
}

// regular reports whether r has a field besides values and base fields.
func (r Record) regular() bool {
	return r.Name != "" || r.Unit != "" || r.Sum != "" || r.Time != "" || r.UpdateTime != ""
}

// on returns r with the base fields applied.
func (r Record) on(base Record, now time.Time) Record {
	r.BaseName, r.BaseTime, r.BaseUnit, r.BaseValue, r.BaseSum, r.BaseVersion = "", "", "", "", "", ""
	r.Name = base.BaseName + r.Name
	r.Unit = cmp.Or(r.Unit, base.BaseUnit)
	if r.Value != "" {
		r.Value = sum(base.BaseValue, r.Value)
	}
	r.Sum = sum(base.BaseSum, r.Sum)
	r.Time = sum(base.BaseTime, r.Time)
	if r.Time.Float() < absolute {
		at := float64(now.UnixMilli())/1000 + r.Time.Float()
		r.Time = Number(strconv.FormatFloat(at, 'f', -1, 64))
	}
	return r
}

// sum adds as floats, but where only one is there its digits stay.
func sum(a, b Number) Number {
	if a == "" || b == "" {
		return cmp.Or(a, b)
	}
	return Number(strconv.FormatFloat(a.Float()+b.Float(), 'f', -1, 64))
}

// isName follows RFC 8428 section 4.5.1.
func isName(s string) bool {
	if s == "" || !isAlphanumeric(s[0]) {
		return false
	}
	for i := range len(s) {
		if !isNameByte(s[i]) {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func isNameByte(c byte) bool {
	switch c {
	case '-', ':', '.', '/', '_':
		return true
	}
	return isAlphanumeric(c)
}
