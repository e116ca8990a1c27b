package rest

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Schema is a JSON Schema (2020-12), as far as it is needed.
type Schema struct {
	Ref         string             `json:"$ref,omitempty"`
	Type        any                `json:"type,omitempty"` // a text, or a list of texts
	Format      string             `json:"format,omitempty"`
	Description string             `json:"description,omitempty"`
	Enum        []string           `json:"enum,omitempty"`
	Minimum     *int64             `json:"minimum,omitempty"`
	Maximum     *int64             `json:"maximum,omitempty"`
	MaxLength   int                `json:"maxLength,omitempty"`
	Items       *Schema            `json:"items,omitempty"`
	Properties  map[string]*Schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	// AdditionalProperties tells whether an object may have others than
	// Properties; nil: it is no object, or any.
	AdditionalProperties *bool `json:"additionalProperties,omitempty"`
}

// The types of JSON that there are.
const (
	object  = "object"
	array   = "array"
	text    = "string"
	integer = "integer"
	boolean = "boolean"
)

// Object is the schema of an object with any properties.
func Object(description string) *Schema {
	return &Schema{Type: object, Description: description, AdditionalProperties: new(true)}
}

// Described is a type that says itself what it looks like.
type Described interface{ Schema() *Schema }

const schemaFolder = "#/components/schemas/"

// schemas are those that others refer to, by name.
type schemas struct {
	named map[string]*Schema
	of    map[string]reflect.Type
}

// follow returns the schema that s refers to, or s.
func (all *schemas) follow(s *Schema) *Schema {
	if name, is := strings.CutPrefix(s.Ref, schemaFolder); is {
		return all.named[name]
	}
	return s
}

// schema describes a type. hint is the name of a struct that has none.
func (all *schemas) schema(t reflect.Type, hint string) *Schema {
	if d, is := reflect.Zero(t).Interface().(Described); is {
		return d.Schema()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return all.schema(t.Elem(), hint)
	case reflect.Bool:
		return &Schema{Type: boolean}
	case reflect.String:
		return &Schema{Type: text}
	case reflect.Int, reflect.Int64:
		return &Schema{Type: integer, Format: "int64"}
	case reflect.Uint64:
		return &Schema{Type: integer, Format: "int64", Minimum: new(int64(0))}
	case reflect.Uint32:
		return &Schema{Type: integer, Format: "int32", Minimum: new(int64(0))}
	case reflect.Slice:
		return &Schema{Type: []string{array, "null"}, Items: all.schema(t.Elem(), hint)}
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return &Schema{Type: text, Format: "date-time"}
		}
		return all.object(t, hint)
	}
	panic(fmt.Sprintf("rest: %v cannot be described", t))
}

// object describes a struct once and returns a reference to that.
func (all *schemas) object(t reflect.Type, hint string) *Schema {
	name := t.Name()
	if name == "" {
		name = hint
	}
	name = strings.ToUpper(name[:1]) + name[1:]
	ref := &Schema{Ref: schemaFolder + name}
	if other, exists := all.of[name]; exists {
		if other != t {
			panic(fmt.Sprintf("rest: %v and %v are both called %s", t, other, name))
		}
		return ref
	}
	s := &Schema{Type: object, Properties: make(map[string]*Schema), AdditionalProperties: new(false)}
	all.named[name], all.of[name] = s, t
	for i := range t.NumField() {
		f := t.Field(i)
		key, how, _ := strings.Cut(f.Tag.Get("json"), ",")
		s.Properties[key] = all.field(f, name)
		if how != "omitempty" && how != "omitzero" {
			s.Required = append(s.Required, key)
		}
	}
	return ref
}

// field describes a field with its tags.
func (all *schemas) field(f reflect.StructField, of string) *Schema {
	s := all.schema(f.Type, of+f.Name)
	if doc := f.Tag.Get("doc"); doc != "" {
		s.Description = doc
	}
	if f.Tag.Get("nullable") == "false" {
		s.Type = array
	}
	if values := f.Tag.Get("enum"); values != "" {
		s.Enum = strings.Split(values, ",")
	}
	if n, err := strconv.ParseInt(f.Tag.Get("minimum"), 10, 64); err == nil {
		s.Minimum = &n
	}
	if n, err := strconv.ParseInt(f.Tag.Get("maximum"), 10, 64); err == nil {
		s.Maximum = &n
	}
	if n, err := strconv.Atoi(f.Tag.Get("maxLength")); err == nil {
		s.MaxLength = n
	}
	return s
}
