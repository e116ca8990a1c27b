package main

import (
	"context"
	_ "embed"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/internal/httpserve"
	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

//go:embed page.html
var pageHTML string

//go:embed style.css
var styleCSS []byte

// listenFunc has the form of net.ListenConfig.Listen.
type listenFunc func(ctx context.Context, network, addr string) (net.Listener, error)

// newWeb returns the web server as a service like the others. most is how
// many connections it serves at one time.
func newWeb(addr string, most int, listen listenFunc, handler http.Handler, log *slog.Logger) service {
	return lifecycle.New("web", func(ctx context.Context) (lifecycle.Run, error) {
		listener, err := listen(ctx, "tcp", addr)
		if err != nil {
			return nil, err
		}
		log.Info("page and API are served", "url", "http://"+listener.Addr().String()+"/")
		server := httpserve.Server{
			Handler: handler, Log: log, MaxConnections: most,
			Crowded: api.Route(refusal(http.StatusServiceUnavailable, "There are too many connections, try again later."), http.HandlerFunc(crowdedPage)),
		}
		return func(ctx context.Context) error { return server.Serve(ctx, listener) }, nil
	})
}

func crowdedPage(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "There are too many connections, try again later.", http.StatusServiceUnavailable)
}

// pages serves the status page at / and nothing else.
func (g *gateway) pages(c document.Web, system api.System) http.Handler {
	status := g.statusPage(system)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		switch {
		case c.Local() && !document.LocalHost(r.Host):
			http.Error(w, "This page is served on this host only; ask for it as localhost.", http.StatusMisdirectedRequest)
		case r.URL.Path != "/" && r.URL.Path != "/style.css":
			http.Error(w, "There is no such page.", http.StatusNotFound)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "This page can only be read.", http.StatusMethodNotAllowed)
		case r.URL.Path == "/":
			status.ServeHTTP(w, r)
		default:
			h.Set("Content-Type", "text/css; charset=utf-8")
			_, _ = w.Write(styleCSS)
		}
	})
}

// statusPage shows what runs and the facts of the device.
func (g *gateway) statusPage(system api.System) http.Handler {
	page := template.Must(template.New("page").Parse(pageHTML))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info, err := system.SystemInfo(r.Context())
		data := struct {
			Version   string
			Simulated bool
			Facts     []fact
			Trouble   error
			Units     []control.ServiceState
			Now       time.Time
		}{version(), g.simulated, facts(info), err, g.units.states(), time.Now()}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := page.Execute(w, data); err != nil {
			g.log.Debug("status page not sent", "error", err)
		}
	})
}
