package pages

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// applyPages adds what is about the configuration as a whole.
func (p *Pages) applyPages() {
	p.show(page{path: "/apply", title: "Apply", role: account.Viewer, content: p.plan})
	p.show(page{path: "/config", title: "Configuration", role: account.Viewer, content: p.history})
	p.show(page{path: "/config/diff", title: "What has changed", role: account.Viewer, content: p.diff})
	p.handle("POST /apply", account.Admin, p.applyForm)
	p.handle("POST /confirm", account.Admin, p.confirm)
	p.handle("POST /config/restore", account.Admin, p.restore)
	p.handle("GET /config/export", account.Viewer, p.export)
	p.handle("POST /config/export", account.Admin, p.exportSecrets)
	p.handle("POST /config/import", account.Admin, p.importText)
}

// planData is what an apply would do, or has done.
type planData struct {
	Changes []control.Change
	Steps   []control.Step
	Done    bool
	Error   string
	Nothing bool
}

func (p *Pages) plan(*http.Request) (content, error) {
	_, saved := p.Control.Saved()
	_, applied := p.Control.Applied()
	data := planData{Nothing: saved == applied}
	if data.Nothing {
		return data, nil
	}
	data.Steps = p.Control.Plan()
	changes, err := p.Control.Diff(applied, saved)
	data.Changes = changes
	return data, err
}

// An apply waits so many seconds to be confirmed.
const (
	minConfirm = int(control.MinConfirm / time.Second)
	maxConfirm = 60 * 60
)

func (p *Pages) applyForm(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	seconds, err := strconv.Atoi(r.PostForm.Get("confirm"))
	if err != nil || seconds != 0 && (seconds < minConfirm || seconds > maxConfirm) {
		return &refusal{http.StatusBadRequest, fmt.Sprintf("The time to confirm is %d to %d seconds, or 0 for none.", minConfirm, maxConfirm)}
	}
	return p.apply(w, r, time.Duration(seconds)*time.Second)
}

// apply applies the saved configuration and shows what became of it.
func (p *Pages) apply(w http.ResponseWriter, r *http.Request, confirm time.Duration) error {
	steps, err := p.Control.Apply(r.Context(), account.From(r.Context()).Name, confirm)
	data := planData{Steps: steps, Done: true}
	if err != nil {
		data.Error = err.Error()
	}
	return p.render(w, r, http.StatusOK, "Applied", data)
}

func (p *Pages) confirm(w http.ResponseWriter, r *http.Request) error {
	if err := p.Control.Confirm(account.From(r.Context()).Name); err != nil {
		return &refusal{http.StatusConflict, err.Error()}
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// historyData lists the stored revisions.
type historyData struct {
	Versions       []control.Version
	Saved, Applied control.Revision
	Sections       []settings
}

func (p *Pages) history(*http.Request) (content, error) {
	versions, err := p.Control.History()
	if err != nil {
		return nil, err
	}
	data := historyData{Versions: versions}
	_, data.Saved = p.Control.Saved()
	_, data.Applied = p.Control.Applied()
	for _, s := range p.allSettings() {
		if len(s.path) > len("/config/") && s.path[:len("/config/")] == "/config/" {
			data.Sections = append(data.Sections, s)
		}
	}
	return data, nil
}

// diffData is what differs between two revisions.
type diffData struct {
	From, To control.Revision
	Changes  []control.Change
}

func (p *Pages) diff(r *http.Request) (content, error) {
	from, errFrom := strconv.ParseUint(r.URL.Query().Get("from"), 10, 64)
	to, errTo := strconv.ParseUint(r.URL.Query().Get("to"), 10, 64)
	if errFrom != nil || errTo != nil {
		return nil, &refusal{http.StatusBadRequest, "Say which revisions: from and to are their numbers."}
	}
	changes, err := p.Control.Diff(control.Revision(from), control.Revision(to))
	if err != nil {
		return nil, &refusal{http.StatusNotFound, err.Error()}
	}
	return diffData{control.Revision(from), control.Revision(to), changes}, nil
}

// restore makes an older revision the newest one. It is saved, not applied.
func (p *Pages) restore(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	revision, err := strconv.ParseUint(r.PostForm.Get("revision"), 10, 64)
	if err != nil {
		return &refusal{http.StatusBadRequest, "Say which revision."}
	}
	doc, err := p.Control.At(control.Revision(revision))
	if err != nil {
		return &refusal{http.StatusNotFound, err.Error()}
	}
	_, base := p.Control.Saved()
	if _, err := p.Control.Save(r.Context(), account.From(r.Context()).Name, fmt.Sprintf("revision %d again", revision), base, doc); err != nil {
		return err
	}
	http.Redirect(w, r, "/apply", http.StatusSeeOther)
	return nil
}

func (p *Pages) export(w http.ResponseWriter, _ *http.Request) error { return p.send(w, false) }

// exportSecrets takes a POST, so that no link leads to it.
func (p *Pages) exportSecrets(w http.ResponseWriter, _ *http.Request) error { return p.send(w, true) }

func (p *Pages) send(w http.ResponseWriter, secrets bool) error {
	text, err := p.Control.Export(secrets)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Content-Disposition", `attachment; filename="gateway.yaml"`)
	_, _ = w.Write(text)
	return nil
}

func (p *Pages) importText(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, document.MaxSize+maxForm)
	text, err := uploaded(r, "file")
	if err != nil {
		return err
	}
	_, base := p.Control.Saved()
	if _, err := p.Control.Import(r.Context(), account.From(r.Context()).Name, base, text); err != nil {
		return &refusal{http.StatusUnprocessableEntity, "The file is not taken:\n" + err.Error()}
	}
	http.Redirect(w, r, "/apply", http.StatusSeeOther)
	return nil
}
