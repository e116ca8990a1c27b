package pages

import (
	"cmp"
	"net/netip"
	"strconv"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/openvpn"
)

func (d instanceData) body(s *sheet) {
	s.HTML(`<p><a href="/openvpn">Back to OpenVPN</a>`)
	s.links(d.Links)
	s.HTML(`</p>`)
	s.alive(d)
	if d.Configured {
		d.files(s)
	}
	if d.Server && d.Authority && s.can(account.Admin) {
		d.clientFiles(s)
	}
}

// files writes the files of the instance, and what can be done with them.
func (d instanceData) files(s *sheet) {
	s.section("Files")
	defer s.HTML(`</section>`)
	switch {
	case !d.HasStore:
		s.HTML(`<p>There is no place to keep files.</p>`)
		return
	case len(d.Files) == 0:
		s.HTML(`<p>It needs none.</p>`)
		return
	}
	s.table("File", "For", "Comes from", "There", "Upload")
	for _, f := range d.Files {
		f.write(s, d.Name)
	}
	s.endTable()
	if !s.can(account.Admin) {
		return
	}
	if d.Makes {
		s.HTML(`<form method="post" action="/openvpn/make-files">`)
		s.hidden("name", d.Name)
		s.HTML(`<button class="first">Make what is missing</button><p class="hint">`).
			Either(d.Authority, `The certificate authority of this gateway issues certificates and keys.`,
				`What an authority would issue is not made: there is no <a href="/openvpn/certificates">certificate authority</a> on this gateway yet.`).
			HTML(`</p></form>`)
	}
	s.HTML(`<details><summary>Delete the files</summary><form method="post" action="/openvpn/delete-files">`)
	s.hidden("name", d.Name)
	s.HTML(`<div class="field"><label class="box"><input type="checkbox" id="sure" name="sure" value="on"> All files of this instance shall go. Nobody can bring keys back.</label></div>` +
		`<button class="danger">Delete the files</button></form></details>`)
}

// write writes the row of a file of an instance.
func (f fileRow) write(s *sheet, instance string) {
	s.row(f.Name)
	s.cells(string(f.Kind), origin(f.Origin))
	s.HTML(`<td>`)
	if f.There {
		s.mark(true, "yes")
	} else {
		s.mark(false, "missing")
	}
	for _, warning := range f.Warnings {
		s.HTML(`<br><span class="trouble">`).Text(warning).HTML(`</span>`)
	}
	s.HTML(`</td><td>`)
	if s.can(account.Admin) {
		s.HTML(`<form method="post" action="/openvpn/file" enctype="multipart/form-data" class="inline">`)
		s.hidden("name", instance)
		s.hidden("kind", string(f.Kind))
		s.HTML(`<label class="unseen" for="file-`).Text(string(f.Kind)).HTML(`">`).Text(f.Name).HTML(`</label><input type="file" id="file-`).Text(string(f.Kind)).
			HTML(`" name="file" required> <button aria-label="Upload `).Text(f.Name).HTML(`">Upload</button></form>`)
	}
	s.HTML(`</td></tr>`)
}

// origin says where a file comes from.
func origin(o openvpn.Origin) string {
	switch o {
	case openvpn.OriginAuthority:
		return "the certificate authority"
	case openvpn.OriginHere:
		return "this gateway"
	case openvpn.OriginShared:
		return "one end; both have the same"
	}
	return "the operator of the other end"
}

// clientFiles writes the form of an OVPN file for a client.
func (d instanceData) clientFiles(s *sheet) {
	s.section("Files for clients")
	s.HTML(`<p>One OVPN file has all that a client needs, its key too. Hand it over on a safe way.</p><form method="post" action="/openvpn/client-file">`)
	s.hidden("name", d.Name)
	s.HTML(`<div class="field"><label for="host">Name or address of this gateway, as the client reaches it</label><input id="host" name="host" required></div>` +
		`<div class="field"><label for="serial">Certificate</label><select id="serial" name="serial">`)
	s.option("", "a new one, for the name below", false)
	for _, issued := range d.Issued {
		if issued.Usable && issued.Use == "client" {
			s.option(string(issued.Serial), issued.Name, false)
		}
	}
	s.HTML(`</select></div><div class="field"><label for="client">Name of a new client</label><input id="client" name="client"></div><button>Download the OVPN file</button></form></section>`)
}

func (d instanceData) live(s *sheet) {
	s.HTML(`<section aria-label="State"><h2>`).Text(d.Name).HTML(`</h2>`)
	if d.Status == nil {
		s.HTML(`<p>It does not run: the configuration is not applied yet, or OpenVPN is disabled.</p></section>`)
		return
	}
	d.state(s, *d.Status)
	s.HTML(`</section>`)
	if d.Status.Role == openvpn.RoleServer {
		d.clients(s)
	}
	s.HTML(`<details id="history"><summary>What has happened</summary><ol>`)
	for _, t := range d.Status.History {
		s.HTML(`<li>`).Text(clock(t.At)).HTML(` `).Text(string(t.State)).Maybe(`, `, string(t.Cause), ``).Maybe(`: `, t.Detail, ``).HTML(`</li>`)
	}
	s.If(len(d.Status.History) == 0, `<li>Nothing yet.</li>`).HTML(`</ol></details>`)
	if lines := d.Status.Report.Lines; len(lines) > 0 {
		s.HTML(`<details id="report"><summary>What was made of the file</summary>`)
		s.report(lines)
		s.HTML(`</details>`)
	}
	if len(d.Log) > 0 {
		s.section("Log of openvpn")
		s.HTML(`<pre class="log" tabindex="0">`)
		for _, line := range d.Log {
			s.Text(clock(line.At)).HTML(` <span`).If(line.Flags == "W", ` class="warn"`).If(line.Flags == "F" || line.Flags == "N", ` class="error"`).
				HTML(`>`).Text(line.Flags).HTML(`</span> `).Text(line.Text).HTML("\n")
		}
		s.HTML(`</pre></section>`)
	}
}

// state writes how an instance does.
func (d instanceData) state(s *sheet, now openvpn.InstanceStatus) {
	s.HTML(`<p>`)
	s.state(string(now.State), now.State == openvpn.StateConnected)
	s.Maybe(` (`, now.Step, `)`).Maybe(` for `, since(now.Since), ``).HTML(` `)
	s.verbs(d.Item, d.Here)
	s.HTML(`</p>`)
	if now.Detail != "" {
		s.HTML(`<p role="alert">`).Maybe(``, string(now.Cause), `: `).Text(now.Detail).HTML(`</p>`)
	}
	s.Maybe(`<p>Next try in `, d.RetryIn, `.</p>`).Maybe(`<p role="alert">The last change is not in force: `, now.Pending, `</p>`)
	for _, warning := range now.Warnings {
		s.HTML(`<p class="trouble">`).Text(warning.String()).HTML(`</p>`)
	}
	s.HTML(`<dl>`)
	s.fact("Role", string(now.Role))
	s.fact("Started", started(now.Started, now.PID))
	s.fact("Port", strconv.Itoa(int(now.Port))+" "+now.Protocol)
	s.fact("Device", now.Device)
	if now.Tunnel.IsValid() {
		s.HTML(`<div><dt>Address in the tunnel</dt><dd>`).Text(now.Tunnel.String()).Maybe(`, `, address(now.Tunnel6), ``).HTML(`</dd></div>`)
	}
	if now.Remote.IsValid() {
		s.fact("Other end", now.Remote.String())
	}
	s.fact("Traffic in, out", byteCount(now.BytesIn)+", "+byteCount(now.BytesOut))
	s.fact("Restarts", strconv.FormatUint(now.Restarts, 10))
	s.HTML(`</dl>`)
}

// address is one that may be missing.
func address(a netip.Addr) string {
	if a.IsValid() {
		return a.String()
	}
	return ""
}

// clients writes who is connected to a server, and who is kept away.
func (d instanceData) clients(s *sheet) {
	operator := s.can(account.Operator)
	s.section("Connected clients")
	if len(d.Status.Clients) > 0 {
		s.table("Name", "User", "From", "Address", "In, out", "For", "Cipher", "Disconnect")
		for _, c := range d.Status.Clients {
			s.row(c.CommonName)
			s.cells(c.Username, c.Real)
			s.HTML(`<td>`).Text(address(c.Virtual)).Maybe(` `, address(c.Virtual6), ``).HTML(`</td>`)
			s.cells(byteCount(c.BytesIn)+", "+byteCount(c.BytesOut), since(c.Since), c.Cipher)
			s.HTML(`<td>`)
			if operator {
				name := cmp.Or(c.CommonName, c.Username)
				d.clientVerb(s, name, "kick", "Disconnect")
				s.HTML(` `)
				d.clientVerb(s, name, "ban", "Keep away for an hour")
			}
			s.HTML(`</td></tr>`)
		}
		s.endTable()
	} else {
		s.HTML(`<p>Nobody is connected.</p>`)
	}
	if len(d.Bans) > 0 {
		s.HTML(`<h3>Kept away</h3><ul>`)
		for _, b := range d.Bans {
			s.HTML(`<li>`).Text(b.Client)
			if b.Until.IsZero() {
				s.HTML(` until OpenVPN is restarted `)
			} else {
				s.HTML(` until `).Text(clock(b.Until)).HTML(` `)
			}
			if operator {
				d.clientVerb(s, b.Client, "unban", "Let in again")
			}
			s.HTML(`</li>`)
		}
		s.HTML(`</ul>`)
	}
	s.HTML(`</section>`)
}

// clientVerb writes a button that does something to a client.
func (d instanceData) clientVerb(s *sheet, client, verb, text string) {
	s.HTML(`<form method="post" action="/openvpn/client" class="inline" hx-post="/openvpn/client" hx-target="#message">`)
	s.hidden("name", d.Name)
	s.hidden("client", client)
	s.hidden("back", d.Here)
	s.hidden("verb", verb)
	s.HTML(`<button id="`).Text(verb).HTML(`-`).Text(client).HTML(`" aria-label="`).Text(text).HTML(`: `).Text(client).HTML(`">`).Text(text).HTML(`</button></form>`)
}

// report writes what became of the lines of a file.
func (s *sheet) report(lines []openvpn.ReportLine) {
	s.table("Line", "Option", "What becomes of it", "Why")
	for _, line := range lines {
		number := "all"
		if line.Number > 0 {
			number = strconv.Itoa(line.Number)
		}
		s.row(number)
		s.cells(line.Option)
		s.HTML(`<td>`)
		switch line.Verdict {
		case openvpn.VerdictKept:
			s.mark(true, string(line.Verdict))
		case openvpn.VerdictRefused, openvpn.VerdictWarned:
			s.mark(false, string(line.Verdict))
		default:
			s.HTML(`<span class="off"><span aria-hidden="true">○</span> `).Text(string(line.Verdict)).HTML(`</span>`)
		}
		s.HTML(`</td>`)
		s.cells(line.Reason)
		s.HTML(`</tr>`)
	}
	s.endTable()
}
