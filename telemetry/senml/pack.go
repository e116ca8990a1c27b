package senml

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/telemetry"
)

// Version is the version of SenML that RFC 8428 defines, the default of bver.
const Version = 10

// Pack is a list of records, in which base fields go on applying until they
// are given anew.
type Pack []Record

// Record is one SenML record. A field that is empty or nil is not there.
type Record struct {
	BaseName    string `json:"bn,omitempty"`
	BaseTime    Number `json:"bt,omitempty"` // seconds
	BaseUnit    string `json:"bu,omitempty"`
	BaseValue   Number `json:"bv,omitempty"`
	BaseSum     Number `json:"bs,omitempty"`
	BaseVersion Number `json:"bver,omitempty"`

	Name        string  `json:"n,omitempty"`
	Unit        string  `json:"u,omitempty"`
	Value       Number  `json:"v,omitempty"`
	StringValue *string `json:"vs,omitempty"`
	BoolValue   *bool   `json:"vb,omitempty"`
	DataValue   *string `json:"vd,omitempty"` // base64 of RFC 4648 section 5, without padding
	Sum         Number  `json:"s,omitempty"`
	Time        Number  `json:"t,omitempty"`  // seconds; from 2^28 on Unix time, below relative to now
	UpdateTime  Number  `json:"ut,omitempty"` // seconds until the next report, at most
}

// Number is a number as JSON writes it, so that none loses a digit.
type Number string

// MarshalJSON writes the number as it is.
func (n Number) MarshalJSON() ([]byte, error) {
	if !isNumber([]byte(n)) {
		return nil, fmt.Errorf("%q is no number", string(n))
	}
	return []byte(n), nil
}

// UnmarshalJSON takes a number, and no text that looks like one.
func (n *Number) UnmarshalJSON(b []byte) error {
	if !isNumber(b) {
		return fmt.Errorf("%s is no number", b)
	}
	*n = Number(b)
	return nil
}

// isNumber relies on JSON being valid where only the first byte of a valid
// value has to tell its kind.
func isNumber(b []byte) bool {
	return len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9') && json.Valid(b)
}

// Float returns the nearest float, 0 where there is no number.
func (n Number) Float() float64 {
	if n == "" {
		return 0
	}
	f, _ := strconv.ParseFloat(string(n), 64) // out of range is an infinity
	return f
}

// UnmarshalJSON reads a record. Labels are exact; one that is unknown is
// ignored, unless it ends with "_" (RFC 8428 section 4.4).
func (r *Record) UnmarshalJSON(b []byte) error {
	var labels map[string]json.RawMessage
	if err := json.Unmarshal(b, &labels); err != nil {
		return err
	}
	if labels == nil {
		return fmt.Errorf("%s is no record", b)
	}
	into := map[string]any{
		"bn": &r.BaseName, "bt": &r.BaseTime, "bu": &r.BaseUnit, "bv": &r.BaseValue,
		"bs": &r.BaseSum, "bver": &r.BaseVersion,
		"n": &r.Name, "u": &r.Unit, "v": &r.Value, "vs": &r.StringValue, "vb": &r.BoolValue,
		"vd": &r.DataValue, "s": &r.Sum, "t": &r.Time, "ut": &r.UpdateTime,
	}
	for label, raw := range labels {
		field, known := into[label]
		switch {
		case !known && strings.HasSuffix(label, "_"):
			return fmt.Errorf("label %q must be understood, and is not", label)
		case !known:
			continue
		case string(raw) == "null":
			return fmt.Errorf("label %q is null", label)
		}
		if err := json.Unmarshal(raw, field); err != nil {
			return fmt.Errorf("label %q: %w", label, err)
		}
	}
	return nil
}

// Parse reads SenML JSON. The error says where and why, and wraps
// [telemetry.ErrMalformed].
func Parse(b []byte) (Pack, error) {
	var p Pack
	err := json.Unmarshal(b, &p)
	if err == nil && p == nil {
		err = fmt.Errorf("%s is no array", b)
	}
	if err != nil {
		return nil, fmt.Errorf("senml: %w: %w", telemetry.ErrMalformed, err)
	}
	return p, nil
}
