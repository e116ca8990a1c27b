package pages

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// enabledKey is the field of a record, and of a section, that switches it.
const enabledKey = "enabled"

// switchData is the form of the boxes in a table of records.
type switchData struct {
	ID, Path string
	Base     control.Revision
	Also     string // the service that goes on with the first record
	Trouble  formData
}

// tick is a box that switches a record. It belongs to the form of an id.
type tick struct {
	Form, Name string
	On         bool
}

// switched reports whether the table of a list has boxes.
func (l list) switched() bool { return l.own || slices.Contains(l.columns, enabledKey) }

// newSwitch returns the form of the boxes of a list; nil when it has none.
func newSwitch(doc document.Document, s settings, l list, base control.Revision) *switchData {
	if !l.switched() {
		return nil
	}
	data := &switchData{ID: "switch-" + l.key, Path: s.path + "/" + l.key, Base: base}
	if on, err := enabledOf(doc.Group(s.key)); err == nil && !on.Bool() {
		data.Also = s.title
	}
	return data
}

// enabledOf is what switches a section or a record.
func enabledOf(record any, err error) (reflect.Value, error) {
	if err != nil {
		return reflect.Value{}, err
	}
	on := reflect.ValueOf(record).Elem().FieldByName("Enabled")
	if on.Kind() != reflect.Bool {
		return reflect.Value{}, errors.New("pages: this cannot be switched")
	}
	return on, nil
}

// switchRecords switches the records of a list on and off, as ticked in its
// table. Those that were not on the page stay as they are. With the first one
// the service goes on, too.
func (p *Pages) switchRecords(w http.ResponseWriter, r *http.Request, s settings, l list) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	base, err := strconv.ParseUint(r.PostForm.Get("base"), 10, 64)
	if err != nil {
		return &refusal{http.StatusBadRequest, "The form does not say which revision it began with."}
	}
	doc, _ := p.Control.Saved()
	rows, err := doc.List(s.key + "." + l.key)
	if err != nil {
		return err
	}
	var changed []string
	for i := range rows.Len() {
		enabled, err := enabledOf(rows.Record(i), nil)
		if err != nil {
			return err
		}
		name := rows.Name(i)
		on := slices.Contains(r.PostForm["on"], name)
		if !slices.Contains(r.PostForm["shown"], name) || on == enabled.Bool() {
			continue
		}
		enabled.SetBool(on)
		changed = append(changed, name+map[bool]string{true: " on", false: " off"}[on])
		if on {
			service, err := enabledOf(doc.Group(s.key))
			if err != nil {
				return err
			}
			service.SetBool(true)
		}
	}
	if len(changed) > 0 {
		if faults := doc.Faults(); len(faults) > 0 {
			return p.switchAgain(w, r, s, l, func(data *formData) {
				for _, f := range faults {
					data.Others = append(data.Others, strings.TrimPrefix(f.Path+": "+f.Problem, ": "))
				}
			})
		}
		_, err = p.Control.Save(r.Context(), account.From(r.Context()).Name, s.title+": "+strings.Join(changed, ", "), control.Revision(base), doc)
		var conflict *control.Conflict
		if errors.As(err, &conflict) {
			return p.switchAgain(w, r, s, l, func(data *formData) { data.Conflict = conflict })
		}
		if err != nil {
			return err
		}
	}
	if r.PostForm.Get("action") == "apply" {
		return p.apply(w, r, 0)
	}
	http.Redirect(w, r, s.path, http.StatusSeeOther)
	return nil
}

// switchAgain shows the page with what did not work, and what was ticked.
func (p *Pages) switchAgain(w http.ResponseWriter, r *http.Request, s settings, l list, trouble func(*formData)) error {
	data, err := p.settings(r, s)
	if err != nil {
		return err
	}
	ticked := func(b *tick) { b.On = slices.Contains(r.PostForm["on"], b.Name) }
	if vpn, is := data.More.(openvpnData); is {
		trouble(&data.Own.Trouble)
		for _, row := range vpn.Rows {
			if row.Tick != nil {
				ticked(row.Tick)
			}
		}
	}
	for _, table := range data.Lists {
		if table.Path != s.path+"/"+l.key {
			continue
		}
		trouble(&table.Switch.Trouble)
		for _, row := range table.Rows {
			for _, c := range row.Cells {
				if c.Tick != nil {
					ticked(c.Tick)
				}
			}
		}
	}
	return p.render(w, r, http.StatusUnprocessableEntity, s.title, data)
}
