package pages

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/form"
	"github.com/fieldgate/fieldgate/examples/gateway/guide"
)

// newRecord stands for a record that is not there yet in the path of a page.
const newRecord = "+"

// named is before names that mean something else in a path.
const named = "~"

// recordPath is the path of the page of a record below that of its list.
func recordPath(list, name string) string {
	if name == "." || name == ".." || name == newRecord || strings.HasPrefix(name, named) {
		name = named + name
	}
	return list + "/" + url.PathEscape(name)
}

// recordName is the name in the path of a request; empty: a new record.
func recordName(r *http.Request) string {
	name := r.PathValue("name")
	if name == newRecord {
		return ""
	}
	return strings.TrimPrefix(name, named)
}

// recordForm is the form of a record, with what its fields may name.
func recordForm(doc *document.Document, s settings, l list, record any) (*form.Form, error) {
	f := form.New(record, guide.Section(s.key+"."+l.key))
	for path, sources := range l.offers {
		var names []string
		for _, source := range sources {
			if word, is := strings.CutPrefix(source, "="); is {
				names = append(names, word)
				continue
			}
			others, err := doc.List(source)
			if err != nil {
				return nil, err
			}
			for i := range others.Len() {
				names = append(names, others.Name(i))
			}
		}
		f.Offer(path, names)
	}
	return f, nil
}

// recordPage is the page of one record.
type recordPage struct {
	Up, Title string // the page of its section
	Form      formData
	Links     []link
}

// record returns the list that a record is in, and its index; without a name,
// a new one is added.
func record(doc *document.Document, s settings, l list, name string) (document.List, int, error) {
	rows, err := doc.List(s.key + "." + l.key)
	if err != nil {
		return rows, 0, err
	}
	if name == "" {
		return rows, rows.Add(l.fresh), nil
	}
	if i := rows.Find(name); i >= 0 {
		return rows, i, nil
	}
	return rows, 0, &refusal{http.StatusNotFound, "There is no " + l.one + " called " + strconv.Quote(name) + " any more."}
}

func (p *Pages) editRecord(w http.ResponseWriter, r *http.Request, s settings, l list, name string) error {
	doc, base := p.Control.Saved()
	rows, i, err := record(&doc, s, l, name)
	if err != nil {
		return err
	}
	f, err := recordForm(&doc, s, l, rows.Record(i))
	if err != nil {
		return err
	}
	return p.showRecord(w, r, http.StatusOK, s, l, name, newFormData("", base, f))
}

func (p *Pages) showRecord(w http.ResponseWriter, r *http.Request, status int, s settings, l list, name string, data formData) error {
	data.Action, data.Delete = s.path+"/"+l.key+"/"+newRecord, name != ""
	if name != "" {
		data.Action = recordPath(s.path+"/"+l.key, name)
	}
	page := recordPage{Up: s.path, Title: s.title, Form: data}
	if l.links != nil && name != "" {
		page.Links = l.links(name)
	}
	return p.render(w, r, status, recordTitle(l, name), page)
}

func recordTitle(l list, name string) string {
	if name == "" {
		return "New " + l.one
	}
	return strings.ToUpper(l.one[:1]) + l.one[1:] + " " + name
}

func (p *Pages) saveRecord(w http.ResponseWriter, r *http.Request, s settings, l list, name string) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	doc, newest := p.Control.Saved()
	rows, i, err := record(&doc, s, l, name)
	var gone *refusal
	if errors.As(err, &gone) && r.PostForm.Get("action") != "delete" {
		name = "" // what was typed becomes a new one, if that is wanted
		rows, i, err = record(&doc, s, l, name)
	}
	if err != nil {
		return err
	}
	f, err := recordForm(&doc, s, l, rows.Record(i))
	if err != nil {
		return err
	}
	if gone != nil {
		f.Decode(r.PostForm)
		data := newFormData("", newest, f)
		data.Others = []string{gone.sentence + " Nothing you typed is lost: saving it makes a new one."}
		return p.showRecord(w, r, http.StatusUnprocessableEntity, s, l, name, data)
	}
	e := edit{doc: doc, form: f, at: rows.Path(i), what: l.one + " " + name, path: s.path}
	if name == "" {
		e.what = "new " + l.one + " " + strings.TrimSpace(r.PostForm.Get("name"))
	}
	if r.PostForm.Get("action") == "delete" {
		rows.Remove(i)
		e.what, e.at = "delete "+e.what, ""
	} else {
		f.Decode(r.PostForm)
		if now := rows.Name(i); l.renamed != nil && name != "" && now != name {
			e.before = func() error { return l.renamed(name, now) }
		}
	}
	e.doc = doc
	e.again = func(data formData) error {
		return p.showRecord(w, r, http.StatusUnprocessableEntity, s, l, name, data)
	}
	return p.save(w, r, e)
}
