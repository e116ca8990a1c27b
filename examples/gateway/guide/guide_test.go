package guide_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/guide"
	"github.com/fieldgate/fieldgate/openvpn"
)

var update = flag.Bool("update", false, "write help.txt from the Go sources")

// saysAll are keys that need no comment.
var saysAll = []string{"name", "common_name", "host", "local", "remote", "password", "args", "context", "group", "peer"}

const module = "github.com/fieldgate/fieldgate"

// The help texts are the documentation of the Go types.
func TestHelpIsCurrent(t *testing.T) {
	texts := make(map[string]string)
	collect(t, reflect.TypeFor[document.Document](), "", texts, make(map[string]map[string]string))
	collect(t, reflect.TypeFor[openvpn.Answers](), "recipe", texts, make(map[string]map[string]string))
	var want strings.Builder
	for _, path := range slices.Sorted(maps.Keys(texts)) {
		if texts[path] != "" {
			want.WriteString(path + "\t" + texts[path] + "\n")
		}
	}
	if *update {
		require.NoError(t, os.WriteFile("help.txt", []byte(want.String()), 0o600))
	}
	have, err := os.ReadFile("help.txt")
	require.NoError(t, err)
	assert.Equal(t, want.String(), string(have), "run: go test ./examples/gateway/guide -update")
	for _, path := range slices.Sorted(maps.Keys(texts)) {
		if key := path[strings.LastIndexByte(path, '.')+1:]; key != path && !slices.Contains(saysAll, key) {
			assert.NotEmpty(t, texts[path], "%s is not documented", path)
		}
	}
}

func TestSections(t *testing.T) {
	s := guide.Section("ipsec.connections")
	assert.Equal(t, "Gateway", s.Label("gateway"))
	assert.Equal(t, "DPD timeout", s.Label("dpd_timeout"))
	assert.Equal(t, "Pre-shared key", s.Label("pre_shared_key"))
	assert.Contains(t, s.Help("gateway"), "host name")
	assert.Equal(t, []string{"ikev1"}, s.Show("exchange_mode").Values)
	assert.Nil(t, s.Show("gateway"))
	assert.True(t, s.Extra("local_id"), "the specification reaches it by \"additional field\"")
	assert.False(t, s.Extra("gateway"))
	assert.True(t, guide.Section("ipsec").Hide("connections"))
}

// collect walks the stored fields of a type and takes their comments.
func collect(t *testing.T, typ reflect.Type, path string, texts map[string]string, known map[string]map[string]string) {
	t.Helper()
	for i := range typ.NumField() {
		field := typ.Field(i)
		tag := field.Tag.Get("yaml")
		key, options, _ := strings.Cut(tag, ",")
		inner := field.Type
		for inner.Kind() == reflect.Slice || inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch {
		case !field.IsExported() || tag == "-":
		case strings.Contains(options, "inline"):
			collect(t, inner, path, texts, known)
		case key != "":
			at := strings.TrimPrefix(path+"."+key, ".")
			texts[at] = plain(comment(t, typ, field.Name, known))
			if inner.Kind() == reflect.Struct && strings.HasPrefix(inner.PkgPath(), module) && stored(inner) {
				collect(t, inner, at, texts, known)
			}
		}
	}
}

// stored reports whether a struct has fields of its own in the file.
func stored(typ reflect.Type) bool {
	for i := range typ.NumField() {
		if typ.Field(i).Tag.Get("yaml") != "" {
			return true
		}
	}
	return false
}

// comment returns what the source says of a field: its own comment, or the one
// of a field before it that names it.
func comment(t *testing.T, typ reflect.Type, name string, known map[string]map[string]string) string {
	t.Helper()
	full := typ.PkgPath() + "." + typ.Name()
	if known[full] == nil {
		known[full] = comments(t, typ)
	}
	return known[full][name]
}

func comments(t *testing.T, typ reflect.Type) map[string]string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", strings.TrimPrefix(strings.TrimPrefix(typ.PkgPath(), module), "/"))
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	found := make(map[string]string)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || spec.Name.Name != typ.Name() {
				return true
			}
			fields, ok := spec.Type.(*ast.StructType)
			if !ok {
				return true
			}
			before := ""
			for _, field := range fields.Fields.List {
				own := oneLine(field.Doc.Text())
				if own == "" {
					own = oneLine(field.Comment.Text())
				}
				for _, name := range field.Names {
					text := own
					if text == "" && strings.Contains(before, name.Name) {
						text = before
					}
					if text == "" && field.Doc == nil {
						text = before // fields that share one comment
					}
					found[name.Name] = text
				}
				if own != "" {
					before = own
				}
			}
			return true
		})
	}
	return found
}

// subject is how comments of Go begin: with names of fields, which operators
// do not know.
var subject = regexp.MustCompile(`^(?:[A-Z][A-Za-z0-9]*)(?:(?:, [A-Z][A-Za-z0-9]*)* and [A-Z][A-Za-z0-9]*)? (?:(?:is|are) )?([a-zA-Z])`)

// plain returns a comment without the names that it begins with.
func plain(text string) string {
	first, _, _ := strings.Cut(text, " ")
	if m := subject.FindStringSubmatchIndex(text); m != nil && !slices.Contains([]string{"The", "A", "An", "What", "Where", "When", "Required", "Default", "Empty", "Limits", "For", "Of", "Only", "No", "Names", "Mark", "Fragmentation"}, first) {
		if _, after, _ := strings.Cut(text[m[2]:], " "); strings.HasPrefix(after, "(default") {
			return text[m[2]:] // a word to be typed
		}
		return strings.ToUpper(text[m[2]:m[3]]) + text[m[3]:]
	}
	return text
}

func oneLine(text string) string {
	return strings.NewReplacer("[", "", "]", "").Replace(strings.Join(strings.Fields(text), " "))
}
