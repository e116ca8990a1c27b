package pages

import (
	"cmp"
	"strconv"
)

func (d snmpData) page(s *sheet, settings settingsData) {
	s.alive(settings)
	s.If(d.Browser, `<p><a class="button" href="/snmp/browse">Look at what the agent serves</a></p>`)
	s.lists(settings.Lists)
	s.settings(settings)
}

func (d snmpData) now(s *sheet) {
	s.section("State")
	defer s.HTML(`</section>`)
	if !d.Running {
		s.HTML(`<p>The agent does not run: enable it below, then Save &amp; Apply.</p>`)
		return
	}
	s.HTML(`<p>Listens on `).Text(joined(d.Listening)).Maybe(`, runs for `, since(d.Started), ``).HTML(`.</p>`).
		Maybe(`<p role="alert">SNMPv3 is off: `, d.V3Error, `</p>`).HTML(`<dl>`)
	for _, c := range d.Counts {
		s.fact(c.Name, number(c.N))
	}
	s.Maybe(`<div><dt>Engine ID</dt><dd><code>`, d.EngineID, `</code></dd></div>`)
	if d.Boots > 0 {
		s.fact("Starts of the engine", strconv.FormatUint(uint64(d.Boots), 10))
	}
	s.HTML(`</dl>`)
	if len(d.Refusals) > 0 {
		s.HTML(`<h3>Messages that got no answer, or an error</h3><ul>`)
		for _, c := range d.Refusals {
			s.HTML(`<li>`).Text(c.Name).HTML(`: `).Text(number(c.N)).HTML(`</li>`)
		}
		s.HTML(`</ul>`)
	}
	if len(d.Users) > 0 {
		s.HTML(`<h3>Users of SNMPv3</h3><ul>`)
		for _, u := range d.Users {
			s.HTML(`<li>`).Text(u.Name).HTML(`: `).Text(cmp.Or(string(u.Auth), "no authentication")).HTML(`, `).Text(cmp.Or(string(u.Priv), "no encryption")).HTML(`</li>`)
		}
		s.HTML(`</ul>`)
	}
	if len(d.Destinations) > 0 {
		s.HTML(`<h3>Traps</h3>`)
		s.table("To", "Sent", "Waiting", "Failed, dropped", "Last error")
		for _, to := range d.Destinations {
			s.row(to.Name)
			s.cells(number(to.Sent), number(to.Waiting), number(to.Failed)+", "+number(to.Dropped))
			s.HTML(`<td>`).Maybe(`<span class="trouble">`, to.LastError, `</span>`).HTML(`</td></tr>`)
		}
		s.endTable()
	}
}

func (d browseData) body(s *sheet) {
	s.HTML(`<p><a href="/snmp">Back to SNMP</a></p>`)
	if d.None {
		s.HTML(`<p>There is nothing to look at: this gateway has no SNMP agent.</p>`)
		return
	}
	s.HTML(`<form method="get" action="/snmp/browse">`)
	typedField{name: "oid", label: "Identifier or name", value: d.OID, fault: d.Error}.write(s)
	s.HTML(`</div><button>Look</button></form>`)
	if len(d.Path) > 0 {
		s.HTML(`<nav aria-label="Where this is"><p>`)
		for _, l := range d.Path {
			s.HTML(`<a href="`).Text(l.Path).HTML(`">`).Text(l.Text).HTML(`</a> / `)
		}
		s.HTML(`</p></nav>`)
	}
	if len(d.Below) > 0 {
		s.HTML(`<details><summary>Subtrees</summary><ul>`)
		for _, l := range d.Below {
			s.HTML(`<li><a href="`).Text(l.Path).HTML(`">`).Text(l.Text).HTML(`</a></li>`)
		}
		s.HTML(`</ul></details>`)
	}
	s.alive(d)
}

func (d browseData) live(s *sheet) {
	if len(d.Objects) == 0 {
		s.If(d.Error == "", `<p>Nothing is served there. What the agent says of itself (system, snmp) is not in this list.</p>`)
		return
	}
	s.table("Name", "Value", "Type", "Identifier")
	for _, o := range d.Objects {
		s.row(o.Name)
		s.cells(o.Value, o.Kind)
		s.HTML(`<td><code>`).Text(o.OID).HTML(`</code></td></tr>`)
	}
	s.endTable()
	s.Maybe(`<p><a class="button" href="`, d.Next, `" id="next">Further objects</a></p>`)
}
