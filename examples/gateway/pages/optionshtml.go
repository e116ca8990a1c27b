package pages

import "github.com/fieldgate/fieldgate/examples/gateway/account"

func (d optionsData) body(s *sheet) {
	s.HTML(`<p><a href="/openvpn">Back to OpenVPN</a>`)
	s.links(d.Links)
	s.HTML(`</p><h2>`).Text(d.Name).HTML(`</h2><ul class="tabs" aria-label="Groups of options">`)
	for _, tab := range d.Tabs {
		s.HTML(`<li><a href="`).Text(tab.Path).HTML(`"`).If(tab.Current, ` aria-current="page"`).HTML(`>`).Text(tab.Name)
		if tab.Set > 0 {
			s.HTML(` (`).Int(tab.Set).HTML(` set)`)
		}
		s.HTML(`</a></li>`)
	}
	s.HTML(`</ul>`)
	admin := s.can(account.Admin)
	buttons := func() {
		s.HTML(`<p>`)
		s.saveButtons()
		s.HTML(`</p>`)
	}
	s.beginForm(d.Form.formData)
	s.hidden("name", d.Form.Name)
	s.hidden("tab", d.Form.Tab)
	s.HTML(`<h3>Set</h3>`).If(len(d.Form.Set) == 0, `<p>None of this group.</p>`)
	for _, o := range d.Form.Set {
		o.write(s)
	}
	if admin {
		buttons()
	}
	s.HTML(`<details open><summary>Others</summary>`)
	for _, o := range d.Form.More {
		o.write(s)
	}
	s.HTML(`</details>`)
	if admin {
		buttons()
	} else {
		s.HTML(`<p>You may look, not change.</p>`)
	}
	s.HTML(`</form>`)
}

func (o optionField) write(s *sheet) {
	s.HTML(`<fieldset class="option`).If(o.Error != "", ` wrong`).HTML(`"><legend>`).Text(o.Name).HTML(`</legend>`)
	if o.Error != "" {
		s.HTML(`<p class="error" id="`).Text(o.ID()).HTML(`-error">`).Text(o.Error).HTML(`</p>`)
	}
	s.HTML(`<p class="hint">`).Text(o.Help).Maybe(` <span class="trouble">`, o.Weak, `</span>`).HTML(`</p>`)
	if o.Flag {
		s.HTML(`<div class="field"><label class="box"><input type="checkbox" id="`).Text(o.ID()).HTML(`" name="`).Text(o.ID()).HTML(`" value="on"`).
			If(o.Checked, ` checked`).HTML(`> Set it</label></div>`)
	}
	if o.Lines {
		s.HTML(`<div class="field"><label for="`).Text(o.ID()).HTML(`">`).Text(o.Name).HTML(`, one a line</label><textarea id="`).Text(o.ID()).HTML(`" name="`).Text(o.ID()).
			HTML(`" rows="2"`).If(o.Error != "", ` aria-invalid="true"`).HTML(` aria-describedby="`).Text(o.ID()).HTML(`-help">`).Text(o.Value).
			HTML(`</textarea><p class="hint" id="`).Text(o.ID()).HTML(`-help">`)
		for i, p := range o.Params {
			s.If(i > 0, `, `).Text(p.Name)
		}
		s.HTML(`</p></div>`)
	}
	for _, f := range o.Fields {
		s.field(f)
	}
	s.HTML(`</fieldset>`)
}
