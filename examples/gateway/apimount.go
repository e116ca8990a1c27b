//go:build !no_api

package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/internal/httpserve"
	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// apiMount is the place below /api/ on the web server, where the API stands
// while its service runs.
type apiMount struct {
	mu      sync.RWMutex
	mounted *mounted // nil = no API here
	away    bool     // there was one, and there may be one again in a moment
}

// mounted is an API on the mount, with its requests under way.
type mounted struct {
	handler  *api.Handler
	requests sync.WaitGroup
	life     context.Context // ends when requests have to end
}

// ServeHTTP hands the request to the API.
func (m *apiMount) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.RLock()
	on, away := m.mounted, m.away
	if on != nil {
		on.requests.Add(1)
	}
	m.mu.RUnlock()
	switch {
	case on == nil && away: // a client that is told 404 would give up
		w.Header().Set("Retry-After", "1")
		refusal(http.StatusServiceUnavailable, "The API is restarted, try again.").ServeHTTP(w, r)
		return
	case on == nil:
		refusal(http.StatusNotFound, "The API is not served here.").ServeHTTP(w, r)
		return
	}
	defer on.requests.Done()
	on.serve(w, r)
}

// serve serves a request until it ends or is cut off.
func (on *mounted) serve(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	cut := make(chan struct{})
	stop := context.AfterFunc(on.life, func() {
		defer close(cut)
		cancel()
		control := http.NewResponseController(w) // frees what waits for the client
		_ = control.SetReadDeadline(time.Now())
		_ = control.SetWriteDeadline(time.Now())
	})
	defer func() {
		if !stop() {
			<-cut // w is not used after this
		}
	}()
	on.handler.ServeHTTP(w, r.WithContext(ctx))
}

// service returns the API as a service: on a port of its own if the
// configuration names one, else on this mount.
func (m *apiMount) service(c api.Config, o api.Options) (service, error) {
	if c.Listen != "" {
		m.forget()
		return api.New(c, o)
	}
	handler, err := api.NewHandler(c, o)
	if err != nil {
		return nil, err
	}
	return &mountedAPI{handler: handler, service: lifecycle.New("api", func(context.Context) (lifecycle.Run, error) {
		if !c.Enabled {
			m.forget()
			return nil, api.ErrDisabled
		}
		life, end := context.WithCancel(context.Background())
		on := &mounted{handler: handler, life: life}
		m.set(nil, on)
		return func(ctx context.Context) error {
			<-ctx.Done()
			m.set(on, nil)
			defer end()
			grace := time.AfterFunc(httpserve.Grace, end)
			defer grace.Stop()
			on.requests.Wait()
			return nil
		}, nil
	})}, nil
}

// mountedAPI is the service of an API on the mount.
type mountedAPI struct {
	service
	handler *api.Handler
}

// Status is that of the handler.
func (m *mountedAPI) Status() api.Status { return m.handler.Status() }

// set mounts next. With old given it does so only if that is what is there.
func (m *apiMount) set(old, next *mounted) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old == nil || m.mounted == old {
		m.mounted, m.away = next, next == nil
	}
}

// forget is for a configuration that has no API here.
func (m *apiMount) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = false
}

const withAPI = true

// syncVersion tells clients of /api/syncVersion which sync service they talk
// to; the reference device says "lite1".
const syncVersion = "1"

// apiUnit is the API.
func (g *gateway) apiUnit(doc document.Document, b backends) unit {
	return unit{
		name:    "api",
		enabled: doc.API.Enabled,
		config:  []any{doc.Device, doc.Syslog, doc.API},
		build: func(context.Context) (service, error) {
			return g.apiMount.service(doc.API, api.Options{
				Providers: api.Providers{
					System: b.system, Syslog: b.syslog,
					Modem: &g.modems, Points: g.points, Sync: g.points, Upgrade: &g.upgrades,
				},
				Versions:  api.Versions{Sync: syncVersion},
				TLSFolder: g.state.path,
				TLSNames:  certificateNames(doc.API.Listen),
				Logger:    g.log.With("service", "api"),
			})
		},
		detail: apiDetail,
	}
}

// apiDetail says how many requests came, and what last failed.
func apiDetail(s service) string {
	served, ok := s.(interface{ Status() api.Status })
	if !ok {
		return ""
	}
	status := served.Status()
	text := fmt.Sprintf("%d requests, %d refused, %d failed", status.Requests, status.Refused, status.Failed)
	if status.Listening != "" {
		text = "on " + status.Listening + ", " + text
	}
	if status.LastError != "" {
		text += ", the last one at " + status.LastErrorAt.Format(time.DateTime) + ": " + status.LastError
	}
	return text
}
