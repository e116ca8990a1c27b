package document

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/fieldgate/fieldgate/snmp"
)

// Secret is a secret of any service; all have the same type.
type Secret = snmp.Secret

// reference begins the text of a secret that is kept elsewhere.
const reference = "secret:"

// SecretsOf returns the secrets of a document that are not empty, by path, so
// that they can be read and replaced in place.
func SecretsOf(doc *Document) map[string]*Secret { return secretsIn(reflect.ValueOf(doc).Elem()) }

// secretsIn returns those of a part of a document, which is addressable.
func secretsIn(part reflect.Value) map[string]*Secret {
	found := make(map[string]*Secret)
	walk(part, "", func(path string, v reflect.Value) bool {
		secret, is := v.Addr().Interface().(*Secret)
		if is && !secret.IsZero() {
			found[path] = secret
		}
		return !is
	})
	return found
}

// References returns the names of the secrets that a document refers to, by
// path.
func References(doc *Document) map[string]string {
	names := make(map[string]string)
	for path, secret := range SecretsOf(doc) {
		if name, is := strings.CutPrefix(secret.Reveal(), reference); is {
			names[path] = name
		}
	}
	return names
}

// resolve puts the secrets in the place of the references to them. The faults
// are references to nothing.
func resolve(doc *Document, lookup func(name string) (Secret, bool)) (faults []Fault) {
	places := SecretsOf(doc)
	for path, name := range References(doc) {
		if rest, is := strings.CutPrefix(name, ":"); is {
			*places[path] = snmp.NewSecret(reference + rest)
			continue
		}
		secret, known := lookup(name)
		if !known {
			faults = append(faults, Fault{path, "there is no secret of this name any more: write the secret itself here (one that begins with secret: with two colons)"})
			continue
		}
		*places[path] = secret
	}
	return faults
}

// Reference returns the secret that refers to the one of a name.
func Reference(name string) Secret { return snmp.NewSecret(reference + name) }

// Literal returns a secret as a text with the secret itself has it: one that
// looks like a reference has a second colon there.
func Literal(s Secret) string {
	text := s.Reveal()
	if rest, is := strings.CutPrefix(text, reference); is {
		return reference + ":" + rest
	}
	return text
}

// walk calls visit for each field of a document, and below it if visit
// returns true. All values are addressable. A path is written as YAML has its
// keys: ipsec.connections[0].pre_shared_key.
func walk(v reflect.Value, path string, visit func(path string, v reflect.Value) bool) {
	if !visit(path, v) {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			key, inline := yamlKey(field)
			switch {
			case inline:
				walk(v.Field(i), path, visit)
			case key != "":
				walk(v.Field(i), strings.TrimPrefix(path+"."+key, "."), visit)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), fmt.Sprintf("%s[%d]", path, i), visit)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), path, visit)
		}
	}
}

// yamlKey returns the key of a field, empty for one that is not stored.
func yamlKey(field reflect.StructField) (key string, inline bool) {
	tag := field.Tag.Get("yaml")
	if !field.IsExported() || tag == "-" {
		return "", false
	}
	name, options, _ := strings.Cut(tag, ",")
	if strings.Contains(options, "inline") {
		return "", true
	}
	if name == "" && tag == "" {
		return "", false // a type with a text form of its own, such as netip.Prefix
	}
	return name, false
}

// nilEmptyLists makes lists and maps without entries nil, so that documents that mean
// the same are equal.
func nilEmptyLists(doc *Document) {
	walk(reflect.ValueOf(doc).Elem(), "", func(_ string, v reflect.Value) bool {
		if (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0 {
			v.SetZero()
		}
		return true
	})
}
