package pages

import (
	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/form"
)

// form writes a form of settings, or of one record.
func (s *sheet) form(f formData) {
	s.beginForm(f)
	s.fields(f.Basic)
	if len(f.Extra) > 0 {
		s.HTML(`<details><summary>Additional fields</summary>`)
		s.fields(f.Extra)
		s.HTML(`</details>`)
	}
	if s.can(account.Admin) {
		s.HTML(`<p>`)
		s.saveButtons()
		s.If(f.Delete, ` <button name="action" value="delete" class="danger">Delete</button>`).HTML(`</p>`)
	} else {
		s.HTML(`<p>You may look, not change.</p>`)
	}
	s.HTML(`</form>`)
}

// beginForm begins a form, below what did not work when it was sent. It ends
// with </form>.
func (s *sheet) beginForm(f formData) {
	s.trouble(f)
	s.HTML(`<form method="post" action="`).Text(f.Action).HTML(`" class="record">`)
	s.base(f)
}

func (s *sheet) base(f formData) { s.hidden("base", word(f.Base)) }

// trouble writes what no field of a form is to blame for.
func (s *sheet) trouble(f formData) {
	if c := f.Conflict; c != nil {
		s.HTML(`<div class="notice warn" role="alert"><p>`).Text(c.By).HTML(` changed the configuration at `).Text(clock(c.At)).
			HTML(`, while you were typing. Nothing you typed is lost: look at what they changed, and save again.</p><ul>`)
		for _, change := range c.Changes {
			s.HTML(`<li><code>`).Text(change.Path).HTML(`</code>: `).Text(orUnset(change.From)).HTML(` → `).Text(orUnset(change.To)).HTML(`</li>`)
		}
		s.HTML(`</ul></div>`)
	}
	if len(f.Others) > 0 {
		s.HTML(`<div class="notice warn" role="alert"><p>This does not fit the rest of the configuration:</p>`)
		s.list(f.Others)
		s.HTML(`</div>`)
	}
}

// list writes a list of texts.
func (s *sheet) list(texts []string) {
	s.HTML(`<ul>`)
	for _, text := range texts {
		s.HTML(`<li>`).Text(text).HTML(`</li>`)
	}
	s.HTML(`</ul>`)
}

// fields writes the fields of a form, with the titles of their groups.
func (s *sheet) fields(all []form.Field) {
	last := ""
	for _, f := range all {
		if f.Group != last {
			s.Maybe(`<h3>`, f.Group, `</h3>`)
		}
		last = f.Group
		s.field(f)
	}
}

// field writes a field with what is wrong with it.
func (s *sheet) field(f form.Field) {
	s.HTML(`<div class="field`).If(f.Error != "", ` wrong`).HTML(`"`)
	if show := f.Show; show != nil {
		s.HTML(` data-show="`).Text(show.Path).HTML(`=`)
		for _, value := range show.Values {
			if value == "" {
				value = "-"
			}
			s.Text(value).HTML(` `)
		}
		s.HTML(`"`)
	}
	s.HTML(`>`)
	switch f.Kind {
	case form.Table:
		s.rows(f)
	case form.Check:
		if !f.Fixed {
			s.hidden("box:"+f.Path, "1")
		}
		s.HTML(`<label class="box"><input type="checkbox" id="`).Text(f.Path).HTML(`" name="`).Text(f.Path).HTML(`" value="on"`).If(f.Checked, ` checked`).If(f.Fixed, ` disabled`)
		s.described(f)
		s.HTML(`> `).Text(f.Label).HTML(`</label>`)
	default:
		s.HTML(`<label for="`).Text(f.Path).HTML(`">`).Text(f.Label).HTML(`</label> `)
		s.input(f)
	}
	if f.Error != "" {
		s.HTML(`<p class="error" id="`).Text(f.Path).HTML(`-error">`).Text(f.Error).HTML(`</p>`)
	}
	if f.Help != "" {
		s.HTML(`<p class="hint" id="`).Text(f.Path).HTML(`-help">`).Text(f.Help).HTML(`</p>`)
	}
	s.HTML(`</div>`)
}

// rows writes a table of records.
func (s *sheet) rows(f form.Field) {
	s.HTML(`<fieldset id="`).Text(f.Path).HTML(`"><legend>`).Text(f.Label).HTML(`</legend>`)
	for _, row := range f.Rows {
		s.HTML(`<div class="row">`).If(row.New, `<p class="hint">One more:</p>`)
		for _, inner := range row.Fields {
			s.field(inner)
		}
		if !row.New && !f.Fixed {
			s.HTML(`<label class="remove"><input type="checkbox" name="`).Text(f.Path).HTML(`[`).Int(row.Index).HTML(`].remove" value="on"`).
				If(row.Removed, ` checked`).HTML(`> remove</label>`)
		}
		s.HTML(`</div>`)
	}
	s.HTML(`</fieldset>`)
}

// input writes what is typed into or chosen from.
func (s *sheet) input(f form.Field) {
	switch f.Kind {
	case form.Choice:
		if !f.Fixed {
			s.hidden("choice:"+f.Path, "1")
		}
		s.HTML(`<select`).If(f.Fixed, ` disabled`)
		s.named(f)
		s.choices(f.Choices)
	case form.Picks:
		s.picks(f)
	case form.Lines:
		s.HTML(`<textarea`).If(f.Fixed, ` readonly`)
		s.named(f)
		s.HTML(` rows="3">`).Text(f.Value).HTML(`</textarea>`)
	case form.Secret:
		s.HTML(`<input type="password" autocomplete="new-password"`).If(f.Checked, ` placeholder="unchanged"`)
		s.named(f)
		s.HTML(`>`)
		if f.Checked {
			s.HTML(` <label class="remove"><input type="checkbox" name="`).Text(f.Path).HTML(`.clear" value="on"> delete it</label>`)
		}
	default:
		s.HTML(`<input`).If(f.Kind == form.Number, ` inputmode="numeric"`).If(f.Fixed, ` readonly`)
		s.named(f)
		s.HTML(` value="`).Text(f.Value).HTML(`">`)
	}
}

// named writes the attributes that inputs of all kinds have.
func (s *sheet) named(f form.Field) {
	s.HTML(` id="`).Text(f.Path).HTML(`" name="`).Text(f.Path).HTML(`"`)
	s.described(f)
}

// picks writes a choice for each entry of a list, and one more.
func (s *sheet) picks(f form.Field) {
	for i, options := range f.Picks {
		if i == 0 {
			s.HTML(`<select`)
			s.named(f)
		} else {
			s.HTML(`<label class="unseen" for="`).Text(f.Path).HTML(`-`).Int(i).HTML(`">`).Text(f.Label).HTML(`, next choice</label><select id="`).
				Text(f.Path).HTML(`-`).Int(i).HTML(`" name="`).Text(f.Path).HTML(`"`)
		}
		s.choices(options)
		s.HTML(` `)
	}
}

// choices ends the tag of a select and writes what it offers.
func (s *sheet) choices(options []form.Option) {
	s.HTML(`>`)
	for _, o := range options {
		s.option(o.Value, o.Label, o.Selected)
	}
	s.HTML(`</select>`)
}

// option writes one choice.
func (s *sheet) option(value, label string, selected bool) {
	s.HTML(`<option value="`).Text(value).HTML(`"`).If(selected, ` selected`).HTML(`>`).Text(label).HTML(`</option>`)
}

// described leads from an input to what is said about it.
func (s *sheet) described(f form.Field) {
	if f.Error == "" && f.Help == "" {
		return
	}
	s.If(f.Error != "", ` aria-invalid="true"`).HTML(` aria-describedby="`)
	if f.Error != "" {
		s.Text(f.Path).HTML(`-error`).If(f.Help != "", ` `)
	}
	if f.Help != "" {
		s.Text(f.Path).HTML(`-help`)
	}
	s.HTML(`"`)
}

// typedField is a field of a form that is not of the configuration, with what
// was typed and what is wrong with it.
type typedField struct {
	name, label, value, fault string
	number                    bool
}

// write begins the field. It ends with </div>.
func (f typedField) write(s *sheet) {
	s.HTML(`<div class="field`).If(f.fault != "", ` wrong`).HTML(`"><label for="`).Text(f.name).HTML(`">`).Text(f.label).
		HTML(`</label><input id="`).Text(f.name).HTML(`" name="`).Text(f.name).HTML(`"`).If(f.number, ` inputmode="numeric"`).
		HTML(` value="`).Text(f.value).HTML(`"`)
	if f.fault != "" {
		s.HTML(` aria-invalid="true" aria-describedby="`).Text(f.name).HTML(`-error"><p class="error" id="`).Text(f.name).HTML(`-error">`).Text(f.fault).HTML(`</p>`)
	} else {
		s.HTML(`>`)
	}
}
