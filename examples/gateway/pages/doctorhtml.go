package pages

import (
	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/simulate"
)

// findings are the content of the doctor's page.
type findings []finding

func (d findings) body(s *sheet) {
	if len(d) > 0 {
		s.HTML(`<p>This is wrong now, the worst first.</p>`)
		s.table("Where", "How bad", "What is wrong", "What to do")
		for _, f := range d {
			s.HTML(`<tr><th scope="row">`)
			if f.Link != "" {
				s.HTML(`<a href="`).Text(f.Link).HTML(`">`).Text(f.Service).HTML(`</a>`)
			} else {
				s.Text(f.Service)
			}
			s.HTML(` `).Text(f.Subject).HTML(`</th><td>`).
				Either(f.Bad, `<span class="bad"><span aria-hidden="true">▲`, `<span class="off"><span aria-hidden="true">○`).
				HTML(`</span> `).Text(string(f.Severity)).HTML(`</span></td>`)
			s.cells(f.Sentence, f.Todo)
			s.HTML(`</tr>`)
		}
		s.endTable()
	} else {
		s.HTML(`<p>`)
		s.mark(true, "Nothing is wrong.")
		s.HTML(` Every service that is enabled was looked at.</p>`)
	}
	s.HTML(`<p><a class="button" href="/doctor">Look again</a></p>`)
}

// switches are the content of the page of faults.
type switches []simulate.State

func (d switches) body(s *sheet) {
	s.HTML(`<p>This device is simulated. Here it can be damaged, to see what the pages and the <a href="/doctor">doctor</a> say.</p>`)
	columns := []string{"Fault", "What happens", "State"}
	operator := s.can(account.Operator)
	if operator {
		columns = append(columns, "Switch")
	}
	s.table(columns...)
	for _, f := range d {
		s.row(f.Title)
		s.cells(f.What)
		s.HTML(`<td>`)
		word := "off"
		if f.On {
			word = "on"
		}
		s.mark(!f.On, word)
		s.HTML(`</td>`)
		if operator {
			s.HTML(`<td><form method="post" action="/faults">`)
			s.hidden("fault", string(f.Switch))
			s.hidden("on", yesNo(!f.On))
			s.HTML(`<button aria-label="`).Either(f.On, `Mend`, `Make`).HTML(`: `).Text(f.Title).HTML(`">`).Either(f.On, `Mend`, `Make`).HTML(`</button></form></td>`)
		}
		s.HTML(`</tr>`)
	}
	s.endTable()
}
