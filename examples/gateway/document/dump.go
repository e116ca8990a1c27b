package document

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// Dump writes a document as YAML. Secrets stand in it as secret gives them;
// with nil they are left redacted, and what is dumped so is not to be loaded.
// What is written keeps the comments, and the order of the keys, of before, an
// older text of the document, which may be nil.
func Dump(doc Document, before []byte, secret func(path string, s Secret) string) ([]byte, error) {
	next, err := encode(reflect.ValueOf(&doc).Elem(), secret)
	if err != nil {
		return nil, err
	}
	return merged(next, before)
}

// encode returns a document, or a part of one, as YAML, with its secrets as
// secret gives them by their path in it.
func encode(v reflect.Value, secret func(path string, s Secret) string) (*yaml.Node, error) {
	next := new(yaml.Node)
	if err := next.Encode(v.Interface()); err != nil {
		return nil, fmt.Errorf("document: write as YAML: %w", err)
	}
	if secret == nil {
		return next, nil
	}
	nodes := nodesByPath(next)
	for path, s := range secretsIn(v) {
		node := nodes[path]
		if node == nil {
			return nil, fmt.Errorf("document: %s: there is no place for this secret", path)
		}
		node.Value, node.Tag, node.Style = secret(path, *s), "!!str", 0
	}
	return next, nil
}

// merged writes next as text, with the comments and the order of keys of
// before.
func merged(next *yaml.Node, before []byte) ([]byte, error) {
	var old yaml.Node
	root := next
	if len(before) > 0 && yaml.Load(before, &old) == nil && old.Kind == yaml.DocumentNode && len(old.Content) == 1 {
		merge(old.Content[0], next)
		root = &old
	}
	var b bytes.Buffer
	dumper := yaml.NewEncoder(&b)
	dumper.SetIndent(2)
	if err := dumper.Encode(root); err != nil {
		return nil, fmt.Errorf("document: write as YAML: %w", err)
	}
	if err := dumper.Close(); err != nil {
		return nil, fmt.Errorf("document: write as YAML: %w", err)
	}
	return b.Bytes(), nil
}

// merge brings old to the content of next and keeps the comments and the
// order that old has.
func merge(old, next *yaml.Node) {
	if old.Kind != next.Kind {
		head, line, foot := old.HeadComment, old.LineComment, old.FootComment
		*old = *next
		old.HeadComment, old.LineComment, old.FootComment = head, line, foot
		return
	}
	switch old.Kind {
	case yaml.MappingNode:
		mergeKeys(old, next)
	case yaml.SequenceNode:
		if len(old.Content) == 0 {
			old.Style = next.Style // that of none is no style for some
		}
		for i, item := range next.Content {
			if i < len(old.Content) {
				merge(old.Content[i], item)
			} else {
				old.Content = append(old.Content, item)
			}
		}
		old.Content = old.Content[:len(next.Content)]
		if len(old.Content) == 0 {
			old.Style = yaml.FlowStyle
		} else if next.Style != yaml.FlowStyle && old.Line == 0 {
			old.Style = next.Style
		}
	default:
		if old.Value != next.Value || old.ShortTag() != next.ShortTag() {
			old.Value, old.Tag, old.Style = next.Value, next.Tag, next.Style
		}
	}
}

// mergeKeys takes out the keys that are gone, and puts new ones at the end.
func mergeKeys(old, next *yaml.Node) {
	kept := old.Content[:0]
	have := make(map[string]bool)
	for i := 0; i+1 < len(old.Content); i += 2 {
		key, value := old.Content[i], old.Content[i+1]
		if to := valueOf(next, key.Value); to != nil {
			merge(value, to)
			kept = append(kept, key, value)
			have[key.Value] = true
		}
	}
	for i := 0; i+1 < len(next.Content); i += 2 {
		if !have[next.Content[i].Value] {
			kept = append(kept, next.Content[i], next.Content[i+1])
		}
	}
	old.Content = kept
	if len(kept) > 0 && old.Style == yaml.FlowStyle && len(kept) > 12 {
		old.Style = 0 // it would be one long line
		// The comments after a mapping on lines of its own belong to its last
		// key; elsewhere they would be written into what comes next.
		kept[len(kept)-2].FootComment, old.FootComment = old.FootComment, ""
	}
}

func valueOf(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// nodesByPath returns the values that hold no others, by path.
func nodesByPath(root *yaml.Node) map[string]*yaml.Node {
	all := make(map[string]*yaml.Node)
	var down func(n *yaml.Node, at string)
	down = func(n *yaml.Node, at string) {
		switch n.Kind {
		case yaml.DocumentNode:
			for _, c := range n.Content {
				down(c, at)
			}
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				down(n.Content[i+1], join(at, n.Content[i].Value))
			}
		case yaml.SequenceNode:
			for i, c := range n.Content {
				down(c, at+"["+strconv.Itoa(i)+"]")
			}
		default:
			all[at] = n
		}
	}
	down(root, "")
	return all
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// ReplaceSecrets returns a text with its secrets as secret gives them and with
// everything else as it is, blanks too. Not ok: a secret is written in a way
// that only [Dump] can replace.
func ReplaceSecrets(text []byte, doc Document, secret func(path string, s Secret) string) (out []byte, ok bool) {
	var root yaml.Node
	if yaml.Load(text, &root) != nil {
		return nil, false
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	nodes := nodesByPath(&root)
	for path, s := range SecretsOf(&doc) {
		node, with := nodes[path], secret(path, *s)
		if node == nil || node.Line < 1 || node.Line > len(lines) {
			return nil, false
		}
		if node.Value == with {
			continue
		}
		line := lines[node.Line-1]
		if node.Column < 1 || node.Column > len(line) {
			return nil, false
		}
		before, rest := line[:node.Column-1], line[node.Column-1:]
		after, found := cutScalar(rest, node.Value)
		if !found || !isASCII(before) { // columns count characters
			return nil, false
		}
		lines[node.Line-1] = bytes.Join([][]byte{before, []byte(with), after}, nil)
	}
	return bytes.Join(lines, nil), true
}

// cutScalar returns what follows a value that is written plainly, or in quotes
// without escapes.
func cutScalar(text []byte, value string) (after []byte, ok bool) {
	for _, quote := range []string{`"`, `'`, ""} {
		if after, ok := bytes.CutPrefix(text, []byte(quote+value+quote)); ok {
			return after, true
		}
	}
	return nil, false
}

func isASCII(text []byte) bool {
	return !bytes.ContainsFunc(text, func(r rune) bool { return r > 0x7e })
}
