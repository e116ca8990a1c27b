package telemetry_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

// fact is what names.json says of one key.
type fact struct {
	Name     string
	Elements []string
	Rows     []string
	Unit     string
	Words    map[string][]any
}

func names(t *testing.T) map[string]fact {
	text, err := os.ReadFile("names.json")
	require.NoError(t, err)
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	var facts map[string]fact
	require.NoError(t, d.Decode(&facts))
	return facts
}

// tags returns the JSON names of the fields of a struct, in order.
func tags(v reflect.Type) (list []string) {
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Field(i).Tag.Get("json"), ",")
		list = append(list, name)
	}
	return list
}

// structs are the types of the facts with a structure.
func structs() map[string]reflect.Type {
	return map[string]reflect.Type{
		"load":    reflect.TypeFor[telemetry.Load](),
		"cpu":     reflect.TypeFor[telemetry.CPU](),
		"mem":     reflect.TypeFor[telemetry.Memory](),
		"disks":   reflect.TypeFor[telemetry.Disk](),
		"ifs":     reflect.TypeFor[telemetry.Interface](),
		"gsm":     reflect.TypeFor[telemetry.Modem](),
		"ipsec":   reflect.TypeFor[telemetry.Tunnels](),
		"openvpn": reflect.TypeFor[telemetry.Tunnels](),
		"part":    reflect.TypeFor[telemetry.Part](),
		"stats":   reflect.TypeFor[telemetry.Stats](),
	}
}

// documented returns the keys of the table in the package documentation.
func documented(t *testing.T) map[string]string {
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	keys := make(map[string]string)
	for _, row := range regexp.MustCompile(`(?m)^//\t(\d+) +([a-z]+) +(?:uint|text|array|rows) `).FindAllStringSubmatch(string(doc), -1) {
		keys[row[1]] = row[2]
	}
	require.Len(t, keys, 20)
	return keys
}

// The map of names is that of the documentation and of the types.
func TestNamesAreComplete(t *testing.T) {
	facts := names(t)
	listed := make(map[string]string)
	structured := structs()
	for key, f := range facts {
		listed[key] = f.Name
		list := slices.Concat(f.Elements, f.Rows)
		if s, ok := structured[f.Name]; ok {
			assert.Equal(t, tags(s), list, f.Name)
			assert.Equal(t, f.Name == "disks" || f.Name == "ifs", f.Rows != nil, f.Name)
		} else {
			assert.Empty(t, list, f.Name)
		}
	}
	assert.Equal(t, documented(t), listed)

	for number, word := range facts["13"].Words["tech"] {
		assert.Equal(t, telemetry.Technology(number).String(), word)
	}
	assert.Len(t, facts["13"].Words["tech"], int(telemetry.TechNR)+1)
}

// The grammar has every key and every element, in order.
func TestGrammarIsComplete(t *testing.T) {
	text, err := os.ReadFile("wire.cddl")
	require.NoError(t, err)
	grammar := regexp.MustCompile(`;.*`).ReplaceAllString(string(text), "")
	_, body, found := strings.Cut(grammar, "message = {")
	require.True(t, found)
	body, _, _ = strings.Cut(body, "}")

	types := make(map[string]string) // by key
	last := -1
	for _, line := range regexp.MustCompile(`(?m)^  (\? )?(\d+) => (.+),`).FindAllStringSubmatch(body, -1) {
		key, err := strconv.Atoi(line[2])
		require.NoError(t, err)
		assert.Equal(t, last+1, key, "the keys are in order")
		last = key
		types[line[2]] = line[3]
		assert.Equal(t, key == 0 || key == 3, line[1] == "", "only v and seq are required: key %d", key)
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(documented(t))), slices.Collect(maps.Keys(types)))
	for key, name := range documented(t) {
		assert.Regexp(t, `(?m)^  (\? )?`+key+` => .*; `+name+`\b`, string(text), "the comment of key %s", key)
		s, ok := structs()[name]
		if !ok {
			continue
		}
		rule := strings.TrimSuffix(strings.TrimPrefix(types[key], "[* "), "]") // rows are a list of a rule
		if name != "part" {                                                    // which is written in place
			found := regexp.MustCompile(`(?m)^` + rule + ` = (\[[^\]]*\])`).FindStringSubmatch(grammar)
			require.NotNil(t, found, "no rule %s", rule)
			assert.True(t, strings.HasSuffix(found[1], ", * any]"), "%s grows at its end", rule)
			rule = found[1]
		}
		var elements []string
		for _, e := range regexp.MustCompile(`"?([a-z0-9_]+)"?: `).FindAllStringSubmatch(rule, -1) {
			elements = append(elements, e[1])
		}
		assert.Equal(t, tags(s), elements, name)
	}
	for number := range telemetry.TechNR + 1 {
		assert.Contains(t, grammar, telemetry.Technology(number).String()+": "+strconv.Itoa(int(number)))
	}
}
