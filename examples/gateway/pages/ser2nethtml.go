package pages

import (
	"cmp"
	"strconv"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

func (d ser2netData) page(s *sheet, settings settingsData) {
	s.alive(settings)
	s.lists(settings.Lists)
	s.settings(settings)
}

func (d ser2netData) now(s *sheet) {
	s.section("State")
	defer s.HTML(`</section>`)
	switch {
	case !d.Running:
		s.HTML(`<p>ser2net does not run: enable it below, then Save &amp; Apply.</p>`)
		return
	case len(d.Ports) == 0:
		s.HTML(`<p>No port is in force.</p>`)
		return
	}
	s.table("Port", "State", "Listens on", "Device", "To device", "To network", "Clients, refused", "Start/Stop")
	for _, p := range d.Ports {
		s.row(p.Name)
		s.HTML(`<td>`)
		s.state(string(p.State), p.Good)
		s.HTML(`</td>`)
		s.cells(p.Listening)
		s.HTML(`<td>`).Text(p.Device).HTML(`<br><small>`).Text(p.Mode.String()).HTML(`</small></td>`)
		s.cells(byteCount(p.ToDevice), byteCount(p.ToNetwork), number(p.Connects)+", "+number(p.Refused))
		s.HTML(`<td>`)
		s.verbs(p.Item, "/ser2net")
		s.HTML(`</td></tr>`)
		if p.LastError != "" {
			s.HTML(`<tr><td colspan="8"><p class="trouble">`).Text(p.LastError).HTML(` <small>`).Text(clock(p.LastErrorAt)).HTML(`</small></p></td></tr>`)
		}
	}
	s.endTable()
	for _, p := range d.Ports {
		if len(p.Clients) > 0 || len(p.Lines) > 0 || p.Counters != nil {
			p.more(s)
		}
	}
	if len(d.Rotators) > 0 {
		s.HTML(`<h3>Rotators</h3><ul>`)
		for _, r := range d.Rotators {
			s.HTML(`<li>`).Text(r.Name).HTML(`: `).Text(cmp.Or(r.Listening, "does not listen")).Maybe(` <span class="trouble">`, r.LastError, `</span>`).HTML(`</li>`)
		}
		s.HTML(`</ul>`)
	}
}

// more writes the lines, the counters and the clients of a port.
func (p portRow) more(s *sheet) {
	s.HTML(`<section aria-label="Port `).Text(p.Name).HTML(`"><h3>`).Text(p.Name).HTML(`</h3>`)
	if len(p.Lines) > 0 {
		s.HTML(`<p>`)
		for _, l := range p.Lines {
			s.HTML(`<span class="line`).If(l.On, ` on`).HTML(`" title="`).Text(l.About).HTML(`">`).Text(l.Name).Either(l.On, ` on`, ` off`).HTML(`</span> `)
		}
		s.HTML(`</p>`)
	}
	if c := p.Counters; c != nil {
		s.HTML(`<dl>`)
		s.fact("Received", byteCount(c.Rx))
		s.fact("Sent", byteCount(c.Tx))
		s.fact("Parity errors", number(c.Parity))
		s.fact("Framing errors", number(c.Frame))
		s.fact("Overruns", number(c.Overrun))
		s.fact("Breaks", number(c.Break))
		s.HTML(`</dl>`)
	}
	if len(p.Clients) > 0 {
		s.table("Client", "From", "For", "Took", "Sent", "Waiting, dropped", "Disconnect")
		for _, c := range p.Clients {
			id := strconv.FormatUint(c.ID, 10)
			s.row(id)
			s.HTML(`<td>`).Text(c.Remote).Maybe(` (`, c.User, `)`).If(c.Dialed, `, called by us`).HTML(`</td>`)
			s.cells(since(c.Since), byteCount(c.Sent), byteCount(c.Received), number(c.Waiting)+", "+number(c.Dropped))
			s.HTML(`<td>`)
			if s.can(account.Operator) {
				s.HTML(`<form method="post" action="/ser2net/disconnect" class="inline" hx-post="/ser2net/disconnect" hx-target="#message">`)
				s.hidden("port", p.Name)
				s.hidden("client", id)
				s.hidden("back", "/ser2net")
				s.HTML(`<button id="disconnect-`).Text(p.Name).HTML(`-`).Text(id).HTML(`" aria-label="Disconnect client `).Text(id).HTML(` of `).Text(p.Name).HTML(`">Disconnect</button></form>`)
			}
			s.HTML(`</td></tr>`)
		}
		s.endTable()
	}
	s.HTML(`</section>`)
}
