package pages

import (
	"cmp"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

func (d apiData) page(s *sheet, settings settingsData) {
	s.alive(settings)
	if d.Key.Key != "" {
		s.HTML(`<div class="notice warn" role="status"><p>The key of `).Text(d.Key.Name).
			HTML(`. It is shown this once, so copy it now; the gateway keeps only its hash. It opens the API when the change is applied.</p><p><code class="key">`).Text(d.Key.Key).HTML(`</code></p></div>`)
	}
	s.section("Endpoints")
	s.HTML(`<p class="hint">Each is switched on by itself; all are off at first.</p>`)
	s.form(d.Endpoints)
	s.HTML(`</section>`)
	s.lists(settings.Lists)
	if s.can(account.Admin) {
		d.Key.write(s)
	}
	if d.Try.Possible && s.can(account.Operator) {
		d.Try.write(s)
	}
	s.settings(settings)
}

func (d apiData) now(s *sheet) {
	s.section("State")
	defer s.HTML(`</section>`)
	if !d.Running {
		s.HTML(`<p>The API does not run: enable it below, then Save &amp; Apply.</p>`)
		return
	}
	s.HTML(`<dl>`)
	s.fact("Served at", cmp.Or(d.Status.Listening, "this web server"))
	s.fact("Requests", number(d.Status.Requests))
	s.fact("Refused", number(d.Status.Refused))
	s.fact("Failed", number(d.Status.Failed))
	s.HTML(`</dl>`)
	if d.Status.LastError != "" {
		s.HTML(`<p class="trouble">Last error at `).Text(clock(d.Status.LastErrorAt)).HTML(`: `).Text(d.Status.LastError).HTML(`</p>`)
	}
}

// write writes the form of a new key.
func (d keyData) write(s *sheet) {
	name := d.Name
	if d.Key != "" {
		name = "" // that one is made
	}
	s.section("New key")
	s.HTML(`<form method="post" action="/api-settings/new-key">`)
	s.alert(d.Error)
	s.HTML(`<div class="field"><label for="key-name">Name</label><input id="key-name" name="name" value="`).Text(name).
		HTML(`" required><p class="hint">Tells keys apart in the log: letters, digits, - and _</p></div>` +
			`<div class="field"><label for="key-endpoints">Endpoints that it opens</label><input id="key-endpoints" name="endpoints" value="`).Text(d.Endpoints).
		HTML(`"><p class="hint">Such as: device_tags tags; with blanks between. Empty: all that are on.</p></div>` +
			`<div class="field"><label for="key-sources">Networks from which it may be used</label><input id="key-sources" name="sources" value="`).Text(d.Sources).
		HTML(`"><p class="hint">Such as: 192.168.1.0/24; with blanks between. Empty: everywhere.</p></div>` +
			`<div class="field"><label for="key-days">Days until it ends</label><input id="key-days" name="days" inputmode="numeric" value="`).Text(d.Days).
		HTML(`"><p class="hint">Empty: never.</p></div><button>Make a key</button></form></section>`)
}

// write writes the form of a request, and the answer to the last one.
func (d tryData) write(s *sheet) {
	s.HTML(`<section aria-label="Try it"><h2 id="try">Try it</h2><form method="post" action="/api-settings/try#try">` +
		`<div class="field"><label for="try-endpoint">Endpoint</label><select id="try-endpoint" name="endpoint">`)
	for _, e := range d.Endpoints {
		label := e.Path
		for _, field := range e.Fields {
			label += " " + field
		}
		s.option(e.Path, label, e.Path == d.Path)
	}
	s.HTML(`</select></div><div class="field"><label for="try-device">device_alias</label><input id="try-device" name="device_alias" value="`).Text(d.Device).
		HTML(`"></div><div class="field"><label for="try-signal">signal_alias</label><input id="try-signal" name="signal_alias" value="`).Text(d.Signal).
		HTML(`"></div><div class="field"><label for="try-key">Key</label><input type="password" id="try-key" name="key" autocomplete="off"></div><button>Ask</button></form>`)
	if d.Status != 0 {
		s.HTML(`<h3>Answer: status `).Int(d.Status).HTML(`</h3><pre tabindex="0">`).Text(d.Answer).HTML(`</pre>`).
			If(d.Cut, `<p>It goes on: this is the begin.</p>`).
			HTML(`<p>The same from a shell:</p><pre tabindex="0">`).Text(d.Curl).HTML(`</pre>`)
	}
	s.HTML(`</section>`)
}
