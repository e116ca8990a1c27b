package pages

import (
	"cmp"

	"github.com/fieldgate/fieldgate/openvpn"
)

func (d importData) body(s *sheet) {
	s.HTML(`<p><a href="/openvpn">Back to OpenVPN</a></p>`).Maybe(`<p role="alert">The file is not taken: `, d.Error, `</p>`)
	if d.Token == "" {
		s.HTML(`<p>A file with all parameters, as the operator of the other end, a provider or another device gives it. Each line is looked at, and you see what becomes of it before anything is stored.</p>` +
			`<form method="post" action="/openvpn/import" enctype="multipart/form-data">` +
			`<div class="field"><label for="name">Name of the instance</label><input id="name" name="name" value="`).Text(d.Name).
			HTML(`" required aria-describedby="name-help"><p class="hint" id="name-help">1 to 32 letters, digits, - and _</p></div>` +
				`<div class="field"><label for="file">OVPN file</label><input type="file" id="file" name="file" accept=".ovpn,.conf" required></div>` +
				`<button class="first">Look at it</button></form>`)
		return
	}
	s.HTML(`<h2>What becomes of the file</h2><p>`).Int(d.Kept).HTML(` lines mean the same as before. Nothing is stored yet. The instance is a `).
		Text(string(cmp.Or(d.Instance.Role, openvpn.RoleClient)))
	for _, remote := range d.Instance.Remotes {
		s.HTML(`, calls `).Text(remote.Host)
	}
	s.HTML(`.`)
	if d.Inline > 0 {
		s.HTML(` `).Int(d.Inline).HTML(` keys and certificates were in the file.`)
	}
	s.HTML(`</p>`)
	s.report(d.Report)
	if len(d.Needed) > 0 {
		s.HTML(`<div class="notice"><p>These files are only named, not in the file. You can upload them when the instance is saved:</p>`)
		s.list(d.Needed)
		s.HTML(`</div>`)
	}
	s.HTML(`<form method="post" action="/openvpn/imported" class="record">`)
	s.hidden("token", d.Token)
	typedField{name: "name", label: "Name", value: d.Name, fault: d.NameFault}.write(s)
	s.HTML(`</div><p>`)
	s.saveButtons()
	s.HTML(`</p></form><p><a href="/openvpn/import">Another file</a></p>`)
}
