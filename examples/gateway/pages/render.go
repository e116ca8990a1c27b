package pages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

//go:embed templates
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

// parseAll returns the templates of the pages, each with the layout.
func parseAll() (map[string]*template.Template, error) {
	layout, err := template.New("layout.html").Funcs(functions()).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return nil, err
	}
	entries, err := templateFiles.ReadDir("templates")
	if err != nil {
		return nil, err
	}
	all := make(map[string]*template.Template)
	for _, e := range entries {
		if e.Name() == "layout.html" || e.Name() == "parts.html" {
			continue
		}
		set, err := layout.Clone()
		if err == nil {
			_, err = set.ParseFS(templateFiles, "templates/"+e.Name())
		}
		if err != nil {
			return nil, err
		}
		all[e.Name()] = set
	}
	return all, nil
}

// frame is what the layout shows around a page.
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
	Live      bool   // the page has something that lives
	Again     string // the page itself
	Now       time.Time
	Page      any
}

// render writes a page. Nothing is sent before the template has succeeded.
func (p *Pages) render(w http.ResponseWriter, r *http.Request, status int, title, name string, data any) error {
	f := p.frameOf(r, title, data)
	f.Live = p.parsed[name].Lookup("live") != nil
	var b bytes.Buffer
	if err := p.parsed[name].ExecuteTemplate(&b, "layout.html", f); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // who has gone needs no page
	return nil
}

func (p *Pages) frameOf(r *http.Request, title string, data any) frame {
	f := frame{
		Title: title, Path: r.URL.Path, Again: r.URL.RequestURI(), User: account.From(r.Context()), Menu: p.sections, Version: p.Version, Simulated: p.Simulated,
		Pending: p.Control.Pending(), Now: time.Now(), Page: data,
	}
	_, saved := p.Control.Saved()
	_, applied := p.Control.Applied()
	if saved != applied {
		f.Unapplied = 1
		if changes, err := p.Control.Diff(applied, saved); err == nil {
			f.Unapplied = len(changes)
		}
	}
	if !f.Pending.IsZero() {
		f.Left = time.Until(f.Pending).Round(time.Second).String()
	}
	return f
}

// static serves the files that pages name.
func (p *Pages) static() error {
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		return err
	}
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	for _, e := range entries {
		content, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			return err
		}
		kind, tag := types[path.Ext(e.Name())], fmt.Sprintf(`"%x"`, sha256.Sum256(content))
		p.mux.HandleFunc("GET /static/"+e.Name(), func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Cache-Control", "no-cache") // asked for again, as another gateway may run by then
			w.Header().Set("ETag", tag)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		})
	}
	return nil
}

// functions are what templates may call.
func functions() template.FuncMap {
	return template.FuncMap{
		"since": since,
		"at":    at,
		"time":  func(t time.Time) string { return t.Format("2006-01-02 15:04:05") },
		"bytes": byteCount,
		"current": func(path, entry string) bool {
			return path == entry || entry != "/" && strings.HasPrefix(path, entry+"/")
		},
		"dict":  dict,
		"can":   func(u account.User, role string) bool { return u.Role.Allows(account.Role(role)) },
		"lines": func(text string) []string { return strings.Split(text, "\n") },
		"join":  func(words []string) string { return strings.Join(words, ", ") },
		"yesno": func(yes bool) string {
			if yes {
				return "yes"
			}
			return "no"
		},
		"number": func(n any) string { return grouped(fmt.Sprint(n)) },
	}
}

// dict makes a map of pairs, for templates that take several values.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("pages: dict takes pairs")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("pages: dict: %v is no name", pairs[i])
		}
		m[key] = pairs[i+1]
	}
	return m, nil
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
