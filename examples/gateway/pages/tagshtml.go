package pages

import "cmp"

func (d tagsData) body(s *sheet) {
	if len(d.Devices) > 0 {
		s.HTML(`<nav aria-label="Devices"><ul class="tabs">`)
		for _, device := range d.Devices {
			s.HTML(`<li><a href="`).Text(device.Path).HTML(`"`).If(device.Current, ` aria-current="page"`).HTML(`>`).Text(cmp.Or(device.Name, device.Alias)).HTML(`</a></li>`)
		}
		s.HTML(`</ul></nav>`)
	}
	s.alive(d)
}

func (d tagsData) live(s *sheet) {
	switch {
	case d.Trouble != "":
		s.alert(d.Trouble)
		return
	case len(d.Devices) == 0:
		s.HTML(`<p>No device is configured. /api/sync takes the configuration of devices and tags.</p>`)
		return
	}
	s.HTML(`<p>`).Text(d.Device.Alias).HTML(`, `).Text(d.Device.Protocol).HTML(`</p>`)
	if len(d.Rows) == 0 {
		s.HTML(`<p>The device has no tags.</p>`)
		return
	}
	s.table("Tag", "Name", "Value", "State", "Age")
	for _, row := range d.Rows {
		s.row(row.SignalAlias)
		s.HTML(`<td>`).Text(row.Name).Maybe(` <small>from `, row.SourceDeviceAlias, `</small>`).HTML(`</td>`)
		s.cells(row.Value)
		s.HTML(`<td>`)
		switch {
		case row.Trouble != "":
			s.HTML(`<span class="trouble">`).Text(row.Trouble).HTML(`</span>`)
		case row.Good:
			s.state("good", true)
		default:
			s.state(row.Flags, false)
		}
		s.HTML(`</td>`)
		s.cells(since(row.Time))
		s.HTML(`</tr>`)
	}
	s.endTable()
	s.HTML(`<p>`).Int(d.First).HTML(` to `).Int(d.Last).HTML(` of `).Int(d.Total).HTML(`. `).
		Maybe(`<a href="`, d.Before, `" id="before">Those before</a>`).HTML(` `).
		Maybe(`<a href="`, d.Next, `" id="next">Those after</a>`).HTML(`</p>`)
}
