package document

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/fieldgate/fieldgate/snmp"
)

// FillRedacted returns a text with the secrets of a document wherever it reads
// [redacted], so that what was exported without secrets can be imported
// again. The records of lists are found by their names. write tells how a
// secret stands in the text, see [Literal]. A text that is no YAML comes back
// as it is.
func FillRedacted(text []byte, from Document, write func(Secret) string) ([]byte, error) {
	var root yaml.Node
	if yaml.Load(text, &root) != nil {
		return text, nil
	}
	redacted := snmp.NewSecret("x").String()
	known := secretsByName(&from)
	filled := 0
	var down func(n *yaml.Node, path string)
	down = func(n *yaml.Node, path string) {
		switch n.Kind {
		case yaml.DocumentNode:
			for _, c := range n.Content {
				down(c, path)
			}
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				down(n.Content[i+1], join(path, n.Content[i].Value))
			}
		case yaml.SequenceNode:
			for i, c := range n.Content {
				down(c, fmt.Sprintf("%s[%s]", path, nodeName(c, i)))
			}
		case yaml.ScalarNode:
			if secret, is := known[path]; is && n.Value == redacted {
				n.Value, n.Tag, n.Style = write(secret), "!!str", 0
				filled++
			}
		}
	}
	down(&root, "")
	if filled == 0 {
		return text, nil
	}
	return yaml.Marshal(&root)
}

// secretsByName returns the secrets of a document by paths with the names of
// records.
func secretsByName(doc *Document) map[string]Secret {
	found, names := make(map[string]Secret), make(map[string]string)
	walk(reflect.ValueOf(doc).Elem(), "", func(path string, v reflect.Value) bool {
		at := named(path, v, names)
		secret, is := v.Addr().Interface().(*Secret)
		if is && !secret.IsZero() {
			found[at] = *secret
		}
		return !is
	})
	return found
}

// nodeName is [recordName] of a record that is still YAML; its index if it has
// none.
func nodeName(n *yaml.Node, index int) string {
	if n.Kind == yaml.MappingNode {
		for _, key := range []string{"name", "alias", "common_name"} {
			if v := valueOf(n, key); v != nil && v.Kind == yaml.ScalarNode && strings.TrimSpace(v.Value) != "" {
				return v.Value
			}
		}
	}
	return fmt.Sprint(index)
}
