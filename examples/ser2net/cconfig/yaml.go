package cconfig

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// document is a YAML document and where its lines stand.
type document struct {
	*reader
	segments []segment
	folder   string // where its includes start
	nesting  int
	mark     byte // of aliases within texts: * or =
}

func (d *document) place(n *yaml.Node) Place { return placeIn(d.segments, n.Line, n.Column) }

// parseYAML reads the documents of a text, in either version.
func (r *reader) parseYAML(segments []segment, name string, nesting int) {
	if r.count++; r.count > maxFiles {
		r.faultf(Place{File: name}, "there are too many files")
		return
	}
	whole := joined(segments)
	if r.read += len(whole); r.read > maxTotal {
		r.faultf(Place{File: name}, "the files are too large together")
		return
	}
	d := &document{reader: r, segments: segments, folder: filepath.Dir(name), nesting: nesting}
	loader, err := yaml.NewLoader(strings.NewReader(whole))
	for count := 0; err == nil; count++ {
		var root yaml.Node
		if err = loader.Load(&root); err != nil {
			break
		}
		if count > 0 && r.file.Dialect == YAML1 {
			r.faultf(d.place(&root), "a file of %s has one document", YAML1)
			return
		}
		d.document(&root)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		d.syntaxFault(err)
	}
}

// syntaxFault notes what the YAML library says.
func (d *document) syntaxFault(err error) {
	var one *yaml.LoadError
	var list *yaml.LoadErrors
	if errors.As(err, &list) && len(list.Errors) > 0 {
		one = list.Errors[0]
	}
	if one == nil && !errors.As(err, &one) {
		d.faultf(placeIn(d.segments, 0, 0), "this is no YAML: %v", err)
		return
	}
	what := strings.TrimPrefix(one.Message, "yaml: ")
	if name, ok := strings.CutPrefix(what, "unknown anchor "); ok {
		what = "there is no alias " + strings.TrimSuffix(name, " referenced")
	} else {
		what = "this is no YAML: " + what
	}
	d.faultf(placeIn(d.segments, one.Mark.Line, one.Mark.Column), "%s", what)
}

// version returns which version a top-level key belongs to, "" for both.
func version(key string) Dialect {
	switch key {
	case "define", "default", "delete_default", "connection", "rotator", "led":
		return YAML1
	case "defines", "defaults", "delete_defaults", "connections", "rotators", "leds":
		return YAML2
	}
	return ""
}

// document reads one document.
func (d *document) document(root *yaml.Node) {
	if len(root.Content) == 0 {
		return
	}
	top := root.Content[0]
	if top.Kind == yaml.ScalarNode && top.Value == "" {
		return
	}
	if top.Kind != yaml.MappingNode {
		d.faultf(d.place(top), "want keys such as connection (%s) or connections (%s), or lines such as 2000:raw:0:/dev/ttyS0:9600 (%s)", YAML1, YAML2, Lines)
		return
	}
	if !d.decideVersion(top) {
		return
	}
	if d.file.Dialect == YAML2 {
		d.mark = '='
		d.version2(top)
	} else {
		d.mark = '*'
		d.version1(top)
	}
}

// decideVersion finds out the version by the keys, and refuses a mixture.
func (d *document) decideVersion(top *yaml.Node) bool {
	for i := 0; i+1 < len(top.Content); i += 2 {
		key := top.Content[i]
		switch v := version(key.Value); {
		case v == "" || v == d.file.Dialect:
		case d.file.Dialect == "":
			d.file.Dialect = v
		default:
			d.faultf(d.place(key), "%s is a key of %s, what stands before is %s: they cannot be mixed", key.Value, v, d.file.Dialect)
			return false
		}
	}
	return true
}

// scalar reads a single value with what is put into it. owner names what it
// is part of.
func (d *document) scalar(owner string, n *yaml.Node) (text, bool) {
	at := d.place(n)
	if n.Kind == yaml.AliasNode {
		if value, ok := d.aliases[n.Value]; ok {
			return text{value, at}, true
		}
		if n.Alias == nil || n.Alias.Kind != yaml.ScalarNode {
			return text{n.Value, at}, true // the name of a connection, rotator or LED
		}
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		d.faultf(at, "%s: a single value is wanted here", owner)
		return text{at: at}, false
	}
	value, err := substitute(n.Value, d.mark, d.alias, d.content)
	if err != nil {
		d.faultf(at, "%s: %v", owner, err)
		return text{at: at}, false
	}
	return text{value, at}, true
}

func (d *document) alias(name string) (string, error) {
	if value, ok := d.aliases[name]; ok {
		return value, nil
	}
	return "", fmt.Errorf("there is no alias %q", name)
}

func (d *document) content(name string) (string, error) {
	if d.files.Read == nil {
		return "", fmt.Errorf("the file %s cannot be read here", name)
	}
	b, err := d.files.Read(d.path(name), maxText)
	return string(b), err
}

func (d *document) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(d.folder, name)
}

// define takes an alias.
func (d *document) define(name string, value string) {
	if d.aliases == nil {
		d.aliases = map[string]string{}
	}
	d.aliases[name] = value
}

// pairs calls each for the keys of a mapping, and reports other nodes.
func (d *document) pairs(owner string, n *yaml.Node, each func(key, value *yaml.Node)) {
	if n.Kind == yaml.ScalarNode && n.Value == "" {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.faultf(d.place(n), "%s: keys with values are wanted here", owner)
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := n.Content[i]; key.Kind != yaml.ScalarNode {
			d.faultf(d.place(key), "%s: a key is a single word", owner)
		} else {
			each(key, n.Content[i+1])
		}
	}
}

// include reads the files that match a pattern, in place.
func (d *document) include(n *yaml.Node) {
	pattern, ok := d.scalar("include", n)
	switch {
	case !ok:
		return
	case d.nesting == maxNesting:
		d.faultf(pattern.at, "include %s: files include each other too deeply", pattern.value)
		return
	case d.files.Glob == nil:
		d.faultf(pattern.at, "include %s: no files can be read here", pattern.value)
		return
	}
	names, err := d.files.Glob(d.path(pattern.value))
	if err == nil && len(names) == 0 && !strings.ContainsAny(pattern.value, "*?[") {
		err = errors.New("there is no such file")
	}
	if err != nil {
		d.faultf(pattern.at, "include %s: %v", pattern.value, err)
	}
	for _, name := range names {
		if len(d.faults) >= maxFaults || d.count > maxFiles {
			return
		}
		content, err := d.files.Read(name, MaxFile)
		if err != nil {
			d.faultf(pattern.at, "include %s: %v", name, err)
			continue
		}
		d.parseYAML(d.inContext(name, wholeLine(cleaned(content))), name, d.nesting+1)
	}
}

// inContext makes the aliases of the including file known in an included one:
// it defines each that occurs on a line of its own, before the first key.
func (d *document) inContext(name, t string) []segment {
	head, indent := 0, ""
	for line := range strings.Lines(t) {
		bare := strings.TrimLeft(line, " ")
		if bare[0] != '%' && bare[0] != '#' && bare[0] != '\n' && !strings.HasPrefix(line, "---\n") {
			indent = line[:len(line)-len(bare)]
			break
		}
		head += len(line)
	}
	var known strings.Builder
	add := func(alias, value string) {
		if strings.Contains(t, "*"+alias) {
			fmt.Fprintf(&known, "%sdefine: &%s %s\n", indent, alias, quoted(value))
		}
	}
	if d.file.Dialect != YAML2 {
		for alias, value := range d.aliases {
			add(alias, value)
		}
		for connection := range d.names {
			add(connection, connection)
		}
	}
	if known.Len() == 0 {
		return []segment{{name, t, 1}}
	}
	return []segment{
		{name, t[:head], 1},
		{name, known.String(), 0},
		{name, t[head:], 1 + strings.Count(t[:head], "\n")},
	}
}

// quoted returns a text as a YAML scalar that stands for it, with no marks
// that would be replaced again.
func quoted(value string) string {
	return strconv.Quote(strings.NewReplacer("*(", "*(*", "*{", "*{*").Replace(value))
}
