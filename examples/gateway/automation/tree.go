package automation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/fieldgate/fieldgate/examples/gateway/automation/rest"
)

// Tree is a configuration, or a part of one, as JSON with the keys of the
// YAML.
type Tree []byte

// MarshalJSON implements [json.Marshaler].
func (t Tree) MarshalJSON() ([]byte, error) { return t, nil }

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Tree) UnmarshalJSON(text []byte) error {
	*t = bytes.Clone(text)
	return nil
}

// Schema implements [rest.Described].
func (Tree) Schema() *rest.Schema { return rest.Object("With the keys of gateway.yaml.") }

// maxDepth bounds how deep a tree goes; a configuration needs less than ten.
const maxDepth = 32

// toYAML returns JSON as a node of YAML. Keys that come twice are faults, as
// they are in YAML; encoding/json would take the last one without a word.
func toYAML(text []byte) (*yaml.Node, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("it is no UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	node, err := readNode(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more follows after its end")
	}
	return node, nil
}

func readNode(d *json.Decoder, depth int) (*yaml.Node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it goes deeper than %d groups", maxDepth)
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case json.Delim:
		return readGroup(d, v, depth)
	case string:
		return scalar("!!str", v), nil
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return scalar("!!float", v.String()), nil
		}
		return scalar("!!int", v.String()), nil
	case bool:
		return scalar("!!bool", fmt.Sprint(v)), nil
	}
	return scalar("!!null", "null"), nil
}

func readGroup(d *json.Decoder, open json.Delim, depth int) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if open == '{' {
		node.Kind, node.Tag = yaml.MappingNode, "!!map"
	}
	seen := make(map[string]bool)
	for d.More() {
		if open == '{' {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			name, _ := key.(string) // the decoder takes nothing else
			if seen[name] {
				return nil, fmt.Errorf("the key %q comes twice", name)
			}
			seen[name] = true
			node.Content = append(node.Content, scalar("!!str", name))
		}
		child, err := readNode(d, depth+1)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, child)
	}
	_, err := d.Token() // the end of the group
	return node, err
}

func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

// toJSON returns a node of YAML as JSON, with its keys in their order.
func toJSON(n *yaml.Node) (Tree, error) {
	var b bytes.Buffer
	if err := writeNode(&b, n); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func writeNode(b *bytes.Buffer, n *yaml.Node) error {
	switch n.Kind {
	case yaml.DocumentNode:
		return writeNode(b, n.Content[0])
	case yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeText(b, n.Content[i].Value); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := writeNode(b, n.Content[i+1]); err != nil {
				return err
			}
		}
		b.WriteByte('}')
		return nil
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeNode(b, item); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	}
	switch tag := n.ShortTag(); {
	case tag == "!!null":
		b.WriteString("null")
	case slices.Contains([]string{"!!bool", "!!int", "!!float"}, tag) && json.Valid([]byte(n.Value)):
		b.WriteString(n.Value)
	default:
		return writeText(b, n.Value)
	}
	return nil
}

func writeText(b *bytes.Buffer, text string) error {
	quoted, err := json.Marshal(text)
	b.Write(quoted)
	return err
}

// child returns the value of a key; nil: there is none.
func child(mapping *yaml.Node, key string) *yaml.Node {
	if mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}
