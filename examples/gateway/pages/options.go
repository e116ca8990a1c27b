package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/examples/gateway/form"
	"github.com/fieldgate/fieldgate/openvpn"
)

// optionsData is a tab of the advanced configuration of an instance.
type optionsData struct {
	Name  string
	Links []link
	Tabs  []optionTab
	Form  optionsForm
}

type optionTab struct {
	Name, Path string
	Current    bool
	Set        int // options of it that are set
}

// optionsForm has all options of a tab.
type optionsForm struct {
	formData
	Tab  string
	Name string
	Set  []optionField
	More []optionField // that are not set
}

// optionField is one option as a form shows it.
type optionField struct {
	openvpn.OptionInfo
	// Flag options are on or off. Lines options may stand more than once, one
	// a line. The others have a Field for each parameter.
	Flag, Lines bool
	Checked     bool
	Value       string
	Fields      []form.Field
	Error       string
}

// ID is that of the input.
func (o optionField) ID() string { return "o." + o.Name }

// tabs are the pages of the reference device's form.
func tabs() []openvpn.Tab {
	return []openvpn.Tab{openvpn.TabService, openvpn.TabNetworking, openvpn.TabVPN, openvpn.TabCryptography}
}

// offered are the options of a tab that an instance may have.
func offered(i openvpn.Instance, tab openvpn.Tab) []openvpn.OptionInfo {
	return slices.DeleteFunc(openvpn.Catalogue(), func(o openvpn.OptionInfo) bool {
		server := i.Role == openvpn.RoleServer
		return o.Tab != tab || !o.Main || o.Field != "" || o.Side == openvpn.SideServer && !server || o.Side == openvpn.SideClient && server
	})
}

func tabOf(r *http.Request) openvpn.Tab {
	if tab := openvpn.Tab(r.FormValue("tab")); slices.Contains(tabs(), tab) {
		return tab
	}
	return openvpn.TabService
}

func (p *Pages) options(r *http.Request) (content, error) {
	i, ok := p.instanceOf(r.URL.Query().Get("name"))
	if !ok {
		return nil, noInstance()
	}
	return p.optionsData(i, tabOf(r), nil), nil
}

// optionsData is the form with what is set, or with what was typed.
func (p *Pages) optionsData(i openvpn.Instance, tab openvpn.Tab, typed url.Values) optionsData {
	data := optionsData{Name: i.Name, Links: []link{
		{recordPath("/openvpn/instances", i.Name), "Basic configuration"}, instanceLinks(i.Name)[0],
	}}
	for _, t := range tabs() {
		row := optionTab{Name: string(t), Path: instancePath("/openvpn/options", i.Name) + "&tab=" + string(t), Current: t == tab}
		infos := offered(i, t)
		for _, o := range i.Options {
			if isOf(infos, o.Name) {
				row.Set++
			}
		}
		data.Tabs = append(data.Tabs, row)
	}
	data.Form = optionsForm{Tab: string(tab), Name: i.Name, formData: formData{Action: "/openvpn/options", Base: p.base()}}
	for _, info := range offered(i, tab) {
		field := newOptionField(info, i.Options, typed)
		if field.Checked || field.Value != "" || slices.ContainsFunc(field.Fields, form.Field.Set) {
			data.Form.Set = append(data.Form.Set, field)
		} else {
			data.Form.More = append(data.Form.More, field)
		}
	}
	return data
}

func isOf(infos []openvpn.OptionInfo, name string) bool {
	return slices.ContainsFunc(infos, func(o openvpn.OptionInfo) bool { return o.Name == name })
}

func newOptionField(info openvpn.OptionInfo, set []openvpn.Option, typed url.Values) optionField {
	field := optionField{OptionInfo: info, Flag: len(info.Params) == 0 || info.Params[0].Optional && !info.Repeats, Lines: info.Repeats}
	var lines []string
	var args []string
	for _, o := range set {
		if o.Name == info.Name {
			field.Checked = field.Flag
			lines, args = append(lines, joinWords(o.Args, info)), o.Args
		}
	}
	if typed != nil {
		field.Checked = field.Flag && typed.Get(field.ID()) == "on"
	}
	if field.Lines {
		field.Value = strings.Join(lines, "\n")
		if typed != nil {
			field.Value = typed.Get(field.ID())
		}
		return field
	}
	for n, param := range info.Params {
		input := form.Field{Path: fmt.Sprintf("%s.%d", field.ID(), n), Kind: form.Text, Label: strings.ToUpper(param.Name[:1]) + param.Name[1:], Help: paramHelp(param)}
		if n < len(args) {
			input.Value = args[n]
			if param.Many > 0 {
				input.Value = strings.Join(args[n:], " ")
			}
		}
		if typed != nil {
			input.Value = typed.Get(input.Path)
		}
		switch {
		case param.Kind == openvpn.KindWord && param.Many == 0:
			input.Kind = form.Choice
			words := append([]string{""}, param.Words...)
			for _, word := range words {
				label := word
				if word == "" {
					label = "(not set)"
				}
				input.Choices = append(input.Choices, form.Option{Value: word, Label: label, Selected: word == input.Value})
			}
			if !slices.Contains(words, input.Value) {
				input.Choices = append(input.Choices, form.Option{Value: input.Value, Label: input.Value, Selected: true})
			}
		case param.Kind == openvpn.KindNumber, param.Kind == openvpn.KindPort:
			input.Kind = form.Number
		}
		field.Fields = append(field.Fields, input)
	}
	return field
}

// paramHelp says what may stand in a parameter.
func paramHelp(param openvpn.Param) string {
	text := ""
	switch {
	case param.Kind == openvpn.KindWord && param.Many == 0:
	case param.Kind == openvpn.KindWord:
		text = "of " + strings.Join(param.Words, ", ")
	case param.Kind == openvpn.KindNumber:
		text = fmt.Sprintf("%d to %d", param.Min, param.Max)
	default:
		text = string(param.Kind)
	}
	if len(param.Words) > 0 && param.Kind != openvpn.KindWord {
		text += ", or " + strings.Join(param.Words, ", ")
	}
	if param.Many > 0 {
		text += fmt.Sprintf("; up to %d, with blanks between", param.Many)
	}
	if param.Optional {
		text += "; may be left out"
	}
	return strings.TrimPrefix(text, "; ")
}

// saveOptions stores the options of a tab.
func (p *Pages) saveOptions(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	doc, _ := p.Control.Saved()
	rows, err := doc.List("openvpn.instances")
	if err != nil {
		return err
	}
	n := rows.Find(r.PostForm.Get("name"))
	if n < 0 {
		return noInstance()
	}
	instance, tab := rows.Record(n).(*openvpn.Instance), tabOf(r)
	before, infos := *instance, offered(*instance, tab)
	instance.Options = merged(instance.Options, infos, r.PostForm)
	again := func(data formData) error {
		page := p.optionsData(before, tab, r.PostForm)
		page.Form.Others, page.Form.Conflict, page.Form.Base = nil, data.Conflict, data.Base
		for _, fault := range data.Others {
			path, problem, _ := strings.Cut(fault, ": ")
			if !page.Form.fault(*instance, strings.TrimPrefix(path, rows.Path(n)+"."), problem) {
				page.Form.Others = append(page.Form.Others, fault)
			}
		}
		return p.render(w, r, http.StatusUnprocessableEntity, "Advanced configuration", page)
	}
	var nothing struct{}
	return p.save(w, r, edit{
		doc: doc, form: form.New(&nothing, asked{}), what: fmt.Sprintf("options of instance %s, %s", instance.Name, tab), again: again,
		path: instancePath("/openvpn/options", instance.Name) + "&tab=" + string(tab),
	})
}

// fault puts what is wrong at a path such as options[3] beside its option.
func (f *optionsForm) fault(i openvpn.Instance, path, problem string) bool {
	var n int
	if _, err := fmt.Sscanf(path, "options[%d]", &n); err != nil || n < 0 || n >= len(i.Options) {
		return false
	}
	for _, fields := range [][]optionField{f.Set, f.More} {
		for j := range fields {
			if fields[j].Name == i.Options[n].Name {
				fields[j].Error = problem
				return true
			}
		}
	}
	return false
}

// merged returns options with those of a tab as they were typed: in the places
// they had, new ones at the end.
func merged(old []openvpn.Option, infos []openvpn.OptionInfo, typed url.Values) []openvpn.Option {
	var options []openvpn.Option
	done := make(map[string]bool)
	take := func(info openvpn.OptionInfo) {
		if !done[info.Name] {
			done[info.Name] = true
			options = append(options, typedOptions(info, typed)...)
		}
	}
	for _, o := range old {
		i := slices.IndexFunc(infos, func(info openvpn.OptionInfo) bool { return info.Name == o.Name })
		if i < 0 {
			options = append(options, o)
			continue
		}
		take(infos[i])
	}
	for _, info := range infos {
		take(info)
	}
	return options
}

// typedOptions are the lines that were typed for an option.
func typedOptions(info openvpn.OptionInfo, typed url.Values) []openvpn.Option {
	id := optionField{OptionInfo: info}.ID()
	if info.Repeats {
		var all []openvpn.Option
		for _, line := range strings.Split(strings.ReplaceAll(typed.Get(id), "\r", ""), "\n") {
			if line = strings.TrimSpace(line); line != "" {
				all = append(all, openvpn.Option{Name: info.Name, Args: splitWords(line, info)})
			}
		}
		return all
	}
	var args []string
	last := -1
	for n, param := range info.Params {
		value := strings.TrimSpace(typed.Get(fmt.Sprintf("%s.%d", id, n)))
		if value != "" {
			last = n
		}
		if param.Many > 0 {
			args = append(args, strings.Fields(value)...)
			continue
		}
		args = append(args, value)
	}
	if len(info.Params) == 0 || info.Params[0].Optional {
		if typed.Get(id) != "on" && last < 0 {
			return nil
		}
	} else if last < 0 {
		return nil
	}
	for len(args) > 0 && args[len(args)-1] == "" {
		args = args[:len(args)-1]
	}
	return []openvpn.Option{{Name: info.Name, Args: args}}
}

// splitWords takes the arguments of a line apart. Where only one may stand,
// the line is it.
func splitWords(line string, info openvpn.OptionInfo) []string {
	if len(info.Params) == 1 && info.Params[0].Many == 0 {
		return []string{line}
	}
	var words []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		if rest, quoted := strings.CutPrefix(line, `"`); quoted {
			if word, after, ends := strings.Cut(rest, `"`); ends {
				words, line = append(words, word), after
				continue
			}
		}
		word, rest, _ := strings.Cut(line, " ")
		words, line = append(words, word), rest
	}
	return words
}

// joinWords is the reverse of splitWords.
func joinWords(words []string, info openvpn.OptionInfo) string {
	if len(info.Params) == 1 && info.Params[0].Many == 0 {
		return strings.Join(words, " ")
	}
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = word
		if word == "" || strings.ContainsAny(word, " ") {
			quoted[i] = `"` + word + `"`
		}
	}
	return strings.Join(quoted, " ")
}
