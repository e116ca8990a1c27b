package pages

import (
	"cmp"
	"strconv"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

func (d upgradeData) body(s *sheet) {
	s.alive(d)
	switch {
	case d.Off:
		s.HTML(`<p>No firmware is taken. <a href="/config/upgrade">Switch it on</a></p>`)
		return
	case !s.can(account.Admin):
		return
	}
	if d.Token != "" {
		s.HTML(`<form method="post" action="/upgrade/apply" class="notice warn">`)
		s.hidden("image", d.Token)
		s.HTML(`<p>The image is whole and its signature is good. The device goes down for the upgrade; tunnels and serial connections break off.</p><button class="danger">Upgrade now</button></form>`)
	}
	s.section("Upload")
	s.HTML(`<form method="post" action="/upgrade" enctype="multipart/form-data" hx-post="/upgrade" hx-encoding="multipart/form-data" hx-target="#message">` +
		`<div class="field"><label for="file">Firmware image, signed</label><input type="file" id="file" name="file" required></div>` +
		`<p><progress hidden value="0" max="1" aria-label="Uploaded"></progress></p><button class="first">Upload and check</button>` +
		`<p class="hint">Nothing is installed by this: you are asked when the image is checked.</p></form></section>`)
}

func (d upgradeData) live(s *sheet) {
	s.HTML(`<dl>`)
	s.fact("Runs now", cmp.Or(d.Firmware, "unknown"))
	if !d.Known {
		s.HTML(`</dl>`)
		return
	}
	last := d.Status
	s.HTML(`<div><dt>Last upgrade</dt><dd>`).Text(string(last.Stage)).Maybe(` for `, since(last.Since), ``).HTML(`</dd></div>`)
	s.factIf("Version of the image", last.Version)
	s.factIf("For", last.Board)
	if last.Size != 0 {
		s.fact("Received", strconv.FormatInt(last.Received, 10)+" of "+strconv.FormatInt(last.Size, 10)+" bytes")
	}
	s.HTML(`</dl>`)
	s.alert(last.Error)
	s.Maybe(`<pre tabindex="0">`, last.Output, `</pre>`)
}
