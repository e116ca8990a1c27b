package document

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

// linesOf are the lines, from 1, that parts begin at.
func linesOf(text []byte, parts []part) (lines []int) {
	for _, p := range parts {
		lines = append(lines, 1+bytes.Count(text[:p.start], []byte("\n")))
	}
	return lines
}

// nodeLines are the lines of the keys of a group, or of the values of a list.
func nodeLines(n *yaml.Node) (lines []int, keys []string) {
	step := 1
	if n.Kind == yaml.MappingNode {
		step = 2
	}
	for i := 0; i < len(n.Content); i += step {
		lines, keys = append(lines, n.Content[i].Line), append(keys, n.Content[i].Value)
	}
	return lines, keys
}

// sameParts wants that the parts of a valid text are those that the YAML
// library sees.
func sameParts(t *testing.T, text []byte, root part) {
	t.Helper()
	var doc yaml.Node
	if yaml.Load(text, &doc) != nil || len(doc.Content) != 1 {
		return // nothing is said about it
	}
	top := doc.Content[0]
	if len(root.parts) == 0 {
		require.NotEqual(t, yaml.MappingNode, top.Kind, "%q", text)
		return
	}
	require.Equal(t, yaml.MappingNode, top.Kind, "%q", text)
	want, keys := nodeLines(top)
	require.Equal(t, want, linesOf(text, root.parts), "%q", text)
	for i, section := range root.parts {
		require.Equal(t, keys[i], section.key, "%q", text)
		value := top.Content[2*i+1]
		inLines := value.Kind == yaml.MappingNode && value.Style&yaml.FlowStyle == 0
		require.Equal(t, inLines, len(section.parts) > 0, "%q", text)
		if !inLines {
			continue
		}
		want, keys := nodeLines(value)
		require.Equal(t, want, linesOf(text, section.parts), "%q", text)
		for k, field := range section.parts {
			require.Equal(t, keys[k], field.key, "%q", text)
			records := value.Content[2*k+1]
			inLines := records.Kind == yaml.SequenceNode && records.Style&yaml.FlowStyle == 0
			require.Equal(t, inLines, len(field.parts) > 0, "%q", text)
			if inLines {
				require.Len(t, records.Content, len(field.parts), "%q", text)
			}
		}
	}
}

func TestParts(t *testing.T) {
	_, text := first(t)
	root, ok := partsOf(text)
	require.True(t, ok, "the file of a first start")
	sameParts(t, text, root)
	assert.Len(t, root.parts, 13)

	list := "# head\nser2net:\n  enabled: true # on\n\n  ports:\n    # the first\n    - name: a\n      cert: |\n        - name: b\n      list:\n        - 1\n        - 2\n\n    # the second\n    - {name: b}\n  rotators: []\n# tail\n"
	root, ok = partsOf([]byte(list))
	require.True(t, ok)
	ports := root.find("ser2net").find("ports")
	require.Len(t, ports.parts, 2)
	assert.Equal(t, "    - name: a\n      cert: |\n        - name: b\n      list:\n        - 1\n        - 2\n", list[ports.parts[0].start:ports.parts[0].end])
	assert.Equal(t, "    - {name: b}\n", list[ports.parts[1].start:ports.parts[1].end])
	assert.Equal(t, "  rotators: []\n", list[root.find("ser2net").parts[2].start:root.find("ser2net").end])
	assert.Nil(t, root.find("snmp"))
}

// What it does not know for certain is not guessed.
func TestPartsOfOddTexts(t *testing.T) {
	for name, text := range map[string]string{
		"a_flow_of_lines":   "a: {\nb: 1}\n",
		"a_flow_list":       "a: [1,\n2]\n",
		"an_anchor":         "a: &x 1\nb: *x\n",
		"a_tag":             "a: !!str 1\n",
		"a_quoted_key":      "\"a\": 1\n",
		"a_question":        "? a\n: 1\n",
		"a_document":        "---\na: 1\n",
		"a_list":            "- a\n",
		"a_list_as_section": "a:\n  - b\n",
		"other_line_ends":   "a: 1\r\nb: 2\r\n",
		"a_line_separator":  "a: x\u2028b: 2\n",
		"a_tab":             "a:\n\tb: 1\n",
		"an_indicator":      "a: |x\n      b\n",
		"a_value_below":     "a:\n  b\n",
		"a_spaced_key":      "a:\n  b:\n    - c d: 1\n      e: 2\n",
		"a_hash_in_a_flow":  "a: [b#c]\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, ok := partsOf([]byte(text))
			assert.False(t, ok)
		})
	}
}

func FuzzParts(f *testing.F) {
	f.Add(FirstFile("h", "/etc"))
	for _, text := range []string{
		"a: 'x\nb: 1'\nc: \"d\\\"\ne: 2\"\n", "a: >-\n  b: 1\n\n  c\nd: x\n  y: z\n", "a: b\n  c\n# d\ne:\n  f: |+\n    g\n\n  h:\n  - i: 1\n  - j\n",
		"a: {b: \"c}\", d: ['e', f]} # g\nh: x \"y\n", "a:\n  b:\n    -\n      c: 1\n    - - d\n      - e: f\n    - |\n     g\n  h: 1\n", "a: b: c\n", "a: |\n  # b\n c: 1\n", "a:\n  b: |2-\n       - c\n    d\n  e: >+1\n   f\n\n  g: :1\n",
		"a:\n  b: []\n    # - c\n  d: # e\n    - f\n", "a: - b\n", "a:\n  b: 'it''s'\n  c: \"\"\nd: [a:\"b\", {c: d}]\n", "a:\n- b: 1\n", "a:\n  b:\n  - c\n  -  d\n    e\n  f: g\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if root, ok := partsOf(text); ok {
			sameParts(t, text, root)
		}
	})
}
