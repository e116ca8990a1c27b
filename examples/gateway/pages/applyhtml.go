package pages

import (
	"net/url"
	"strconv"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
)

func (d planData) body(s *sheet) {
	switch {
	case d.Done && d.Error != "":
		s.HTML(`<p role="alert">Not everything could be applied: `).Text(d.Error).HTML(`</p>`)
	case d.Done:
		s.HTML(`<p role="status">Applied.</p>`)
	case d.Nothing:
		s.HTML(`<p>Everything that is saved is in force.</p>`)
	}
	if len(d.Changes) > 0 {
		s.HTML(`<h2>What has changed</h2>`)
		s.changes(d.Changes)
	}
	if len(d.Steps) > 0 {
		s.HTML(`<h2>`).Either(d.Done, `What was done`, `What will be done`).HTML(`</h2>`)
		s.table("Service", "Action", "Detail")
		for _, step := range d.Steps {
			s.row(step.Service)
			s.HTML(`<td`).If(step.Action == control.Unchanged, ` class="off"`).HTML(`>`).Text(string(step.Action)).HTML(`</td><td>`).
				Text(step.Detail).Maybe(`<span class="trouble">`, step.Error, `</span>`).HTML(`</td></tr>`)
		}
		s.endTable()
	}
	if !d.Done && !d.Nothing && s.can(account.Admin) {
		s.HTML(`<form method="post" action="/apply"><div class="field"><label for="confirm">Unless I confirm it, take it back after</label> ` +
			`<select id="confirm" name="confirm"><option value="60">a minute</option><option value="300">five minutes</option><option value="0">never: keep it without asking</option></select>` +
			`<p class="hint">If the change locks you out, the configuration before comes back by itself.</p></div><button class="first">Apply</button></form>`)
	}
}

func (d historyData) body(s *sheet) {
	admin := s.can(account.Admin)
	s.section("More settings")
	s.HTML(`<ul>`)
	for _, section := range d.Sections {
		s.HTML(`<li><a href="`).Text(section.path).HTML(`">`).Text(section.title).HTML(`</a></li>`)
	}
	s.HTML(`</ul></section>`)
	s.section("Revisions")
	s.HTML(`<p>Revision `).Text(word(d.Applied)).HTML(` is in force, `).Text(word(d.Saved)).HTML(` is saved.</p>`)
	s.table("Revision", "Saved", "By", "What", "Look, restore")
	for _, v := range d.Versions {
		s.row(word(v.Revision))
		s.cells(clock(v.At), v.By, v.What)
		s.HTML(`<td>`)
		if v.Revision != d.Saved {
			s.HTML(`<a href="`).Text("/config/diff?" + url.Values{"from": {word(v.Revision)}, "to": {word(d.Saved)}}.Encode()).HTML(`">What has changed since</a>`)
			if admin {
				s.HTML(` <form method="post" action="/config/restore" class="inline"><button name="revision" value="`).Text(word(v.Revision)).HTML(`">Restore</button></form>`)
			}
		}
		s.HTML(`</td></tr>`)
	}
	s.endTable()
	s.HTML(`</section>`)
	s.section("Export and import")
	s.HTML(`<p><a class="button" href="/config/export">Export without secrets</a>`).
		If(admin, ` <form method="post" action="/config/export" class="inline"><button>Export with secrets</button></form>`).
		HTML(`</p>`).
		If(admin, `<form method="post" action="/config/import" enctype="multipart/form-data"><div class="field"><label for="file">Configuration (YAML)</label>`+
			`<input type="file" id="file" name="file" required></div><button>Import and look at the changes</button></form>`).
		HTML(`</section>`)
}

// word is the number of a revision.
func word(r control.Revision) string { return strconv.FormatUint(uint64(r), 10) }

func (d diffData) body(s *sheet) {
	s.HTML(`<p><a href="/config">Back to the configuration</a></p><p>From revision `).Text(word(d.From)).HTML(` to revision `).Text(word(d.To)).HTML(`.</p>`)
	if len(d.Changes) > 0 {
		s.changes(d.Changes)
	} else {
		s.HTML(`<p>They are the same.</p>`)
	}
}
