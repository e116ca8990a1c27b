package pages

func (d statusData) body(s *sheet) { s.alive(d) }

func (d statusData) live(s *sheet) {
	if len(d.Missing) > 0 {
		s.HTML(`<section aria-labelledby="missing"><h2 id="missing">Missing on this host</h2><ul>`)
		for _, m := range d.Missing {
			s.HTML(`<li>`).Text(m.Service).HTML(`: `).Text(m.What).Maybe(` — mend it with <code>`, m.Command, `</code>`).HTML(`</li>`)
		}
		s.HTML(`</ul></section>`)
	}
	s.HTML(`<section aria-labelledby="services"><h2 id="services">Services</h2>`)
	s.table("Service", "State", "For", "Detail")
	for _, service := range d.Services {
		s.row(service.Name)
		s.HTML(`<td class="`).Text(service.State).HTML(`"><span aria-hidden="true">`)
		switch service.State {
		case "running":
			s.HTML(`●`)
		case "disabled":
			s.HTML(`○`)
		default:
			s.HTML(`▲`)
		}
		s.HTML(`</span> `).Text(service.State).HTML(`</td>`)
		s.cells(since(service.Since))
		s.HTML(`<td>`).Text(service.Detail).Maybe(` <span class="trouble">Last error: `, service.Error, `</span>`).HTML(`</td></tr>`)
	}
	s.endTable()
	s.HTML(`</section><section aria-labelledby="device"><h2 id="device">Device</h2>`)
	if d.Trouble != nil {
		s.HTML(`<p role="alert">The facts of the device cannot be read: `).Text(d.Trouble.Error()).HTML(`</p>`)
	}
	s.HTML(`<dl>`)
	for _, f := range d.Facts {
		s.fact(f.Name, f.Value)
	}
	s.HTML(`</dl></section>`)
	if len(d.Plots) > 0 {
		s.HTML(`<section aria-labelledby="plots"><h2 id="plots">The last ten minutes</h2><div class="plots">`)
		for _, p := range d.Plots {
			p.write(s)
		}
		s.HTML(`</div></section>`)
	}
}

func (p plot) write(s *sheet) {
	s.HTML(`<figure><figcaption><strong>`).Text(p.Title).HTML(`</strong> `).Text(p.Words).
		HTML(`</figcaption><svg class="plot" viewBox="0 -1 120 42" preserveAspectRatio="none" role="img" aria-label="`).Text(p.Title).HTML(`: `).Text(p.Words).
		HTML(`; between `).Text(p.Low).HTML(` and `).Text(p.High).HTML(`"><line class="axis" x1="0" y1="40" x2="120" y2="40"></line>`)
	for _, points := range p.A {
		s.HTML(`<polyline class="a" points="`).Text(points).HTML(`"></polyline>`)
	}
	for _, points := range p.B {
		s.HTML(`<polyline class="b" points="`).Text(points).HTML(`"></polyline>`)
	}
	s.HTML(`</svg><figcaption>`).Text(p.Low).HTML(` to `).Text(p.High).If(len(p.B) > 0, `; the broken line is out`).HTML(`</figcaption></figure>`)
}
