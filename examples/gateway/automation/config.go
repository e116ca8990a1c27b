package automation

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// configOutput is a configuration, or a part of one.
type configOutput struct {
	Body struct {
		Revision uint64 `json:"revision" doc:"The revision it is of: the base of a change."`
		Applied  uint64 `json:"applied" doc:"The revision in force."`
		Config   Tree   `json:"config"`
	}
}

// changeBody is a change.
type changeBody struct {
	Base   uint64 `json:"base" minimum:"1" doc:"The revision that the change began with."`
	What   string `json:"what,omitempty" maxLength:"200" doc:"What is changed, for the history."`
	Check  bool   `json:"check,omitempty" doc:"Say what would change, and whether it is valid; save nothing."`
	Config Tree   `json:"config"`
}

// savedOutput is what became of a change.
type savedOutput struct {
	Body struct {
		Revision uint64   `json:"revision" doc:"The newest revision."`
		Saved    bool     `json:"saved" doc:"Whether it is a new one: what changes nothing is not saved."`
		Changes  []Change `json:"changes" nullable:"false"`
		Warnings []string `json:"warnings" nullable:"false" doc:"What works but should be known."`
	}
}

// sectionPath is the part of a path that names a section.
type sectionPath struct {
	Section string `path:"section" maxLength:"64" doc:"A key of gateway.yaml, such as ipsec."`
}

// recordPath is the part of a path that names a record.
type recordPath struct {
	sectionPath
	List string `path:"list" maxLength:"64" doc:"A list of records of the section, such as connections."`
	Name string `path:"name" maxLength:"200" doc:"The name of a record."`
}

func (a *Automation) configuration() {
	const (
		whole   = "/config"
		section = whole + "/{section}"
		record  = section + "/{list}/{name}"
	)
	missing := []int{http.StatusNotFound}
	changing := []int{http.StatusNotFound, http.StatusConflict}
	add(a, route{method: http.MethodGet, path: whole, role: account.Viewer, summary: "The saved configuration, or that of a revision", refusals: missing},
		func(_ context.Context, in *struct {
			Revision uint64 `query:"revision" doc:"0: the newest."`
		}) (*configOutput, error) {
			return a.read(control.Revision(in.Revision))
		})
	add(a, route{method: http.MethodPut, path: whole, role: account.Admin, summary: "Save a whole configuration", refusals: changing, large: document.MaxSize},
		func(ctx context.Context, in *struct{ Body changeBody }) (*savedOutput, error) {
			return a.save(ctx, in.Body, "")
		})
	add(a, route{method: http.MethodGet, path: section, role: account.Viewer, summary: "A section of the configuration", refusals: missing},
		func(_ context.Context, in *sectionPath) (*configOutput, error) { return a.read(0, in.Section) })
	add(a, route{method: http.MethodPut, path: section, role: account.Admin, summary: "Save a section", refusals: changing, large: document.MaxSize},
		func(ctx context.Context, in *struct {
			sectionPath
			Body changeBody
		}) (*savedOutput, error) {
			return a.save(ctx, in.Body, in.Section, in.Section)
		})
	add(a, route{method: http.MethodGet, path: record, role: account.Viewer, summary: "A record, such as a connection", refusals: missing},
		func(_ context.Context, in *recordPath) (*configOutput, error) {
			return a.read(0, in.Section, in.List, in.Name)
		})
	add(a, route{method: http.MethodPut, path: record, role: account.Admin, summary: "Save a record, a new one too", refusals: changing, large: document.MaxSize},
		func(ctx context.Context, in *struct {
			recordPath
			Body changeBody
		}) (*savedOutput, error) {
			return a.save(ctx, in.Body, in.Section+" "+in.Name, in.Section, in.List, in.Name)
		})
	add(a, route{method: http.MethodDelete, path: record, role: account.Admin, summary: "Delete a record", refusals: changing},
		func(ctx context.Context, in *struct {
			recordPath
			Base uint64 `query:"base" required:"true" minimum:"1" doc:"The revision that the change began with."`
		}) (*savedOutput, error) {
			return a.save(ctx, changeBody{Base: in.Base}, "delete "+in.Section+" "+in.Name, in.Section, in.List, in.Name)
		})
}

// read returns what is at a place of a revision; 0: of the newest.
func (a *Automation) read(r control.Revision, place ...string) (*configOutput, error) {
	doc, newest := a.Control.Saved()
	if r != 0 && r != newest {
		var err error
		if doc, err = a.Control.At(r); err != nil {
			return nil, err
		}
		newest = r
	}
	root, err := treeOf(doc, document.Secret.String)
	if err != nil {
		return nil, err
	}
	node := &root
	if len(place) > 0 {
		parent, i, err := find(&root, place)
		if err != nil {
			return nil, err
		}
		if i < 0 {
			return nil, nothing(place)
		}
		node = parent.Content[i]
	}
	out := new(configOutput)
	_, applied := a.Control.Applied()
	out.Body.Revision, out.Body.Applied = uint64(newest), uint64(applied)
	out.Body.Config, err = toJSON(node)
	return out, err
}

// treeOf returns a document as YAML, with the secrets as shown gives them.
func treeOf(doc document.Document, shown func(document.Secret) string) (yaml.Node, error) {
	var root yaml.Node
	text, err := document.Dump(doc, nil, func(_ string, s document.Secret) string { return shown(s) })
	if err == nil {
		err = yaml.Load(text, &root)
	}
	return root, err
}

// find returns where a place is: the group or list that it is in, and its
// index there. Below 0 there is no record of that name in a list.
func find(root *yaml.Node, place []string) (*yaml.Node, int, error) {
	at := root.Content[0]
	for i, key := range place {
		if i == 2 {
			break
		}
		next := child(at, key)
		if next == nil || i == 1 && next.Kind != yaml.SequenceNode || i == 0 && next.Kind != yaml.MappingNode {
			return nil, 0, nothing(place)
		}
		if len(place) == 1 {
			return at, slices.Index(at.Content, next), nil
		}
		at = next
	}
	return at, slices.IndexFunc(at.Content, func(n *yaml.Node) bool { return nameOf(n) == place[2] }), nil
}

// nameOf is what a record is called, as the pages call it.
func nameOf(n *yaml.Node) string {
	for _, key := range []string{"name", "alias", "common_name"} {
		if v := child(n, key); v != nil && v.Value != "" {
			return v.Value
		}
	}
	return ""
}

func nothing(place []string) error {
	p := &Problem{Code: http.StatusNotFound, Detail: fmt.Sprintf("There is no %s in the configuration.", place[0])}
	if len(place) == 3 {
		p.Detail = fmt.Sprintf("There is no record %q in %s.%s.", place[2], place[0], place[1])
	}
	return p
}

// save puts what was sent in a place of the newest configuration; nothing:
// takes it out.
func (a *Automation) save(ctx context.Context, change changeBody, what string, place ...string) (*savedOutput, error) {
	if change.What != "" {
		what = change.What
	} else if what == "" {
		what = "the whole configuration"
	}
	account.Note(ctx, "save "+what)
	by, base := account.From(ctx).Name, control.Revision(change.Base)
	saved, newest := a.Control.Saved()
	if base != newest {
		_, err := a.Control.Save(ctx, by, what, base, saved) // which says what has changed
		return nil, err
	}
	doc, err := changed(saved, change.Config, place)
	if err != nil {
		return nil, err
	}
	out := new(savedOutput)
	out.Body.Revision, out.Body.Changes = change.Base, []Change{}
	out.Body.Warnings = append([]string{}, doc.Warnings()...)
	for _, d := range document.Diff(saved, doc) {
		out.Body.Changes = append(out.Body.Changes, Change(d))
	}
	if change.Check || len(out.Body.Changes) == 0 {
		return out, nil
	}
	revision, err := a.Control.Save(ctx, by, what, base, doc)
	out.Body.Revision, out.Body.Saved = uint64(revision), true
	return out, err
}

// changed returns a document with what was sent in its place.
func changed(saved document.Document, sent Tree, place []string) (document.Document, error) {
	root, err := treeOf(saved, document.Secret.Reveal)
	if err != nil {
		return saved, err
	}
	if err := replace(&root, sent, place); err != nil {
		return saved, err
	}
	text, err := yaml.Marshal(&root)
	if err == nil {
		text, err = document.FillRedacted(text, saved, document.Secret.Reveal)
	}
	if err != nil {
		return saved, err
	}
	doc, faults := document.Parse(text)
	for _, f := range document.FixedFaults(saved, doc) { // Save would say so too, but not when it is a check
		faults = append(faults, document.PlacedFault{Fault: f})
	}
	if len(faults) > 0 {
		return doc, &document.Error{Faults: faults}
	}
	return doc, nil
}

func replace(root *yaml.Node, sent Tree, place []string) error {
	var node *yaml.Node
	if len(sent) > 0 {
		var err error
		if node, err = toYAML(sent); err != nil {
			return &Problem{Code: http.StatusUnprocessableEntity, Detail: "The configuration cannot be read.", Errors: []Fault{{"body.config", err.Error()}}}
		}
	}
	if len(place) == 0 {
		root.Content[0] = node
		return nil
	}
	parent, i, err := find(root, place)
	switch {
	case err != nil:
		return err
	case node == nil && i < 0:
		return nothing(place)
	case node == nil:
		parent.Content = slices.Delete(parent.Content, i, i+1)
		return nil
	case len(place) == 3 && (nameOf(node) == "" || i < 0 && nameOf(node) != place[2]):
		return &Problem{Code: http.StatusUnprocessableEntity, Detail: "The record needs its name.", Errors: []Fault{{"body.config.name", "required: the name that the path ends with"}}}
	case i < 0:
		parent.Content, parent.Style = append(parent.Content, node), 0
		return nil
	}
	parent.Content[i] = node
	return nil
}
