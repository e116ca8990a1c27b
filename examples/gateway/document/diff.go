package document

import (
	"cmp"
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"github.com/fieldgate/fieldgate/internal/order"
)

// Difference is a field in which two documents differ.
type Difference struct {
	Path     string // such as ipsec.connections[demo0].gateway
	From, To string // empty: not there; secrets as [redacted]
}

// Diff lists in what two documents differ, by path. The records of a list are
// told by their names where they have some, so that one that was taken out
// does not seem to change all that follow.
func Diff(from, to Document) []Difference {
	a, b := leaves(&from), leaves(&to)
	var all []Difference
	for path, was := range a {
		if is, there := b[path]; !there || is != was {
			all = append(all, Difference{path, was.shown, is.shown})
		}
	}
	for path, is := range b {
		if _, there := a[path]; !there {
			all = append(all, Difference{path, "", is.shown})
		}
	}
	order.Sort(all, func(x, y Difference) int { return cmp.Compare(x.Path, y.Path) })
	return all
}

// leaf is a value without parts. Secrets compare by themselves.
type leaf struct {
	shown  string
	secret Secret
}

func leaves(doc *Document) map[string]leaf {
	all := make(map[string]leaf)
	names := make(map[string]string) // path with an index to path with a name
	walk(reflect.ValueOf(doc).Elem(), "", func(path string, v reflect.Value) bool {
		at := named(path, v, names)
		if secret, is := v.Addr().Interface().(*Secret); is {
			if !secret.IsZero() {
				all[at] = leaf{secret.String(), *secret}
			}
			return false
		}
		if _, is := v.Addr().Interface().(encoding.TextMarshaler); is && v.Kind() != reflect.Pointer {
			if !v.IsZero() {
				all[at] = leaf{shown: fmt.Sprint(v.Interface())}
			}
			return false
		}
		switch v.Kind() {
		case reflect.Struct:
			if v.IsZero() && strings.HasSuffix(path, "]") { // a record of nothing is one more all the same
				all[at] = leaf{shown: "(empty)"}
			}
			return true
		case reflect.Slice:
			return true
		case reflect.Pointer: // no value is not the same as its zero value
			if !v.IsNil() && v.Elem().IsZero() {
				all[at] = leaf{shown: "(empty)"}
				if v.Elem().Kind() != reflect.Struct {
					all[at] = leaf{shown: fmt.Sprint(v.Elem().Interface())}
				}
			}
			return true
		case reflect.Map: // one of nothing is as none
			if v.Len() > 0 {
				all[at] = leaf{shown: fmt.Sprint(v.Interface())}
			}
			return false
		}
		if !v.IsZero() {
			all[at] = leaf{shown: fmt.Sprint(v.Interface())}
		}
		return false
	})
	return all
}

// named returns path with names in place of indexes where records have names,
// and remembers them for what is below.
func named(path string, v reflect.Value, names map[string]string) string {
	parent, last := "", path
	if i := strings.LastIndexAny(path, ".["); i > 0 {
		parent, last = path[:i], path[i:]
	}
	at := path
	if known, ok := names[parent]; ok {
		at = known + last
	}
	if strings.HasPrefix(last, "[") {
		list := strings.TrimSuffix(at, last)
		if name := recordName(v); name != "" {
			at = list + "[" + name + "]"
		}
		if other, taken := names["="+at]; taken && other != path { // by a number, or twice
			at = list + "[" + recordName(v) + " " + last[1:]
		}
		names["="+at] = path
	}
	names[path] = at
	return at
}

// recordName returns what a record is called.
func recordName(v reflect.Value) string {
	if v.Kind() != reflect.Struct {
		return ""
	}
	for _, field := range []string{"Name", "Alias", "CommonName"} {
		if f := v.FieldByName(field); f.IsValid() && f.Kind() == reflect.String && f.Len() > 0 {
			return f.String()
		}
	}
	return ""
}
