package pages

import (
	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

// special is what the page of a section has beyond its settings.
type special interface {
	// page writes the page, with its settings.
	page(s *sheet, d settingsData)
	// now writes how the section is: what lives on the page.
	now(s *sheet)
}

func (d settingsData) body(s *sheet) {
	if d.More != nil {
		d.More.page(s, d)
		return
	}
	s.alive(d)
	s.lists(d.Lists)
	s.settings(d)
}

func (d settingsData) live(s *sheet) {
	if d.More != nil {
		d.More.now(s)
		return
	}
	if len(d.Items) == 0 {
		return
	}
	s.section("State")
	s.table("Name", "Enabled", "Configured", "State", "For", "Detail", "Start/Stop")
	for _, item := range d.Items {
		s.row(item.Name)
		s.cells(yesNo(item.Enabled), yesNo(item.Configured))
		s.HTML(`<td>`)
		s.state(item.State, item.Good)
		s.HTML(`</td>`)
		s.cells(since(item.Since), item.Detail)
		s.HTML(`<td>`)
		s.verbs(item, d.Path)
		s.HTML(`</td></tr>`)
	}
	s.endTable()
	s.HTML(`</section>`)
}

// settings writes the form of a section, below what is to be known about it.
func (s *sheet) settings(d settingsData) {
	if len(d.Warnings) > 0 {
		s.section("To be known")
		s.list(d.Warnings)
		s.HTML(`</section>`)
	}
	s.section("Settings")
	s.form(d.Form)
	s.HTML(`</section>`)
}

// lists writes the tables of records.
func (s *sheet) lists(all []listData) {
	for _, l := range all {
		s.section(l.Title)
		if len(l.Rows) > 0 {
			s.records(l)
		} else {
			s.HTML(`<p>There is none yet.</p>`)
		}
		if len(l.Adds) > 0 && s.can(account.Admin) {
			s.HTML(`<p>`)
			for _, add := range l.Adds {
				s.HTML(`<a class="button" href="`).Text(add.Path).HTML(`">`).Text(add.Text).HTML(`</a> `)
			}
			s.HTML(`</p>`)
		}
		s.HTML(`</section>`)
	}
}

// records writes a table of records, and the form of its boxes.
func (s *sheet) records(l listData) {
	s.HTML(`<div class="scroll"><table><thead><tr>`)
	s.columns([]string{"Name"})
	s.columns(l.Columns)
	s.columns([]string{"Change"})
	s.HTML(`</tr></thead><tbody>`)
	for _, row := range l.Rows {
		s.row(row.Name)
		for _, c := range row.Cells {
			s.HTML(`<td>`)
			if c.Tick != nil && s.can(account.Admin) {
				s.tick(*c.Tick)
			} else {
				s.Text(c.Text)
			}
			s.HTML(`</td>`)
		}
		s.HTML(`<td><a href="`).Text(row.Path).HTML(`" aria-label="Edit `).Text(row.Name).HTML(`">Edit</a>`)
		for _, l := range row.Links {
			s.HTML(` <a href="`).Text(l.Path).HTML(`" aria-label="`).Text(l.Text).HTML(` `).Text(row.Name).HTML(`">`).Text(l.Text).HTML(`</a>`)
		}
		s.HTML(`</td></tr>`)
	}
	s.endTable()
	if l.Switch != nil && s.can(account.Admin) {
		s.switches(*l.Switch)
	}
}

// tick writes a box that switches a record.
func (s *sheet) tick(t tick) {
	s.HTML(`<input type="hidden" form="`).Text(t.Form).HTML(`" name="shown" value="`).Text(t.Name).
		HTML(`"><input type="checkbox" form="`).Text(t.Form).HTML(`" id="`).Text(t.Form).HTML(`-`).Text(t.Name).
		HTML(`" name="on" value="`).Text(t.Name).HTML(`"`).If(t.On, ` checked`).
		HTML(`><label class="unseen" for="`).Text(t.Form).HTML(`-`).Text(t.Name).HTML(`">Enabled `).Text(t.Name).HTML(`</label>`)
}

// switches writes the form of the boxes of a table.
func (s *sheet) switches(d switchData) {
	s.trouble(d.Trouble)
	s.HTML(`<form method="post" action="`).Text(d.Path).HTML(`" id="`).Text(d.ID).HTML(`" class="record">`)
	s.hidden("base", word(d.Base))
	s.HTML(`<p><button name="action" value="save" aria-label="Save what is ticked">Save</button> `+
		`<button name="action" value="apply" class="first" aria-label="Save &amp; Apply what is ticked">Save &amp; Apply</button> `+
		`<span class="hint">what is ticked above`).
		Maybe(`; `, d.Also, ` itself is off, and goes on with the first one`).
		HTML(`</span></p></form>`)
}

func (d recordPage) body(s *sheet) {
	s.HTML(`<p><a href="`).Text(d.Up).HTML(`">Back to `).Text(d.Title).HTML(`</a>`)
	s.links(d.Links)
	s.HTML(`</p>`)
	s.form(d.Form)
}
