package document

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/examples/gateway/guide"
)

// FixedFaults lists what a change does that only gateway.yaml on the device
// may do, see [guide.Fixed]. A record may keep or lose what the file has given
// to one of its list, or take it over.
func FixedFaults(was, now Document) []Fault {
	var faults []Fault
	for _, path := range guide.FixedPaths() {
		keys := strings.Split(path, ".")
		var had []reflect.Value
		eachAt(reflect.ValueOf(&was).Elem(), keys, "", func(_ string, v reflect.Value) { had = append(had, v) })
		eachAt(reflect.ValueOf(&now).Elem(), keys, "", func(at string, v reflect.Value) {
			if at == path && !same(v, had[0]) || at != path && !amongst(v, had) {
				faults = append(faults, Fault{at, guide.Fixed(path)})
			}
		})
	}
	return faults
}

// eachAt visits what stands at a path of keys: where a list is on the way, in
// each of its records.
func eachAt(v reflect.Value, keys []string, path string, visit func(path string, v reflect.Value)) {
	if len(keys) == 0 {
		visit(path, v)
		return
	}
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			eachAt(v.Index(i), keys, fmt.Sprintf("%s[%d]", path, i), visit)
		}
		return
	}
	if field, ok := fieldOf(v, keys[0]); ok {
		eachAt(field, keys[1:], join(path, keys[0]), visit)
	}
}

// same reports whether two values are equal; an empty list is as none.
func same(a, b reflect.Value) bool {
	return a.Kind() == reflect.Slice && a.Len()+b.Len() == 0 || equal(a, b)
}

// amongst reports whether each entry of a list stands in one of others.
func amongst(list reflect.Value, others []reflect.Value) bool {
	for i := range list.Len() {
		has := func(other reflect.Value) bool {
			for j := range other.Len() {
				if equal(list.Index(i), other.Index(j)) {
					return true
				}
			}
			return false
		}
		if !slices.ContainsFunc(others, has) {
			return false
		}
	}
	return true
}
