package form

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// kind is what a Go type is to a form.
type kind int

const (
	kindNone kind = iota // no form can show it
	kindText
	kindNumber
	kindBool
	kindSecret
	kindLines
	kindGroup    // a struct
	kindOptional // a pointer to one
	kindRecords  // a list of structs
)

func kindOf(t reflect.Type) kind {
	switch {
	case t == reflect.TypeFor[secretType]():
		return kindSecret
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return kindText
	}
	switch t.Kind() {
	case reflect.Bool:
		return kindBool
	case reflect.String:
		return kindText
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float64:
		return kindNumber
	case reflect.Struct:
		return kindGroup
	case reflect.Pointer:
		if kindOf(t.Elem()) == kindGroup {
			return kindOptional
		}
	case reflect.Slice:
		switch kindOf(t.Elem()) {
		case kindText, kindNumber:
			return kindLines
		case kindGroup:
			return kindRecords
		}
	}
	return kindNone
}

// textOf returns a value as it is typed.
func textOf(v reflect.Value) string {
	if kindOf(v.Type()) == kindLines {
		lines := make([]string, v.Len())
		for i := range v.Len() {
			lines[i] = textOf(v.Index(i))
		}
		return strings.Join(lines, "\n")
	}
	if v.IsZero() && v.Kind() != reflect.Int && v.Kind() != reflect.Uint {
		if _, is := v.Interface().(encoding.TextMarshaler); is {
			return "" // the zero value means the default, or nothing
		}
	}
	if m, is := v.Interface().(encoding.TextMarshaler); is {
		text, err := m.MarshalText()
		if err != nil {
			return fmt.Sprint(v.Interface())
		}
		return string(text)
	}
	return fmt.Sprint(v.Interface())
}

// setText puts what was typed into a value.
func setText(v reflect.Value, typed string) error {
	if _, is := v.Addr().Interface().(encoding.TextUnmarshaler); is {
		if typed == "" {
			v.SetZero()
			return nil
		}
		next := reflect.New(v.Type())
		if err := next.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(typed)); err != nil {
			return errors.New(strings.TrimPrefix(err.Error(), "config: "))
		}
		v.Set(next.Elem())
		return nil
	}
	switch kind := v.Kind(); {
	case kind == reflect.String:
		v.SetString(typed)
	case typed == "":
		v.SetZero()
	case v.CanInt():
		n, err := strconv.ParseInt(typed, 10, v.Type().Bits())
		if err != nil {
			return wholeNumber(typed, err)
		}
		v.SetInt(n)
	case v.CanUint():
		n, err := strconv.ParseUint(typed, 10, v.Type().Bits())
		if err != nil {
			return wholeNumber(typed, err)
		}
		v.SetUint(n)
	default:
		n, err := strconv.ParseFloat(typed, 64)
		if err != nil {
			return fmt.Errorf("%q is no number", typed)
		}
		v.SetFloat(n)
	}
	return nil
}

func wholeNumber(typed string, err error) error {
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%s is out of range", typed)
	}
	return fmt.Errorf("%q, want a whole number", typed)
}

// setLines puts one entry a line into a list; empty lines do not count.
func setLines(v reflect.Value, typed string) error {
	list := reflect.MakeSlice(v.Type(), 0, 4)
	for number, line := range strings.Split(strings.ReplaceAll(typed, "\r", ""), "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		entry := reflect.New(v.Type().Elem()).Elem()
		if err := setText(entry, line); err != nil {
			return fmt.Errorf("line %d: %w", number+1, err)
		}
		list = reflect.Append(list, entry)
	}
	if list.Len() == 0 {
		v.SetZero()
		return nil
	}
	v.Set(list)
	return nil
}

// Words returns the words that a type of few words may have, nil for other
// types. They are what the type itself names when it refuses one; "" is among
// them when it may be left out.
func Words(t reflect.Type) []string {
	if t.Kind() != reflect.String || !reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return nil
	}
	probe := func(word string) error {
		return reflect.New(t).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(word))
	}
	err := probe("\x00")
	if err == nil {
		return nil
	}
	_, list, ok := strings.Cut(err.Error(), ", want ")
	if !ok {
		return nil
	}
	words := strings.Split(list, ", ")
	for _, word := range words {
		if word != "" && probe(word) != nil {
			return nil
		}
	}
	if words[0] != "" && probe("") == nil {
		words = append([]string{""}, words...)
	}
	return words
}
