package automation

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// Version is a stored revision.
type Version struct {
	Revision uint64    `json:"revision"`
	At       time.Time `json:"at"`
	By       string    `json:"by"`
	What     string    `json:"what"`
}

type historyOutput struct {
	Body struct {
		Saved    uint64    `json:"saved"`
		Applied  uint64    `json:"applied"`
		Versions []Version `json:"versions" nullable:"false" doc:"The newest first."`
	}
}

type diffOutput struct {
	Body struct {
		Changes []Change `json:"changes" nullable:"false"`
	}
}

// restoreBody names a revision.
type restoreBody struct {
	Base     uint64 `json:"base" minimum:"1" doc:"The newest revision, as far as is known."`
	Revision uint64 `json:"revision" minimum:"1"`
}

type yamlOutput struct {
	Body []byte
}

// history adds what is about older revisions, export and import.
func (a *Automation) history() {
	add(a, route{method: http.MethodGet, path: "/history", role: account.Viewer, summary: "The stored revisions"},
		func(context.Context, *struct{}) (*historyOutput, error) {
			versions, err := a.Control.History()
			out := new(historyOutput)
			_, saved := a.Control.Saved()
			_, applied := a.Control.Applied()
			out.Body.Saved, out.Body.Applied, out.Body.Versions = uint64(saved), uint64(applied), []Version{}
			for _, v := range versions {
				out.Body.Versions = append(out.Body.Versions, Version{uint64(v.Revision), v.At, v.By, v.What})
			}
			return out, err
		})
	add(a, route{method: http.MethodGet, path: "/diff", role: account.Viewer, summary: "What differs between two revisions", refusals: []int{http.StatusNotFound}},
		func(_ context.Context, in *struct {
			From uint64 `query:"from" required:"true" minimum:"1"`
			To   uint64 `query:"to" required:"true" minimum:"1"`
		}) (*diffOutput, error) {
			changes, err := a.Control.Diff(control.Revision(in.From), control.Revision(in.To))
			out := new(diffOutput)
			out.Body.Changes = changesOf(changes)
			return out, err
		})
	add(a, route{method: http.MethodPost, path: "/restore", role: account.Admin, summary: "Make an older revision the newest one; it is not applied", refusals: []int{http.StatusNotFound, http.StatusConflict}},
		func(ctx context.Context, in *struct{ Body restoreBody }) (*savedOutput, error) {
			what := fmt.Sprintf("revision %d again", in.Body.Revision)
			account.Note(ctx, "save "+what)
			doc, err := a.Control.At(control.Revision(in.Body.Revision))
			if err != nil {
				return nil, err
			}
			r, err := a.Control.Save(ctx, account.From(ctx).Name, what, control.Revision(in.Body.Base), doc)
			if err != nil {
				return nil, err
			}
			return a.savedSince(control.Revision(in.Body.Base), r)
		})
	add(a, route{method: http.MethodGet, path: "/export", role: account.Viewer, summary: "The saved configuration as YAML with its comments, without secrets", yaml: yamlAnswered},
		func(context.Context, *struct{}) (*yamlOutput, error) { return a.export(false) })
	add(a, route{method: http.MethodPost, path: "/export", role: account.Admin, summary: "The same with secrets, for a backup", yaml: yamlAnswered},
		func(ctx context.Context, _ *struct{}) (*yamlOutput, error) {
			account.Note(ctx, "export the configuration with its secrets")
			return a.export(true)
		})
	add(a, route{method: http.MethodPost, path: "/import", role: account.Admin, summary: "Save what was exported; it is not applied", refusals: []int{http.StatusConflict}, large: document.MaxSize, yaml: yamlSent},
		func(ctx context.Context, in *struct {
			Base    uint64 `query:"base" required:"true" minimum:"1" doc:"The newest revision, as far as is known."`
			RawBody []byte
		}) (*savedOutput, error) {
			account.Note(ctx, "import a configuration")
			r, err := a.Control.Import(ctx, account.From(ctx).Name, control.Revision(in.Base), in.RawBody)
			if err != nil {
				return nil, err
			}
			return a.savedSince(control.Revision(in.Base), r)
		})
}

func (a *Automation) savedSince(base, r control.Revision) (*savedOutput, error) {
	out := new(savedOutput)
	changes, err := a.Control.Diff(base, r)
	out.Body.Revision, out.Body.Saved, out.Body.Changes = uint64(r), true, changesOf(changes)
	doc, _ := a.Control.Saved()
	out.Body.Warnings = append([]string{}, doc.Warnings()...)
	return out, err
}

func (a *Automation) export(secrets bool) (*yamlOutput, error) {
	text, err := a.Control.Export(secrets)
	return &yamlOutput{text}, err
}
