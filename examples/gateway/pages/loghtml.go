package pages

import "github.com/fieldgate/fieldgate/examples/gateway/account"

func (d logData) body(s *sheet) {
	s.HTML(`<form method="get" action="/log" class="filter">` +
		`<div class="field"><label for="text">Lines with</label><input id="text" name="text" value="`).Text(d.Text).
		HTML(`"></div><div class="field"><label for="level">From</label><select id="level" name="level">`)
	s.option("", "all levels", false)
	s.option("INFO", "information", d.Level == "INFO")
	s.option("WARN", "warnings", d.Level == "WARN")
	s.option("ERROR", "errors", d.Level == "ERROR")
	s.HTML(`</select></div><div class="field"><label for="service">Service</label><select id="service" name="service">`)
	s.option("", "all", false)
	for _, name := range d.Services {
		s.option(name, name, name == d.Service)
	}
	s.HTML(`</select></div><button>Show</button></form><p><a class="button" href="`).Text(d.Again).HTML(`">`).Either(d.Stop, `Follow`, `Hold still`).HTML(`</a>`).
		If(s.can(account.Operator), ` <a class="button" href="/log/download">Download</a>`).HTML(`</p>`)
	if d.Stop {
		d.live(s)
	} else {
		s.alive(d)
	}
}

func (d logData) live(s *sheet) {
	if d.None {
		s.HTML(`<p>There is no log to show.</p>`)
		return
	}
	s.HTML(`<p>`).Int(d.Shown).HTML(` of `).Int(d.Matches).HTML(` lines, the newest at the end.</p>`)
	if len(d.Lines) == 0 {
		s.HTML(`<p>No line is like that.</p>`)
		return
	}
	s.HTML(`<pre class="log" tabindex="0" role="log" aria-label="Log">`)
	for _, line := range d.Lines {
		if line.Class != "" {
			s.HTML(`<span class="`).Text(line.Class).HTML(`">`).Text(line.Text).HTML(`</span>`)
		} else {
			s.Text(line.Text)
		}
		s.HTML("\n")
	}
	s.HTML(`</pre>`)
}
