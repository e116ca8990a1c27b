package rest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Fault is one fault of what was sent. It does not repeat what was sent: there
// may be a secret in it.
type Fault struct {
	Path    string // such as body.base, query.revision, path.verb
	Message string
}

// check compares decoded JSON, with numbers as [json.Number], with a schema.
func (all *schemas) check(s *Schema, path string, value any) []Fault {
	fault := func(format string, args ...any) []Fault { return []Fault{{path, fmt.Sprintf(format, args...)}} }
	s = all.follow(s)
	switch s.Type {
	case boolean:
		if _, is := value.(bool); !is {
			return fault("expected boolean")
		}
	case integer:
		n, is := whole(value)
		switch {
		case !is:
			return fault("expected integer")
		case s.Minimum != nil && n < *s.Minimum:
			return fault("expected number >= %d", *s.Minimum)
		case s.Maximum != nil && n > *s.Maximum:
			return fault("expected number <= %d", *s.Maximum)
		}
	case text:
		v, is := value.(string)
		switch {
		case !is:
			return fault("expected string")
		case s.MaxLength > 0 && utf8.RuneCountInString(v) > s.MaxLength:
			return fault("expected length <= %d", s.MaxLength)
		case s.Enum != nil && !slices.Contains(s.Enum, v):
			return fault("expected value to be one of %q", strings.Join(s.Enum, ", "))
		}
	case object:
		group, is := value.(map[string]any)
		if !is {
			return fault("expected object")
		}
		return all.checkObject(s, path, group)
	}
	return nil
}

func (all *schemas) checkObject(s *Schema, path string, group map[string]any) []Fault {
	if s.AdditionalProperties == nil || *s.AdditionalProperties {
		return nil
	}
	var faults []Fault
	for _, key := range s.Required {
		if _, there := group[key]; !there {
			faults = append(faults, Fault{path + "." + key, "expected required property " + key + " to be present"})
		}
	}
	keys := make([]string, 0, len(group))
	for key := range group {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if property := s.Properties[key]; property != nil {
			faults = append(faults, all.check(property, path+"."+key, group[key])...)
		} else {
			faults = append(faults, Fault{path + "." + shown(key), "unexpected property"})
		}
	}
	return faults
}

// shown bounds what is repeated of a key that is not known.
func shown(key string) string {
	const most = 64
	if utf8.RuneCountInString(key) <= most {
		return key
	}
	return string([]rune(key)[:most]) + "…"
}

// whole returns a whole number; those that only an uint64 holds count as the
// largest int64, which is right for comparing.
func whole(value any) (int64, bool) {
	number, is := value.(json.Number)
	if !is {
		return 0, false
	}
	if n, err := strconv.ParseInt(string(number), 10, 64); err == nil {
		return n, true
	}
	_, err := strconv.ParseUint(string(number), 10, 64)
	return math.MaxInt64, err == nil
}
