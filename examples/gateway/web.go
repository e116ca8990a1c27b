package main

import (
	"context"
	_ "embed"
	"errors"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

//go:embed page.html
var pageHTML string

//go:embed style.css
var styleCSS []byte

// listenFunc has the form of net.ListenConfig.Listen.
type listenFunc func(ctx context.Context, network, addr string) (net.Listener, error)

// newWeb returns the web server as a service like the others.
func newWeb(addr string, listen listenFunc, handler http.Handler, log *slog.Logger) service {
	return lifecycle.New("web", func(ctx context.Context) (lifecycle.Run, error) {
		listener, err := listen(ctx, "tcp", addr)
		if err != nil {
			return nil, err
		}
		log.Info("page and API are served", "url", "http://"+listener.Addr().String()+"/")
		server := &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout:       time.Minute,
			IdleTimeout:       time.Minute,
			MaxHeaderBytes:    16 << 10,
			ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		}
		return func(ctx context.Context) error { return serve(ctx, server, listener) }, nil
	})
}

// serve serves until ctx ends; then requests have 3 s to end.
func serve(ctx context.Context, server *http.Server, listener net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	err := server.Shutdown(grace)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	<-failed
	return err
}

// handler serves the API below /api/ and the status page at /. It does not
// use http.ServeMux for the API, which would redirect paths such as
// /api//version instead of refusing them.
func (g *gateway) handler(system api.System) http.Handler {
	pages := http.NewServeMux()
	pages.Handle("GET /{$}", g.statusPage(system))
	pages.HandleFunc("GET /style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(styleCSS)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			g.apiMount.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		pages.ServeHTTP(w, r)
	})
}

// apiMount is the place below /api/ on the web server, where the API stands
// while its service runs.
type apiMount struct{ handler atomic.Pointer[http.Handler] }

func (m *apiMount) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h := m.handler.Load(); h != nil {
		(*h).ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte(`{"error":"The API is not served here."}` + "\n"))
}

// service returns the API as a service: on a port of its own if the
// configuration names one, else on this mount.
func (m *apiMount) service(c api.Config, o api.Options) (service, error) {
	if c.Listen != "" {
		return api.New(c, o)
	}
	handler, err := api.NewHandler(c, o)
	if err != nil {
		return nil, err
	}
	return lifecycle.New("api", func(context.Context) (lifecycle.Run, error) {
		if !c.Enabled {
			return nil, api.ErrDisabled
		}
		var h http.Handler = handler
		m.handler.Store(&h)
		return func(ctx context.Context) error {
			<-ctx.Done()
			m.handler.CompareAndSwap(&h, nil)
			return nil
		}, nil
	}), nil
}

// statusPage shows what runs and the facts of the device.
func (g *gateway) statusPage(system api.System) http.Handler {
	page := template.Must(template.New("page").Parse(pageHTML))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info, err := system.SystemInfo(r.Context())
		data := struct {
			Version string
			Facts   []fact
			Trouble error
			Units   []unitState
			Now     time.Time
		}{version(), facts(info), err, g.units.states(), time.Now()}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := page.Execute(w, data); err != nil {
			g.log.Debug("status page not sent", "error", err)
		}
	})
}
