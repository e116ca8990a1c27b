package document

import (
	"bytes"
	"cmp"
	"reflect"

	"go.yaml.in/yaml/v4"

	"github.com/fieldgate/fieldgate/internal/order"
)

// Edit writes a document as YAML, as [Dump] does, where only a little of it
// has changed: text is what was reads as. Sections, lists and records that
// have not changed stay as they stand there, each byte of them; those that
// have are written anew, with their comments, and read again, with the secrets
// of lookup. Not ok: the text is written in a way in which this cannot be done
// for certain, or would not read as now.
//
// A list of a thousand records is saved in a fraction of the time of Dump, and
// in the memory of a few texts instead of several hundred.
func Edit(text []byte, was, now Document, secret func(path string, s Secret) string, lookup func(name string) (Secret, bool)) (out []byte, ok bool) {
	e := &editor{secret: secret, lookup: lookup}
	var changed bool
	e.text, changed = plainLines(text)
	if !e.document(was, now) {
		return nil, false
	}
	out = e.apply()
	if bytes.Contains(text, []byte("\r\n")) {
		out = bytes.ReplaceAll(out, []byte("\n"), []byte("\r\n"))
	}
	return out, !changed || Means(out, now, lookup)
}

// plainLines returns a text with lines as [partsOf] knows them, and whether it
// had others: none at its end, or all of them as Windows writes them.
func plainLines(text []byte) (plain []byte, changed bool) {
	plain = text
	if ends := bytes.Count(text, []byte("\r\n")); ends > 0 && ends == bytes.Count(text, []byte("\r")) && ends == bytes.Count(text, []byte("\n")) {
		plain, changed = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), true
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		plain, changed = append(bytes.Clone(plain), '\n'), true
	}
	return plain, changed
}

func equal(a, b reflect.Value) bool { return reflect.DeepEqual(a.Interface(), b.Interface()) }

// editor collects what is written in the place of parts of a text.
type editor struct {
	text    []byte
	secret  func(path string, s Secret) string
	lookup  func(name string) (Secret, bool)
	changes []change
}

// change is new text for what stands from start to end.
type change struct {
	start, end int
	level      int // 0 a section, 1 a key of it, 2 a record
	text       []byte
}

// compare sorts changes as they stand in the text. What comes in at a place
// stands before what is there, a record at the end of a list before the key
// that comes after the list.
func (c change) compare(other change) int {
	return cmp.Or(cmp.Compare(c.start, other.start), cmp.Compare(c.end, other.end), cmp.Compare(other.level, c.level))
}

func (e *editor) apply() []byte {
	order.Stable(e.changes, change.compare)
	var b bytes.Buffer
	b.Grow(len(e.text) + len(e.text)/16)
	at := 0
	for _, c := range e.changes {
		b.Write(e.text[at:c.start])
		b.Write(c.text)
		at = c.end
	}
	b.Write(e.text[at:])
	return b.Bytes()
}

// document writes the sections that have changed.
func (e *editor) document(was, now Document) bool {
	root, ok := partsOf(e.text)
	if !ok || len(e.text) == 0 {
		return false
	}
	before, after := reflect.ValueOf(&was).Elem(), reflect.ValueOf(&now).Elem()
	for i := range after.NumField() {
		if equal(before.Field(i), after.Field(i)) {
			continue
		}
		key, _ := yamlKey(after.Type().Field(i))
		section := root.find(key)
		if section == nil {
			section = &part{start: len(e.text), end: len(e.text)}
		}
		if !e.section(section, i, before.Field(i), after.Field(i)) {
			return false
		}
	}
	return true
}

// Columns of what [Dump] writes; other indentation is left to it.
const (
	fieldColumn  = 2
	recordColumn = 4
)

// section writes what has changed in a section, by key if it can.
func (e *editor) section(p *part, index int, was, now reflect.Value) bool {
	if len(p.parts) == 0 || p.parts[0].column != fieldColumn {
		return e.write(*p, []int{index}, false, now)
	}
	begin := len(e.changes)
	for i := range now.NumField() {
		if equal(was.Field(i), now.Field(i)) {
			continue
		}
		key, inline := yamlKey(now.Type().Field(i))
		field := p.find(key)
		if field == nil {
			field = &part{start: p.end, end: p.end}
		}
		if inline || !e.field(field, []int{index, i}, was.Field(i), now.Field(i)) {
			e.changes = e.changes[:begin]
			return e.write(*p, []int{index}, false, now)
		}
	}
	return true
}

// field writes what has changed below a key, by record if it can.
func (e *editor) field(p *part, at []int, was, now reflect.Value) bool {
	records := len(p.parts)
	if now.Kind() != reflect.Slice || now.Type().Elem().Kind() != reflect.Struct || now.Len() == 0 ||
		records == 0 || records != was.Len() || p.parts[0].column != recordColumn {
		return e.write(*p, at, false, now)
	}
	// The records at the begin and at the end of both are the same.
	head, tail, most := 0, 0, min(records, now.Len())
	for head < most && equal(was.Index(head), now.Index(head)) {
		head++
	}
	for tail < most-head && equal(was.Index(records-1-tail), now.Index(now.Len()-1-tail)) {
		tail++
	}
	for i := head; i < now.Len()-tail; i++ {
		var place part
		switch {
		case i < records-tail:
			place = p.parts[i]
			if equal(was.Index(i), now.Index(i)) {
				continue
			}
		case tail < records:
			place.start = p.parts[records-tail-1].end // behind the one before
			place.end = place.start
		default:
			place.start = p.parts[0].start
			place.end = place.start
		}
		if !e.write(place, at, true, now.Slice(i, i+1)) {
			return false
		}
	}
	for i := now.Len() - tail; i < records-tail; i++ {
		e.changes = append(e.changes, change{start: p.parts[i].start, end: p.parts[i].end, level: 2})
	}
	return true
}

// write writes a value in the place of a part: a section, at[0]; a field of
// it, at[1]; or a record of that, in a list of its own.
func (e *editor) write(p part, at []int, record bool, now reflect.Value) bool {
	value := reflect.New(now.Type()).Elem() // what secrets can be looked for in
	value.Set(now)
	next, err := encode(value, e.secret)
	if err != nil {
		return false
	}
	section := reflect.TypeFor[Document]().Field(at[0])
	key, _ := yamlKey(section)
	above, level := "", len(at)-1 // what the part stands below
	if level > 0 {
		field, _ := yamlKey(section.Type.Field(at[1]))
		next, above = group(field, next), key+":\n"
		if record {
			above += "  " + field + ":\n"
			level++
		}
	}
	var before []byte
	if p.end > p.start {
		before = append([]byte(above), e.text[p.start:p.end]...)
	}
	text, err := merged(group(key, next), before)
	if err != nil || !e.reads(text, at, value) {
		return false
	}
	lines, ok := bytes.CutPrefix(text, []byte(above))
	if ok {
		e.changes = append(e.changes, change{p.start, p.end, level, lines})
	}
	return ok
}

// reads reports whether a text of one value reads as it.
func (e *editor) reads(text []byte, at []int, value reflect.Value) bool {
	read, want := Default(), Default()
	if yaml.Load(text, &read, yaml.WithKnownFields()) != nil {
		return false
	}
	reflect.ValueOf(&want).Elem().FieldByIndex(at).Set(value)
	nilEmptyLists(&read)
	return len(resolve(&read, e.lookup)) == 0 && len(Diff(want, read)) == 0
}

func group(key string, value *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, value}}
}
