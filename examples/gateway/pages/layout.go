package pages

import (
	"fmt"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

// frame is what stands around a page.
type frame struct {
	Title     string
	Path      string
	User      account.User
	Menu      []section
	Version   string
	Simulated bool
	Unapplied int       // fields that were saved and not applied
	Pending   time.Time // until when an apply has to be confirmed
	Left      string
	LeftOut   bool   // the service of the page was left out of this gateway
	Live      bool   // the page has something that lives
	Again     string // the page itself
	Now       time.Time
}

// write writes a whole page.
func (f frame) write(s *sheet, c content) {
	s.HTML(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>`).Text(f.Title).HTML(` · Gateway</title>
<link rel="icon" href="/static/icon.svg">
<link rel="stylesheet" href="/static/style.css">
<meta name="htmx-config" content='{"includeIndicatorStyles":false,"allowEval":false,"historyCacheSize":0,"responseHandling":[{"code":"204","swap":false},{"code":"...","swap":true}]}'>
<script src="/static/htmx.min.js" defer></script>
<script src="/static/live.js" defer></script>
</head>
<body>
<a class="skip" href="#main">To the content</a>
`)
	f.header(s)
	s.HTML(`<main id="main">
`)
	f.notices(s)
	s.HTML(`<h1>`).Text(f.Title).HTML(`</h1>
<div id="message" aria-live="polite"></div>
`)
	if f.Live {
		s.HTML(`<noscript><p><a href="`).Text(f.Again).HTML(`">Show how it is now</a></p></noscript>
`)
	}
	c.body(s)
	s.HTML(`
</main>
<footer><p>As of `).Text(clock(f.Now)).If(f.Live, `<span class="staleness"> · the connection is lost, what you see is old</span>`).HTML(`</p></footer>
</body>
</html>
`)
}

func (f frame) header(s *sheet) {
	s.HTML(`<header>
<p class="brand"><a href="/">Gateway</a> <small>fieldgate `).Text(f.Version).HTML(`</small></p>
`)
	if f.User.Name != "" {
		s.HTML(`<form method="post" action="/logout" class="who"><span>`).Text(f.User.Name).HTML(` (`).Text(string(f.User.Role)).HTML(`)</span> <button>Log out</button></form>
`)
	}
	s.HTML(`</header>
`)
	if f.User.Role == "" {
		return
	}
	s.HTML(`<nav aria-label="Services"><ul>
`)
	for _, entry := range f.Menu {
		if s.can(entry.Role) {
			s.HTML(`<li><a href="`).Text(entry.Path).HTML(`"`).If(entry.holds(f.Path), ` aria-current="page"`).HTML(`>`).Text(entry.Title).HTML(`</a></li>
`)
		}
	}
	s.HTML(`</ul></nav>
`)
}

// holds reports whether a page belongs to an entry of the menu.
func (e section) holds(path string) bool {
	return path == e.Path || e.Path != "/" && strings.HasPrefix(path, e.Path+"/")
}

// notices says what is to be known on every page.
func (f frame) notices(s *sheet) {
	s.If(f.Simulated, `<p class="notice">Simulated device: every value here is made up.</p>
`)
	s.If(f.LeftOut, `<p class="notice warn" role="status">This gateway was built without this service: what is set here has no effect.</p>
`)
	switch {
	case f.Left != "":
		s.HTML(`<form method="post" action="/confirm" class="notice warn" role="alert"><p>The configuration in force is not confirmed. In `).Text(f.Left).
			HTML(` the one before comes back by itself.</p><button>Keep the new configuration</button></form>
`)
	case f.Unapplied > 0:
		s.HTML(`<p class="notice warn" role="status">`).Int(f.Unapplied).HTML(` saved `).Either(f.Unapplied == 1, `change is`, `changes are`).
			HTML(` not applied yet. <a href="/apply">Look and apply</a></p>
`)
	}
}

// problem is the content of a page about an error.
type problem string

func (p problem) body(s *sheet) {
	s.alert(string(p))
	s.HTML(`<p><a href="/">To the status page</a></p>`)
}

// message writes a text for a page that is open.
func (s *sheet) message(text, trouble string) {
	if trouble != "" {
		s.alert(trouble)
		return
	}
	s.HTML(`<p role="status">`).Text(text).HTML(`</p>`)
}

// since says how long ago something was, as people say it.
func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	d := time.Since(t)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// byteCount writes a number of bytes with three digits or so.
func byteCount(n uint64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, prefix := float64(n)/unit, "KMGTPE"
	for value >= unit && len(prefix) > 1 {
		value, prefix = value/unit, prefix[1:]
	}
	return fmt.Sprintf("%.3g %ciB", value, prefix[0])
}

// grouped sets thin spaces between the thousands of a number.
func grouped(digits string) string {
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:]
	}
	return digits
}
