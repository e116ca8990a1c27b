package pages

func (d telemetryData) page(s *sheet, settings settingsData) {
	s.alive(settings)
	s.settings(settings)
}

func (d telemetryData) now(s *sheet) {
	s.section("State")
	defer s.HTML(`</section>`)
	if !d.Running {
		s.HTML(`<p>The agent does not run: enable it below, then Save &amp; Apply.</p>`)
		return
	}
	s.HTML(`<dl>`)
	s.fact("Reports made", number(d.Reports))
	s.factIf("Next report", at(d.Next))
	if d.Skipped > 0 {
		s.fact("Periods without a report", number(d.Skipped))
	}
	s.HTML(`</dl>`).Maybe(`<p class="trouble">Not all facts could be read: `, d.SourceError, `</p>`)
	if len(d.Destinations) == 0 {
		s.HTML(`<p>There is no server to send to.</p>`)
		return
	}
	s.table("Server", "State", "Sent", "Confirmed", "Waiting", "Failed, dropped", "Last sent")
	for _, to := range d.Destinations {
		s.HTML(`<tr><th scope="row">`).Text(to.Destination.String()).Maybe(` <small>`, to.Address, `</small>`).HTML(`</th><td>`)
		switch {
		case to.Failing:
			s.state("failing", false)
		case to.Sent > 0:
			s.state("sending", true)
		default:
			s.HTML(`<span class="off"><span aria-hidden="true">○</span> nothing sent yet</span>`)
		}
		s.HTML(`</td>`)
		s.cells(number(to.Sent))
		s.HTML(`<td>`)
		if to.LastAck.IsZero() {
			s.HTML(`<span class="off">not asked for</span>`)
		} else {
			s.Text(number(to.Acked))
			if to.Unacked > 0 {
				s.HTML(`, `).Text(number(to.Unacked)).HTML(` never`)
			}
		}
		s.HTML(`</td>`)
		s.cells(number(to.Waiting), number(to.Failed)+", "+number(to.Dropped))
		s.HTML(`<td>`).Maybe(``, since(to.LastSent), ` ago`).HTML(`</td></tr>`)
		if to.LastError != "" {
			s.HTML(`<tr><td colspan="7"><p class="trouble">`).Text(to.LastError).HTML(` <small>`).Text(clock(to.LastErrorAt)).HTML(`</small></p></td></tr>`)
		}
	}
	s.endTable()
}
