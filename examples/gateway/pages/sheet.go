package pages

import (
	"fmt"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/markup"
)

// content is what a page shows below its title.
type content interface {
	// body writes all of it.
	body(s *sheet)
}

// living is content of which a part is sent again whenever it has changed. Its
// body writes that part with [sheet.alive].
type living interface {
	content
	// live writes that part.
	live(s *sheet)
}

// sheet is what a page is written on.
type sheet struct {
	markup.Writer
	user account.User // who looks at it
}

// can reports whether who looks may do what needs a role.
func (s *sheet) can(role account.Role) bool { return s.user.Role.Allows(role) }

// alive writes what lives on a page, where the script finds it.
func (s *sheet) alive(c living) {
	s.HTML(`<div id="live">`)
	c.live(s)
	s.HTML(`</div>`)
}

// section begins a part of a page. It ends with </section>.
func (s *sheet) section(title string) {
	s.HTML(`<section aria-label="`).Text(title).HTML(`"><h2>`).Text(title).HTML(`</h2>`)
}

// table begins a table with its columns. It ends with endTable.
func (s *sheet) table(columns ...string) {
	s.HTML(`<div class="scroll"><table><thead><tr>`)
	s.columns(columns)
	s.HTML(`</tr></thead><tbody>`)
}

func (s *sheet) columns(titles []string) {
	for _, title := range titles {
		s.HTML(`<th scope="col">`).Text(title).HTML(`</th>`)
	}
}

func (s *sheet) endTable() { s.HTML(`</tbody></table></div>`) }

// row begins a row of a table. It ends with </tr>.
func (s *sheet) row(name string) { s.HTML(`<tr><th scope="row">`).Text(name).HTML(`</th>`) }

// cells writes cells of a table.
func (s *sheet) cells(texts ...string) {
	for _, text := range texts {
		s.HTML(`<td>`).Text(text).HTML(`</td>`)
	}
}

// fact writes an entry of a list of facts.
func (s *sheet) fact(name, value string) {
	s.HTML(`<div><dt>`).Text(name).HTML(`</dt><dd>`).Text(value).HTML(`</dd></div>`)
}

// factIf writes a fact that is known.
func (s *sheet) factIf(name, value string) {
	if value != "" {
		s.fact(name, value)
	}
}

// alert writes what must not be missed, if there is something.
func (s *sheet) alert(text string) { s.Maybe(`<p role="alert">`, text, `</p>`) }

// mark writes a word with a sign that says whether it is a good one.
func (s *sheet) mark(good bool, word string) {
	s.Either(good, `<span class="good"><span aria-hidden="true">●`, `<span class="bad"><span aria-hidden="true">▲`).
		HTML(`</span> `).Text(word).HTML(`</span>`)
}

// state writes the state of something.
func (s *sheet) state(word string, good bool) {
	s.HTML(`<span class="state `).Either(good, `good"><span aria-hidden="true">●`, `bad"><span aria-hidden="true">▲`).
		HTML(`</span> `).Text(word).HTML(`</span>`)
}

// hidden writes a field of a form that nobody sees.
func (s *sheet) hidden(name, value string) {
	s.HTML(`<input type="hidden" name="`).Text(name).HTML(`" value="`).Text(value).HTML(`">`)
}

// links writes links to further pages, each behind a dot.
func (s *sheet) links(all []link) {
	for _, l := range all {
		s.HTML(` · <a href="`).Text(l.Path).HTML(`">`).Text(l.Text).HTML(`</a>`)
	}
}

// verbs writes what can be done to an item, to those who may. The page at the
// path back is shown afterwards.
func (s *sheet) verbs(item control.Item, back string) {
	if !s.can(account.Operator) {
		return
	}
	for i, verb := range item.Verbs {
		s.HTML(`<form method="post" action="/do" class="inline" hx-post="/do" hx-target="#message">`)
		s.hidden("service", item.Service)
		s.hidden("item", item.Name)
		s.hidden("back", back)
		s.hidden("verb", string(verb))
		s.HTML(`<button id="do-`).Text(item.Service).HTML(`-`).Text(item.Name).HTML(`-`).Int(i).
			HTML(`" aria-label="`).Text(string(verb)).HTML(` `).Text(item.Name).HTML(`">`).Text(string(verb)).HTML(`</button></form> `)
	}
}

// saveButtons writes how a form is sent.
func (s *sheet) saveButtons() {
	s.HTML(`<button name="action" value="save">Save</button> <button name="action" value="apply" class="first">Save &amp; Apply</button>`)
}

// changes writes what differs between two configurations.
func (s *sheet) changes(all []control.Change) {
	s.table("Field", "Before", "After")
	for _, c := range all {
		s.HTML(`<tr><th scope="row"><code>`).Text(c.Path).HTML(`</code></th>`)
		s.cells(orUnset(c.From), orUnset(c.To))
		s.HTML(`</tr>`)
	}
	s.endTable()
}

// orUnset is a value, or what stands for none.
func orUnset(value string) string {
	if value == "" {
		return "(not set)"
	}
	return value
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// clock is a time of day with its date.
func clock(t time.Time) string { return t.Format("2006-01-02 15:04:05") }

// number writes a count for people.
func number[N int | uint64](n N) string { return grouped(fmt.Sprint(n)) }

// joined is a list of words.
func joined(all []string) string { return strings.Join(all, ", ") }
