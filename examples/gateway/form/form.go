package form

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"github.com/fieldgate/fieldgate/snmp"
)

// secretType is the type of the secrets of all services.
type secretType = snmp.Secret

// maxRows bounds the rows that one request may add to a table.
const maxRows = 256

// Form is the form of one record. It is for one request.
type Form struct {
	record reflect.Value // addressable struct
	guide  Guide
	typed  url.Values // what was typed; nil: nothing was
	sent   sent
	rows   map[string][]row    // of the tables that were decoded, by path
	faults map[string]string   // by path, with the rows numbered as they were sent
	paths  map[string]bool     // of all fields; nil: not looked at yet
	offers map[string][]string // by path without indexes
}

// New returns the form of a record, which is a pointer to a struct.
func New(record any, guide Guide) *Form {
	return &Form{record: reflect.ValueOf(record).Elem(), guide: guide, faults: make(map[string]string), offers: make(map[string][]string)}
}

// Offer says what the field at a path, without indexes, may name. What it names
// already, or what was typed, stays though it is not offered.
func (f *Form) Offer(path string, names []string) { f.offers[path] = names }

// Fault notes what is wrong with the field at a path of the record, or with the
// nearest one around it. It reports whether there is such a field in the form.
func (f *Form) Fault(path, problem string) bool {
	path = f.asSent(path)
	for path != "" {
		if f.has(path) {
			if f.faults[path] == "" {
				f.faults[path] = problem
			}
			return true
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			break
		}
		path = path[:cut]
	}
	return false
}

// OK reports whether no fault is known.
func (f *Form) OK() bool { return len(f.faults) == 0 }

func (f *Form) has(path string) bool {
	if f.paths == nil {
		f.paths = make(map[string]bool)
		eachField(f.Fields(), func(field Field) { f.paths[field.Path] = true })
	}
	return f.paths[path]
}

func eachField(fields []Field, visit func(Field)) {
	for _, field := range fields {
		visit(field)
		for _, row := range field.Rows {
			eachField(row.Fields, visit)
		}
	}
}

// Fields returns the fields in the order of the record, with what was typed.
func (f *Form) Fields() []Field { return f.fieldsOf(f.record, "", "") }

func (f *Form) fieldsOf(record reflect.Value, path, group string) []Field {
	var fields []Field
	each(record, path, func(path string, v reflect.Value) {
		about := plain(path)
		if f.guide.Hide(about) {
			return
		}
		switch kindOf(v.Type()) {
		case kindGroup:
			fields = append(fields, f.fieldsOf(v, path, f.guide.Label(about))...)
		case kindOptional:
			inner := v
			if v.IsNil() {
				inner = reflect.New(v.Type().Elem())
			}
			fields = append(fields, f.fieldsOf(inner.Elem(), path, f.guide.Label(about))...)
		case kindRecords:
			fields = append(fields, f.table(v, path, group))
		case kindNone:
		default:
			fields = append(fields, f.field(v, path, group))
		}
	})
	return fields
}

func (f *Form) field(v reflect.Value, path, group string) Field {
	about := plain(path)
	field := Field{
		Path: path, Group: group, Label: f.guide.Label(about), Help: f.guide.Help(about),
		Error: f.faults[path], Extra: f.guide.Extra(about), Show: f.guide.Show(about),
	}
	f.fix(&field, about)
	typed, was := f.typed[path]
	last := ""
	if was && len(typed) > 0 {
		last = typed[len(typed)-1]
	}
	switch kind := kindOf(v.Type()); kind {
	case kindBool:
		field.Kind, field.Checked = Check, v.Bool()
		if f.typed != nil {
			field.Checked = last == "on"
		}
	case kindSecret:
		field.Kind, field.Checked = Secret, !v.Interface().(secretType).IsZero()
		if last != "" && field.Error == "" {
			field.Error = "type it again: what was typed is not shown, and is not saved yet"
		}
	default:
		field.Kind, field.Value = Text, textOf(v)
		if kind == kindNumber {
			field.Kind = Number
			if v.IsZero() {
				field.Value = ""
			}
		}
		if kind == kindLines {
			field.Kind = Lines
		}
		if was {
			field.Value = last
		}
		if names, offered := f.offers[about]; offered {
			f.pick(&field, kind, names, typed)
			return field
		}
		if words := Words(v.Type()); kind == kindText && len(words) > 0 {
			field.Kind = Choice
			field.Choices = choices(words, field.Value)
		}
	}
	return field
}

// pick makes a field one of choices.
func (f *Form) pick(field *Field, kind kind, names, typed []string) {
	names = append([]string{""}, names...)
	if kind != kindLines {
		field.Kind, field.Choices = Choice, choices(names, field.Value)
		field.Choices[0].Label = "(none)"
		return
	}
	if typed != nil {
		field.Value = strings.Join(typed, "\n")
	}
	field.Kind = Picks
	for _, entry := range append(strings.Split(field.Value, "\n"), "") {
		if entry = strings.TrimSpace(entry); entry == "" && len(field.Picks) > 0 && field.Picks[len(field.Picks)-1][0].Selected {
			continue // one to add is enough
		}
		options := choices(names, entry)
		options[0].Label = "(none)"
		field.Picks = append(field.Picks, options)
	}
}

func choices(words []string, selected string) []Option {
	options := make([]Option, 0, len(words)+1)
	known := false
	for _, word := range words {
		label := word
		if word == "" {
			label = "(default)"
		}
		options = append(options, Option{Value: word, Label: label, Selected: word == selected})
		known = known || word == selected
	}
	if !known { // what was typed stays, though it is wrong
		options = append(options, Option{Value: selected, Label: selected, Selected: true})
	}
	return options
}

// fix says why a field cannot be changed, if it cannot.
func (f *Form) fix(field *Field, about string) {
	if reason := f.guide.Fixed(about); reason != "" {
		field.Fixed, field.Help = true, strings.TrimSpace(reason+" "+field.Help)
	}
}

func (f *Form) table(v reflect.Value, path, group string) Field {
	about := plain(path)
	field := Field{
		Path: path, Kind: Table, Group: group, Label: f.guide.Label(about), Help: f.guide.Help(about),
		Error: f.faults[path], Extra: f.guide.Extra(about), Show: f.guide.Show(about),
	}
	f.fix(&field, about)
	rows, decoded := f.rows[path]
	if !decoded {
		rows = rowsOf(v)
	}
	next := 0
	for _, r := range rows {
		record := r.record
		if !r.removed {
			record = v.Index(r.index)
		}
		at := fmt.Sprintf("%s[%d]", path, r.sent)
		field.Rows = append(field.Rows, Row{Index: r.sent, Removed: r.removed, Fields: f.fieldsOf(record, at, "")})
		next = r.sent + 1
	}
	if field.Fixed {
		return field
	}
	empty := reflect.New(v.Type().Elem()).Elem()
	field.Rows = append(field.Rows, Row{Index: next, New: true, Fields: f.fieldsOf(empty, fmt.Sprintf("%s[%d]", path, next), "")})
	return field
}

// Decode puts what was typed into the record. What cannot be read becomes a
// fault, and the record keeps its value there; the rest of the rules is for
// the configuration to check. Fields that are hidden or fixed, or that the
// request does not have, stay as they are, except boxes: a box that is not checked is not
// sent. For that the form has an input "form" that tells the path of each box.
func (f *Form) Decode(typed url.Values) {
	f.typed, f.sent, f.rows, f.paths = typed, namesOf(typed), make(map[string][]row), nil
	f.decode(f.record, "")
}

func (f *Form) decode(record reflect.Value, path string) {
	each(record, path, func(path string, v reflect.Value) {
		if about := plain(path); f.guide.Hide(about) || f.guide.Fixed(about) != "" {
			return
		}
		switch kindOf(v.Type()) {
		case kindGroup:
			f.decode(v, path)
		case kindOptional:
			f.decodeOptional(v, path)
		case kindRecords:
			f.decodeRecords(v, path)
		case kindNone:
		default:
			f.decodeField(v, path)
		}
	})
}

// decodeOptional makes a group that is nil while none of its fields is set.
func (f *Form) decodeOptional(v reflect.Value, path string) {
	if !f.sent.below[path] {
		return
	}
	group := reflect.New(v.Type().Elem())
	if !v.IsNil() {
		group.Elem().Set(v.Elem())
	}
	f.decode(group.Elem(), path)
	if group.Elem().IsZero() {
		v.SetZero()
		return
	}
	v.Set(group)
}

func (f *Form) decodeField(v reflect.Value, path string) {
	kind := kindOf(v.Type())
	if kind == kindBool {
		if f.typed.Has(path) || f.typed.Has("box:"+path) {
			v.SetBool(f.typed.Get(path) == "on")
		}
		return
	}
	if !f.typed.Has(path) {
		return
	}
	typed := f.typed.Get(path)
	if kind == kindLines {
		typed = strings.Join(f.typed[path], "\n")
	}
	switch kind {
	case kindSecret:
		switch {
		case typed != "":
			v.Set(reflect.ValueOf(snmp.NewSecret(typed)))
		case f.typed.Get(path+".clear") == "on":
			v.SetZero()
		}
		return
	case kindLines:
		if err := setLines(v, typed); err != nil {
			f.faults[path] = err.Error()
		}
		return
	}
	if err := setText(v, strings.TrimSpace(typed)); err != nil {
		f.faults[path] = err.Error()
	}
}

// plain returns a path without indexes.
func plain(path string) string {
	for {
		begin := strings.IndexByte(path, '[')
		if begin < 0 {
			return path
		}
		end := begin + strings.IndexByte(path[begin:], ']')
		if end < begin {
			return path
		}
		path = path[:begin] + path[end+1:]
	}
}

// each visits the stored fields of a struct.
func each(record reflect.Value, path string, visit func(path string, v reflect.Value)) {
	for i := range record.NumField() {
		field := record.Type().Field(i)
		tag := field.Tag.Get("yaml")
		key, options, _ := strings.Cut(tag, ",")
		switch {
		case !field.IsExported() || tag == "-":
		case strings.Contains(options, "inline"):
			each(record.Field(i), path, visit)
		case key != "":
			visit(strings.TrimPrefix(path+"."+key, "."), record.Field(i))
		}
	}
}
