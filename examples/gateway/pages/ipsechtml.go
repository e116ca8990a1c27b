package pages

import (
	"strconv"

	"github.com/fieldgate/fieldgate/ipsec"
)

func (d ipsecData) page(s *sheet, settings settingsData) {
	s.alive(settings)
	if d.Diagram != nil {
		d.Diagram.write(s)
	}
	s.lists(settings.Lists)
	s.settings(settings)
}

func (d ipsecData) now(s *sheet) {
	s.section("State")
	defer s.HTML(`</section>`)
	if !d.Running {
		s.HTML(`<p>IPsec does not run: enable it below, then Save &amp; Apply.</p>`)
		return
	}
	s.HTML(`<p>IKE daemon: `)
	s.state(string(d.Daemon.State), d.Daemon.State == ipsec.DaemonReady)
	s.HTML(` `).Text(d.Daemon.Version).Maybe(` for `, since(d.Daemon.Since), ``)
	if d.Daemon.Restarts > 0 {
		s.HTML(`, came back `).Uint(d.Daemon.Restarts).HTML(` times`)
	}
	s.Maybe(` <span class="trouble">`, d.Daemon.Error, `</span>`).HTML(`</p>`)
	if len(d.Rows) == 0 {
		s.HTML(`<p>No connection is in force.</p>`)
		return
	}
	s.table("Connection", "Enabled", "Configured", "State", "For", "Start/Stop")
	for i, row := range d.Rows {
		row.write(s, i)
	}
	s.endTable()
	for _, row := range d.Rows {
		if len(row.SAs) > 0 {
			s.HTML(`<section aria-label="Channels of `).Text(row.Name).HTML(`"><h3>Channels of `).Text(row.Name).HTML(`</h3>`)
			for _, sa := range row.SAs {
				s.channel(sa)
			}
			s.HTML(`</section>`)
		}
	}
	for i, row := range d.Rows {
		if len(row.Newest) > 0 {
			s.HTML(`<details id="history-`).Int(i).HTML(`"><summary>What has happened to `).Text(row.Name).HTML(`</summary><ol>`)
			for _, t := range row.Newest {
				s.HTML(`<li>`).Text(clock(t.At)).HTML(` `).Text(string(t.State)).Maybe(`: `, t.Reason, ``).HTML(`</li>`)
			}
			s.HTML(`</ol></details>`)
		}
	}
}

// write writes a connection, and below it what is wrong with it.
func (row connectionRow) write(s *sheet, i int) {
	s.row(row.Name)
	s.cells(yesNo(row.Enabled))
	s.HTML(`<td>`)
	if row.Configured {
		s.HTML(`yes`)
	} else {
		s.mark(false, "no")
	}
	s.HTML(`</td><td>`)
	s.state(string(row.State), row.Good)
	s.HTML(`</td>`)
	s.cells(since(row.Since))
	s.HTML(`<td>`)
	s.verbs(row.Item, "/ipsec")
	s.HTML(`</td></tr>`)
	failure := row.LastError
	if failure == nil && len(row.Notices) == 0 {
		return
	}
	s.HTML(`<tr><td colspan="6">`)
	if failure != nil {
		s.HTML(`<p class="trouble">`).Text(string(failure.Cause)).HTML(`: `).Text(failure.Detail).HTML(` <small>`).Text(clock(failure.At)).HTML(`</small></p>`)
	}
	s.Maybe(`<p>Next try in `, row.RetryIn, `.</p>`)
	for _, notice := range row.Notices {
		s.HTML(`<p class="trouble">`).Text(notice).HTML(`</p>`)
	}
	if failure != nil && len(failure.Log) > 0 {
		s.HTML(`<details id="said-`).Int(i).HTML(`"><summary>What the daemon said</summary><pre>`)
		for _, line := range failure.Log {
			s.Text(line).HTML("\n")
		}
		s.HTML(`</pre></details>`)
	}
	s.HTML(`</td></tr>`)
}

// channel writes a keying channel with its data channels.
func (s *sheet) channel(sa ipsec.SA) {
	s.HTML(`<dl><div><dt>Keying channel</dt><dd>`).Text(string(sa.Version)).HTML(` `).Text(sa.State).Either(sa.Initiator, `, we called`, `, the peer called`).
		HTML(`</dd></div><div><dt>Here</dt><dd>`).Text(sa.LocalHost.String()).HTML(` `).Text(sa.LocalID).If(sa.NATLocal, ` behind NAT`).
		HTML(`</dd></div><div><dt>Peer</dt><dd>`).Text(sa.RemoteHost.String()).HTML(` `).Text(sa.RemoteID).If(sa.NATRemote, ` behind NAT`).HTML(`</dd></div>`)
	s.fact("Algorithms", sa.Algorithms)
	s.HTML(`<div><dt>SPIs</dt><dd><code>`).Text(sa.InitiatorSPI).HTML(` `).Text(sa.ResponderSPI).HTML(`</code></dd></div>`)
	s.fact("Up for", since(sa.Established))
	s.factIf("New keys", at(sa.RekeyAt))
	s.HTML(`</dl>`)
	if len(sa.Children) == 0 {
		return
	}
	s.table("Data channel", "State", "SPIs in, out", "Algorithms", "Here", "There", "In", "Out", "New keys")
	for _, c := range sa.Children {
		s.row(c.Name + " " + strconv.FormatUint(c.ID, 10))
		s.HTML(`<td>`).Text(c.State).HTML(` `).Text(c.Mode).If(c.UDPEncapsulated, ` in UDP`).
			HTML(`</td><td><code>`).Text(c.SPIIn).HTML(` `).Text(c.SPIOut).HTML(`</code></td>`)
		s.cells(c.Algorithms, joined(c.LocalSubnets), joined(c.RemoteSubnets),
			byteCount(c.BytesIn)+", "+number(c.PacketsIn)+" packets", byteCount(c.BytesOut)+", "+number(c.PacketsOut)+" packets", at(c.RekeyAt))
		s.HTML(`</tr>`)
	}
	s.endTable()
}

func (d diagram) write(s *sheet) {
	s.section("What refers to what")
	s.HTML(`<div class="scroll"><svg class="diagram" width="`).Int(d.Width).HTML(`" height="`).Int(d.Height).
		HTML(`" viewBox="0 0 `).Int(d.Width).HTML(` `).Int(d.Height).HTML(`" role="img" aria-labelledby="diagram-words">`)
	for _, l := range d.Lines {
		s.HTML(`<line x1="`).Int(l.X1).HTML(`" y1="`).Int(l.Y1).HTML(`" x2="`).Int(l.X2).HTML(`" y2="`).Int(l.Y2).HTML(`"></line>`)
	}
	for _, b := range d.Boxes {
		s.HTML(`<g`).If(b.Missing, ` class="missing"`).HTML(`><rect x="`).Int(b.X).HTML(`" y="`).Int(b.Y).HTML(`" width="`).Int(b.Width).HTML(`" height="`).Int(b.Height).
			HTML(`" rx="4"></rect><text x="`).Int(b.X + 8).HTML(`" y="`).Int(b.Y + 17).HTML(`">`).Text(b.Text).HTML(`</text></g>`)
	}
	s.HTML(`</svg></div><details><summary>In words</summary><ul id="diagram-words">`)
	for _, words := range d.Words {
		s.HTML(`<li>`).Text(words).HTML(`</li>`)
	}
	s.HTML(`</ul></details></section>`)
}
