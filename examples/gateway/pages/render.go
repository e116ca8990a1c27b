package pages

import (
	"crypto/sha256"
	"embed"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

//go:embed static
var staticFiles embed.FS

// render sends a page. Nothing is sent before all of it is written.
func (p *Pages) render(w http.ResponseWriter, r *http.Request, status int, title string, shown content) error {
	f := p.frameOf(r, title)
	_, f.Live = shown.(living)
	s := &sheet{user: f.User}
	f.write(s, shown)
	page, err := s.Bytes()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page) // who has gone needs no page
	return nil
}

func (p *Pages) frameOf(r *http.Request, title string) frame {
	f := frame{
		Title: title, Path: r.URL.Path, Again: r.URL.RequestURI(), User: account.From(r.Context()), Menu: p.sections, Version: p.Version, Simulated: p.Simulated,
		Pending: p.Control.Pending(), Now: time.Now(),
	}
	service, _, _ := strings.Cut(strings.TrimPrefix(f.Path, "/"), "/")
	switch service {
	case "api-settings":
		service = "api"
	case "tags":
		service = "points"
	}
	for _, s := range p.Control.Services() {
		f.LeftOut = f.LeftOut || s.LeftOut && s.Name == service
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
		name := "static/" + e.Name()
		content, err := staticFiles.ReadFile(name) // a copy, which is not kept
		if err != nil {
			return err
		}
		kind, tag := types[path.Ext(e.Name())], fmt.Sprintf(`"%x"`, sha256.Sum256(content))
		p.mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Cache-Control", "no-cache") // asked for again, as another gateway may run by then
			w.Header().Set("ETag", tag)
			file, err := staticFiles.Open(name)
			if err != nil { // it was there a moment ago
				http.NotFound(w, r)
				return
			}
			http.ServeContent(w, r, "", time.Time{}, file.(io.ReadSeeker)) // as package embed promises
		})
	}
	return nil
}
