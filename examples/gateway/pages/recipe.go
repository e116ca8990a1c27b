package pages

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/form"
	"github.com/fieldgate/fieldgate/examples/gateway/guide"
	"github.com/fieldgate/fieldgate/openvpn"
)

// recipeData is the way from a recipe to an instance.
type recipeData struct {
	Recipes []openvpn.Recipe
	Recipe  *openvpn.Recipe // that was chosen
	Form    formData
	Makes   bool // files can be made at once
}

// asked is the guide to the answers of a recipe.
type asked struct {
	guide.Section
	recipe openvpn.Recipe
}

// Hide implements [form.Guide]: only what the recipe asks is shown.
func (a asked) Hide(path string) bool {
	top, _, _ := strings.Cut(path, ".")
	return !slices.Contains(a.recipe.Asks, top)
}

// Label implements [form.Guide].
func (a asked) Label(path string) string {
	label := a.Section.Label(path)
	if slices.Contains(a.recipe.Required, path) {
		label += " (required)"
	}
	return label
}

func findRecipe(name string) (openvpn.Recipe, error) {
	recipes := openvpn.Recipes()
	i := slices.IndexFunc(recipes, func(r openvpn.Recipe) bool { return r.Name == name })
	if i < 0 {
		return openvpn.Recipe{}, &refusal{http.StatusNotFound, "There is no such recipe."}
	}
	return recipes[i], nil
}

func (p *Pages) recipe(r *http.Request) (content, error) {
	name := r.URL.Query().Get("recipe")
	if name == "" {
		return recipeData{Recipes: openvpn.Recipes()}, nil
	}
	chosen, err := findRecipe(name)
	if err != nil {
		return nil, err
	}
	_, base := p.Control.Saved()
	var answers openvpn.Answers
	return p.recipeData(chosen, newFormData("", base, form.New(&answers, asked{"recipe", chosen}))), nil
}

// recipePath leads to the questions of a recipe.
func recipePath(name string) string {
	return "/openvpn/new?" + url.Values{"recipe": {name}}.Encode()
}

func (p *Pages) recipeData(chosen openvpn.Recipe, data formData) recipeData {
	data.Action = recipePath(chosen.Name)
	return recipeData{Recipe: &chosen, Form: data, Makes: p.Store != nil}
}

// makeInstance makes an instance of the answers to a recipe.
func (p *Pages) makeInstance(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	chosen, err := findRecipe(r.URL.Query().Get("recipe"))
	if err != nil {
		return err
	}
	var answers openvpn.Answers
	f := form.New(&answers, asked{"recipe", chosen})
	f.Decode(r.PostForm)
	again := func(data formData) error {
		return p.render(w, r, http.StatusUnprocessableEntity, "New OpenVPN instance", p.recipeData(chosen, data))
	}
	instance, err := openvpn.FromRecipe(chosen.Name, answers)
	var faults openvpn.ConfigError
	var others []string
	switch {
	case errors.As(err, &faults):
		for _, fault := range faults {
			if !f.Fault(fault.Path, fault.Problem) {
				others = append(others, fault.Path+": "+fault.Problem)
			}
		}
	case err != nil:
		return err
	}
	if p.stillRuns(answers.Name) {
		f.Fault("name", stillRuns)
	}
	if !f.OK() || len(others) > 0 {
		_, base := p.Control.Saved()
		data := newFormData("", base, f)
		data.Others = others
		return again(data)
	}
	instance.Enabled = true
	return p.addInstance(w, r, instance, f, again, "from the recipe "+chosen.Name)
}

// addInstance stores a new instance, and leads to what it still needs.
func (p *Pages) addInstance(w http.ResponseWriter, r *http.Request, instance openvpn.Instance, f *form.Form, again func(formData) error, how string) error {
	doc, _ := p.Control.Saved()
	rows, err := doc.List("openvpn.instances")
	if err != nil {
		return err
	}
	i := rows.Add(instance)
	doc.OpenVPN.Enabled = true
	e := edit{
		doc: doc, form: f, at: rows.Path(i), what: "instance " + instance.Name + " " + how, again: again,
		path: instancePath("/openvpn/instance", instance.Name),
	}
	if r.PostForm.Get("make") == "on" && p.Store != nil {
		e.before = func() error {
			if err := p.makeFilesOf(instance); err != nil {
				return &refusal{http.StatusConflict, "The files could not be made: " + err.Error()}
			}
			return nil
		}
	}
	p.Log.Info("new instance", "about", "openvpn", "item", instance.Name, "how", how, "user", account.From(r.Context()).Name)
	return p.save(w, r, e)
}

// base returns the newest revision, for forms.
func (p *Pages) base() control.Revision {
	_, base := p.Control.Saved()
	return base
}
