package document

import (
	"fmt"
	"reflect"
	"strings"
)

// Group returns the group of settings at a path of keys such as telemetry or
// snmp.system: a pointer to a struct within doc.
func (d *Document) Group(path string) (any, error) {
	v, err := d.at(path)
	if err != nil {
		return nil, err
	}
	if v.Kind() != reflect.Struct {
		return nil, fmt.Errorf("document: %s is no group of settings", path)
	}
	return v.Addr().Interface(), nil
}

// List is a list of records of a document, such as ipsec.connections.
type List struct {
	path string
	list reflect.Value // addressable slice of structs
}

// List returns the list of records at a path of keys. It is the document's
// own from now on: other copies of the document keep theirs.
func (d *Document) List(path string) (List, error) {
	v, err := d.at(path)
	if err != nil {
		return List{}, err
	}
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.Struct {
		return List{}, fmt.Errorf("document: %s is no list of records", path)
	}
	own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(own, v)
	if v.Len() > 0 {
		v.Set(own)
	}
	return List{path, v}, nil
}

// Len returns how many records there are.
func (l List) Len() int { return l.list.Len() }

// Name returns what a record is called: its name, or else its number from 1.
func (l List) Name(i int) string {
	if name := recordName(l.list.Index(i)); name != "" {
		return name
	}
	return fmt.Sprint(i + 1)
}

// Find returns the index of the record of a name; -1: there is none.
func (l List) Find(name string) int {
	for i := range l.Len() {
		if l.Name(i) == name {
			return i
		}
	}
	return -1
}

// Record returns a pointer to a record.
func (l List) Record(i int) any { return l.list.Index(i).Addr().Interface() }

// Path returns where a record stands, as faults name it.
func (l List) Path(i int) string { return fmt.Sprintf("%s[%d]", l.path, i) }

// Add appends a record, a struct of the type of the list or nil for an empty
// one, and returns its index.
func (l List) Add(record any) int {
	v := reflect.Zero(l.list.Type().Elem())
	if record != nil {
		v = reflect.ValueOf(record)
	}
	l.list.Set(reflect.Append(l.list, v))
	return l.Len() - 1
}

// Remove takes a record out.
func (l List) Remove(i int) {
	left := reflect.MakeSlice(l.list.Type(), 0, l.Len())
	left = reflect.AppendSlice(left, l.list.Slice(0, i))
	left = reflect.AppendSlice(left, l.list.Slice(i+1, l.Len()))
	if left.Len() == 0 {
		l.list.SetZero()
		return
	}
	l.list.Set(left)
}

// at returns the value at a path of keys.
func (d *Document) at(path string) (reflect.Value, error) {
	v := reflect.ValueOf(d).Elem()
	for _, key := range strings.Split(path, ".") {
		next, ok := fieldOf(v, key)
		if !ok {
			return reflect.Value{}, fmt.Errorf("document: there is no %s", path)
		}
		v = next
	}
	return v, nil
}

func fieldOf(v reflect.Value, key string) (reflect.Value, bool) {
	if v.Kind() != reflect.Struct {
		return reflect.Value{}, false
	}
	for i := range v.NumField() {
		name, inline := yamlKey(v.Type().Field(i))
		if inline {
			if found, ok := fieldOf(v.Field(i), key); ok {
				return found, true
			}
		}
		if name == key {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}
