package pages

import (
	"cmp"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

func (d certificateData) body(s *sheet) {
	s.HTML(`<p><a href="/openvpn">Back to OpenVPN</a></p>`)
	s.alert(d.Form.Error)
	if d.None {
		d.none(s)
		return
	}
	s.HTML(`<p>`).Text(d.Subject).HTML(`, valid until `).Text(clock(d.NotAfter)).HTML(`. <a href="/openvpn/certificates/ca.crt">Download its certificate</a></p>`)
	if len(d.Findings) > 0 {
		s.section("To be seen to")
		s.HTML(`<ul>`)
		for _, f := range d.Findings {
			s.HTML(`<li><strong>`).Text(string(f.Severity)).HTML(`</strong> `).Maybe(``, f.Subject, `: `).Text(f.Text).HTML(`</li>`)
		}
		s.HTML(`</ul></section>`)
	}
	s.section("Issued")
	if len(d.Issued) > 0 {
		s.table("Name", "For", "State", "Until", "Serial number", "Renew, revoke, download")
		for _, issued := range d.Issued {
			issued.write(s)
		}
		s.endTable()
	} else {
		s.HTML(`<p>Nothing yet.</p>`)
	}
	s.HTML(`</section>`)
	if s.can(account.Admin) {
		d.issue(s)
	}
}

// none writes what can be done while there is no authority.
func (d certificateData) none(s *sheet) {
	s.HTML(`<p>There is no certificate authority on this gateway. One is needed to run a server with certificates of your own; a client gets its certificates from the operator of the server.</p>`)
	switch {
	case !d.Possible:
		s.HTML(`<p>This gateway has no place to keep one.</p>`)
	case s.can(account.Admin):
		s.HTML(`<form method="post" action="/openvpn/certificates/authority">`)
		typedField{name: "name", label: "Name of the authority", value: cmp.Or(d.Form.Name, "Fieldgate CA"), fault: d.Form.NameError}.write(s)
		s.HTML(`</div><button class="first">Make a certificate authority</button></form>`)
	}
}

// write writes the row of a certificate, with what can be done with it.
func (i issuedRow) write(s *sheet) {
	serial := string(i.Serial)
	s.row(i.Name)
	s.cells(string(i.Use))
	s.HTML(`<td>`)
	s.state(string(i.Condition), i.Good)
	s.HTML(`</td>`)
	s.cells(clock(i.NotAfter))
	s.HTML(`<td><code>`).Text(serial).HTML(`</code></td><td>`)
	if i.Usable && s.can(account.Admin) {
		s.HTML(`<form method="post" action="/openvpn/certificates/renew" class="inline">`)
		s.hidden("serial", serial)
		s.HTML(`<button aria-label="Renew `).Text(i.Name).HTML(`">Renew</button></form> <form method="post" action="/openvpn/certificates/revoke" class="inline">`)
		s.hidden("serial", serial)
		s.HTML(`<button class="danger" aria-label="Revoke `).Text(i.Name).HTML(`">Revoke</button></form>` +
			`<details><summary>Download</summary><form method="post" action="/openvpn/certificates/bundle">`)
		s.hidden("serial", serial)
		s.HTML(`<label for="p-`).Text(serial).HTML(`">Password of the file</label> <input type="password" id="p-`).Text(serial).
			HTML(`" name="password" autocomplete="new-password" required> <button>PKCS#12 file</button></form></details>`)
	}
	s.HTML(`</td></tr>`)
}

// issue writes the form of a new certificate.
func (d certificateData) issue(s *sheet) {
	f := d.Form
	s.section("New certificate")
	s.HTML(`<form method="post" action="/openvpn/certificates/issue">`)
	typedField{name: "name", label: "Name", value: f.Name, fault: f.NameError}.write(s)
	s.HTML(`<p class="hint">OpenVPN knows clients by it.</p></div><div class="field"><label for="use">For</label><select id="use" name="use">`)
	s.option("client", "a client", false)
	s.option("server", "a server", f.Use == "server")
	s.HTML(`</select></div>`)
	typedField{name: "names", label: "Further host names and addresses", value: f.Names, fault: f.NamesError}.write(s)
	s.HTML(`</div>`)
	typedField{name: "days", label: "Days until it ends (825 unless set)", value: f.Days, fault: f.DaysError, number: true}.write(s)
	s.HTML(`</div><button class="first">Issue</button></form>`)
	if len(d.Servers) > 0 {
		s.HTML(`<p>The OVPN file for a client is made on the page of the server: `)
		for _, name := range d.Servers {
			s.HTML(`<a href="`).Text(instancePath("/openvpn/instance", name)).HTML(`">`).Text(name).HTML(`</a> `)
		}
		s.HTML(`</p>`)
	}
	s.HTML(`</section>`)
}
