package web

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/telemetry"
)

// field reads one value of a message: a number or a text, nil when unknown.
type field func(*telemetry.Message) any

// parseField finds the field with a path, such as mem.avail or
// ifs.eth0.rx_bytes.
func parseField(path string) (field, error) {
	first, rest, _ := strings.Cut(path, ".")
	at, ok := member(reflect.TypeFor[telemetry.Message](), first)
	if !ok {
		return nil, fmt.Errorf("%q is no field of a message", first)
	}
	if at.Type.Kind() != reflect.Slice {
		steps, err := leaf(at, rest)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", path, err)
		}
		return func(m *telemetry.Message) any { return value(reflect.ValueOf(m).Elem(), steps) }, nil
	}
	dot := strings.LastIndexByte(rest, '.') // a mount point may have dots
	if dot < 0 || at.Type.Elem().NumField() < 3 {
		return nil, fmt.Errorf("%q: want %s.NAME.FIELD", path, first)
	}
	name, column := rest[:dot], rest[dot+1:]
	row, ok := member(at.Type.Elem(), column)
	if !ok {
		return nil, fmt.Errorf("%q: %q is no field of a row of %s", path, column, first)
	}
	steps, err := leaf(row, "")
	if err != nil {
		return nil, fmt.Errorf("%q: %w", path, err)
	}
	return func(m *telemetry.Message) any {
		rows := reflect.ValueOf(m).Elem().FieldByIndex(at.Index)
		for i := range rows.Len() {
			if rows.Index(i).Field(0).String() == name {
				return value(rows.Index(i), steps)
			}
		}
		return nil
	}, nil
}

// member finds the field with a JSON name, also in embedded structs.
func member(t reflect.Type, name string) (reflect.StructField, bool) {
	for _, f := range reflect.VisibleFields(t) {
		if !f.Anonymous && name != "" && jsonName(f) == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// leaf returns the way to the value that rest names in f, or to f itself.
func leaf(f reflect.StructField, rest string) (steps [][]int, err error) {
	steps = [][]int{f.Index}
	if t := f.Type; t.Kind() == reflect.Struct && !isMaybe(t) {
		inner, ok := member(t, rest)
		if !ok {
			return nil, fmt.Errorf("one of %s is needed", strings.Join(names(t), ", "))
		}
		return append(steps, inner.Index), nil
	}
	if rest != "" {
		return nil, fmt.Errorf("%s is a single value", jsonName(f))
	}
	return steps, nil
}

func names(t reflect.Type) (list []string) {
	for _, f := range reflect.VisibleFields(t) {
		list = append(list, jsonName(f))
	}
	return list
}

func isMaybe(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.NumField() == 2 && t.Field(0).Name == "Value" && t.Field(1).Name == "Known"
}

func value(v reflect.Value, steps [][]int) any {
	for _, step := range steps {
		v = v.FieldByIndex(step)
	}
	if isMaybe(v.Type()) {
		if !v.Field(1).Bool() {
			return nil
		}
		v = v.Field(0)
	}
	return v.Interface()
}

// numbers returns the paths of all numbers that m knows.
func numbers(m *telemetry.Message) []string {
	var paths []string
	walk(reflect.ValueOf(m).Elem(), "", &paths)
	slices.Sort(paths)
	return paths
}

func walk(v reflect.Value, prefix string, paths *[]string) {
	for _, f := range reflect.VisibleFields(v.Type()) {
		name := jsonName(f)
		if f.Anonymous || name == "" || len(f.Index) > 1 && prefix != "" {
			continue
		}
		inner := v.FieldByIndex(f.Index)
		switch {
		case isMaybe(f.Type):
			if inner.Field(1).Bool() && isNumber(inner.Field(0)) {
				*paths = append(*paths, prefix+name)
			}
		case f.Type.Kind() == reflect.Struct:
			walk(inner, prefix+name+".", paths)
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().NumField() > 3: // not extra
			for i := range inner.Len() {
				walk(inner.Index(i), prefix+name+"."+inner.Index(i).Field(0).String()+".", paths)
			}
		case isNumber(inner) && !inner.IsZero():
			*paths = append(*paths, prefix+name)
		}
	}
}

func isNumber(v reflect.Value) bool {
	if _, isText := v.Interface().(fmt.Stringer); isText {
		return false
	}
	return v.CanInt() || v.CanUint()
}

// float is a number for a plot.
func float(v any) (float64, bool) {
	switch r := reflect.ValueOf(v); {
	case v == nil || !isNumber(r):
		return 0, false
	case r.CanInt():
		return float64(r.Int()), true
	default:
		return float64(r.Uint()), true
	}
}
