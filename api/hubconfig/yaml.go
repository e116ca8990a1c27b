package hubconfig

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// nodeOrigin is a mapping in YAML.
type nodeOrigin struct{ node *yaml.Node }

func (o nodeOrigin) place(column string) string {
	for i := 0; i+1 < len(o.node.Content); i += 2 {
		if o.node.Content[i].Value == column {
			return position(o.node.Content[i+1])
		}
	}
	return position(o.node)
}

func position(n *yaml.Node) string { return fmt.Sprintf("line %d, column %d", n.Line, n.Column) }

func (t *tables) readYAML(text []byte, r *Report) {
	if len(text) > MaxYAML {
		r.fault("", fmt.Sprintf("the file has %d bytes, allowed are %d", len(text), MaxYAML))
		return
	}
	var document yaml.Node
	if err := yaml.Load(text, &document); err != nil {
		r.fault("", "this is neither a workbook nor YAML: "+yamlProblem(err))
		return
	}
	root := &document
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		root = root.Content[0]
	}
	eachKey(root, r, func(key, value *yaml.Node) {
		switch key.Value {
		case string(deviceList):
			eachItem(value, &t.devices, maxDevices, r)
		case string(signalList):
			eachItem(value, &t.signals, maxSignals, r)
		default:
			r.fault(position(key), "the name "+quote(key.Value)+" is not known, allowed are devices and signals")
		}
	})
}

// yamlProblem tells the place of a fault and the fault, without the name of
// the library.
func yamlProblem(err error) string {
	var one *yaml.LoadError
	if !errors.As(err, &one) {
		return err.Error()
	}
	if one.Mark.Line > 0 {
		return fmt.Sprintf("line %d, column %d: %s", one.Mark.Line, one.Mark.Column, one.Message)
	}
	return one.Message
}

const wantMapping = `want names and values here, such as "device_alias: INV1"`

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// eachKey calls do with the entries of a mapping; null is an empty one.
func eachKey(n *yaml.Node, r *Report, do func(key, value *yaml.Node)) {
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.fault(position(n), wantMapping)
		return
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.fault(position(key), "want a name here")
		case seen[key.Value]:
			r.fault(position(key), "the name "+quote(key.Value)+" is there twice")
		default:
			seen[key.Value] = true
			do(key, value)
		}
	}
}

func eachItem[T any](n *yaml.Node, t *table[T], most int, r *Report) {
	if isNull(n) {
		return
	}
	if n.Kind != yaml.SequenceNode {
		r.fault(position(n), "want a list here")
		return
	}
	for i, item := range n.Content {
		if i == most {
			r.fault(position(item), "the list is too long")
			return
		}
		if item.Kind != yaml.MappingNode {
			r.fault(position(item), wantMapping)
			continue
		}
		t.begin(nodeOrigin{item})
		eachKey(item, r, func(key, value *yaml.Node) {
			c := t.find(key.Value)
			switch {
			case c == nil || c.name != key.Value:
				r.fault(position(key), "the name "+quote(key.Value)+" is not known")
			case value.Kind != yaml.ScalarNode:
				t.fail(len(t.items)-1, c.name, "want one value here", r)
			case !isNull(value):
				t.set(c, value.Value, r)
			}
		})
	}
}

// plain are the scalars that need no quotes, whatever reads them.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./]([A-Za-z0-9_./;+ -]*[A-Za-z0-9_./;+-])?$`)

// reserved are words that YAML reads as something else than text, in lower
// case.
var reserved = map[string]bool{
	"null": true, "true": true, "false": true, "yes": true, "no": true, "on": true, "off": true, "y": true, "n": true,
}

// WriteYAML writes what [Import] reads as c, which is valid.
func (c Config) WriteYAML(to io.Writer) error {
	err := writeList(to, deviceList, deviceColumns, c.Devices)
	if err == nil {
		err = writeList(to, signalList, signalColumns, c.Signals)
	}
	return err
}

// String returns the configuration as YAML.
func (c Config) String() string {
	var b strings.Builder
	_ = c.WriteYAML(&b) // never fails
	return b.String()
}

func writeList[T any](to io.Writer, name list, columns []column[T], items []T) error {
	if len(items) == 0 {
		_, err := fmt.Fprintf(to, "%s: []\n", name)
		return err
	}
	if _, err := fmt.Fprintf(to, "%s:\n", name); err != nil {
		return err
	}
	for i := range items {
		lead := "  - "
		for _, c := range columns {
			text := c.get(&items[i])
			if text == "" {
				continue
			}
			if _, err := fmt.Fprintf(to, "%s%s: %s\n", lead, c.name, scalar(text)); err != nil {
				return err
			}
			lead = "    "
		}
	}
	return nil
}

// scalar writes text for YAML: numbers and words as they are, all else in
// quotes, as JSON does, which is YAML.
func scalar(text string) string {
	if plain.MatchString(text) && !reserved[strings.ToLower(text)] {
		return text
	}
	return quote(text)
}

// quote puts text in quotes, on one line.
func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return strconv.Quote(text)
	}
	return string(b)
}
