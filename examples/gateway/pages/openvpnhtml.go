package pages

import (
	"strconv"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

func (d openvpnData) page(s *sheet, settings settingsData) {
	s.alive(settings)
	if len(d.Rows) > 0 && settings.Own != nil && s.can(account.Admin) {
		s.switches(*settings.Own)
	}
	s.If(s.can(account.Admin), `<section aria-label="New instance"><h2>New instance</h2><p><a class="button" href="/openvpn/new">From a recipe</a> `+
		`<a class="button" href="/openvpn/import">Upload an OVPN file</a> <a class="button" href="/openvpn/instances/+">From nothing</a></p>`+
		`<p class="hint">Recipes hold the most used set-ups and need a few answers only. Take them unless the operator of the other end gave you an OVPN file.</p></section>`).
		HTML(`<section aria-label="Certificates"><h2>Certificates</h2><p><a href="/openvpn/certificates">Certificates of servers and clients</a></p></section>`)
	s.settings(settings)
}

func (d openvpnData) now(s *sheet) {
	s.section("Instances")
	defer s.HTML(`</section>`)
	switch {
	case !d.Running:
		s.HTML(`<p>OpenVPN does not run: enable it below, then Save &amp; Apply.</p>`)
	case d.Version != "":
		s.HTML(`<p class="hint">openvpn `).Text(d.Version).HTML(`</p>`)
	default:
		s.alert(d.Error)
	}
	s.Maybe(`<p role="alert">The folder of *.conf files cannot be read: `, d.FolderError, `</p>`)
	if len(d.Rows) == 0 {
		s.HTML(`<p>There is none yet.</p>`)
		return
	}
	s.HTML(`<div class="scroll"><table id="instances"><thead><tr>`)
	s.columns([]string{"Name", "Enabled", "Started", "Start/Stop", "Port", "Protocol", "State", "Traffic in, out", "Edit", "Delete"})
	s.HTML(`</tr></thead><tbody>`)
	for _, row := range d.Rows {
		row.write(s, word(d.Base))
	}
	s.endTable()
}

// write writes the row of an instance. Its forms begin with the revision base.
func (row instanceRow) write(s *sheet, base string) {
	admin := s.can(account.Admin)
	s.HTML(`<tr><th scope="row"><a href="`).Text(row.Path).HTML(`">`).Text(row.Name).HTML(`</a>`).
		If(row.FromFolder, ` <small>(from the folder)</small>`).If(row.Gone, ` <small>(deleted, not applied)</small>`).HTML(`</th><td>`)
	if row.Tick != nil && admin {
		s.tick(*row.Tick)
	} else {
		s.Text(yesNo(row.Enabled))
	}
	s.HTML(`</td>`)
	s.cells(started(row.Started, row.PID))
	s.HTML(`<td>`)
	s.verbs(row.Item, "/openvpn")
	s.HTML(`</td>`)
	s.cells(strconv.Itoa(int(row.Port)), row.Protocol)
	s.HTML(`<td>`)
	row.how(s)
	s.HTML(`</td>`)
	s.cells(byteCount(row.In) + ", " + byteCount(row.Out))
	s.HTML(`<td>`)
	if row.Edit != "" {
		s.HTML(`<a href="`).Text(row.Edit).HTML(`" id="edit-`).Text(row.Edit).HTML(`">Edit</a>`)
	}
	s.HTML(`</td><td>`)
	if row.Edit != "" && admin {
		s.HTML(`<form method="post" action="`).Text(row.Edit).HTML(`" class="inline">`)
		s.hidden("base", base)
		s.HTML(`<button name="action" value="delete" class="danger" id="delete-`).Text(row.Name).HTML(`" aria-label="Delete `).Text(row.Name).HTML(`">Delete</button></form>`)
	}
	s.HTML(`</td></tr>`)
}

// how writes how an instance does.
func (row instanceRow) how(s *sheet) {
	s.state(row.State, row.Good)
	s.Maybe(` <small>`, row.Step, `</small>`).Maybe(` <small>for `, since(row.Since), `</small>`)
	if row.Clients > 0 {
		s.HTML(` <small>`).Int(row.Clients).Either(row.Clients == 1, ` client`, ` clients`).HTML(`</small>`)
	}
	if row.Detail != "" {
		s.HTML(`<br><span class="trouble">`).Maybe(``, string(row.Cause), `: `).Text(row.Detail).HTML(`</span>`)
	}
	s.Maybe(` <small>next try in `, row.Again, `</small>`).
		Maybe(`<br><span class="trouble">The last change is not in force: `, row.Pending, `</span>`)
}

// started says whether a process runs, and which.
func started(yes bool, pid int) string {
	if yes {
		return "yes (" + strconv.Itoa(pid) + ")"
	}
	return "no"
}
