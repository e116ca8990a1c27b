package pages

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/form"
)

// edit is a change on its way to the store.
type edit struct {
	doc   document.Document
	form  *form.Form
	at    string // path of what the form is about
	what  string // for the history
	path  string // where to go afterwards
	again func(formData) error
	// before is done when the change is in order, before it is stored; nil:
	// nothing is.
	before func() error
}

// save checks and stores a change. What is wrong is shown beside its field,
// with everything that was typed.
func (p *Pages) save(w http.ResponseWriter, r *http.Request, e edit) error {
	var others []string
	saved, _ := p.Control.Saved()
	for _, f := range append(e.doc.Faults(), document.FixedFaults(saved, e.doc)...) {
		field, below := strings.CutPrefix(f.Path, e.at)
		field = strings.TrimPrefix(field, ".")
		if e.at == "" || !below || !e.form.Fault(field, f.Problem) {
			others = append(others, strings.TrimPrefix(f.Path+": "+f.Problem, ": "))
		}
	}
	base, err := strconv.ParseUint(r.PostForm.Get("base"), 10, 64)
	if err != nil {
		return &refusal{http.StatusBadRequest, "The form does not say which revision it began with."}
	}
	if !e.form.OK() || len(others) > 0 {
		data := newFormData("", control.Revision(base), e.form)
		data.Others = others
		return e.again(data)
	}
	if e.before != nil {
		if err := e.before(); err != nil {
			return err
		}
	}
	user := account.From(r.Context()).Name
	_, err = p.Control.Save(r.Context(), user, e.what, control.Revision(base), e.doc)
	var conflict *control.Conflict
	if errors.As(err, &conflict) {
		data := newFormData("", conflict.Newest, e.form)
		data.Conflict = conflict
		return e.again(data)
	}
	if err != nil {
		return err
	}
	if r.PostForm.Get("action") == "apply" {
		return p.apply(w, r, 0)
	}
	http.Redirect(w, r, cmp.Or(e.path, "/"), http.StatusSeeOther)
	return nil
}
