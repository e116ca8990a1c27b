package document

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/examples/gateway/form"
	"github.com/fieldgate/fieldgate/examples/gateway/guide"
)

// Schema returns the JSON schema (draft 2020-12) of gateway.yaml, for editors
// and for programs that write one. It refuses unknown keys, wrong kinds of
// values and unknown words, and nothing that the gateway takes; ranges, and
// what fits together, are in the descriptions and for the gateway to check.
func Schema() ([]byte, error) {
	root := schemaOf(reflect.TypeFor[Document](), "")
	root.Schema = "https://json-schema.org/draft/2020-12/schema"
	root.Title = "Configuration of a fieldgate gateway (gateway.yaml)"
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("document: schema: %w", err)
	}
	return append(text, '\n'), nil
}

// schema is the part of JSON schema that a configuration needs.
type schema struct {
	Schema      string             `json:"$schema,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Type        []string           `json:"type,omitempty"`
	Enum        []any              `json:"enum,omitempty"`
	WriteOnly   bool               `json:"writeOnly,omitempty"` // a secret
	Properties  map[string]*schema `json:"properties,omitempty"`
	Additional  any                `json:"additionalProperties,omitempty"` // false, or the schema of each value
	Items       *schema            `json:"items,omitempty"`
}

// anyText is what a text may be written as: a serial number of digits needs no
// quotes.
func anyText() []string { return []string{"string", "number", "boolean", "null"} }

// schemaOf returns the schema of what stands at a path, without indexes. A
// group or a value without anything in it is left as it is by the gateway, so
// null may stand for each.
func schemaOf(t reflect.Type, path string) *schema {
	s := &schema{Description: strings.TrimSpace(guide.Fixed(path) + " " + guide.Help(path))}
	words := form.Words(t)
	if own, few := ownWords()[path]; few {
		words = own
	}
	switch {
	case t == reflect.TypeFor[Secret]():
		s.Type, s.WriteOnly = anyText(), true
		return s
	case len(words) > 0:
		s.Enum = enum(words)
		return s
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		s.Type = anyText()
		return s
	}
	switch t.Kind() {
	case reflect.Struct:
		s.Type, s.Properties, s.Additional = []string{"object", "null"}, make(map[string]*schema), false
		s.take(t, path)
	case reflect.Pointer:
		return schemaOf(t.Elem(), path)
	case reflect.Map:
		s.Type, s.Additional = []string{"object", "null"}, schemaOf(t.Elem(), "")
	case reflect.Slice:
		s.Type, s.Items = []string{"array", "null"}, schemaOf(t.Elem(), "")
		if t.Elem().Kind() == reflect.Struct {
			s.Items = schemaOf(t.Elem(), path)
			s.Items.Description = ""
		}
		if _, oneToo := reflect.New(t).Interface().(interface {
			UnmarshalYAML(unmarshal func(any) error) error
		}); oneToo {
			s.Type = append(s.Type, "string")
		}
	case reflect.Bool:
		s.Type = []string{"boolean", "null"}
	case reflect.String:
		s.Type = anyText()
	case reflect.Float32, reflect.Float64:
		s.Type = []string{"number", "null"}
	default:
		s.Type = []string{"integer", "null"}
	}
	return s
}

// take adds the fields of a struct.
func (s *schema) take(t reflect.Type, path string) {
	for i := range t.NumField() {
		field := t.Field(i)
		key, inline := yamlKey(field)
		switch {
		case inline:
			s.take(field.Type, path)
		case key != "":
			s.Properties[key] = schemaOf(field.Type, join(path, key))
		}
	}
}

// enum returns words as they may be written: one that reads as a number, such
// as 1.5 stop bits, as that too, and nothing for the default.
func enum(words []string) []any {
	all := []any{nil}
	for _, word := range words {
		all = append(all, word)
		if n, err := strconv.ParseFloat(word, 64); err == nil {
			all = append(all, n)
		}
	}
	if !slices.Contains(words, "") {
		all = append(all, "")
	}
	return all
}

// ownWords are those of the gateway's own settings.
func ownWords() map[string][]string {
	return map[string][]string{
		"web.tls":       {TLSAuto, TLSOn, TLSOff},
		"syslog.source": {SyslogGateway, SyslogFile, SyslogJournal, SyslogLogread},
		"modem.source":  {SourceNone, ModemAT, ModemModemManager},
		"points.source": {PointsHub, PointsRedis, SourceNone},
	}
}
