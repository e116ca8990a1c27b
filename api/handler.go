package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

// Options is what the program brings.
type Options struct {
	// Providers is what the endpoints tell about; nil ones cannot be
	// switched on.
	Providers Providers

	// Versions is what /api/version and /api/syncVersion tell.
	Versions Versions

	// Logger gets one line for each request: Debug when it succeeded, Info
	// when it was refused or failed. Never a key, a query or a path of the
	// client's making. Nil discards.
	Logger *slog.Logger

	// Listen opens the listener of a [Service]; nil = net.ListenConfig. A
	// [Handler] does not call it.
	Listen func(ctx context.Context, network, addr string) (net.Listener, error)
}

// Versions is the texts by which clients tell what they talk to.
type Versions struct {
	API   string // of the interface; empty = "2"
	Patch string // of its patch; empty = "1"
	Sync  string // of the sync service, such as "lite1"; needed by sync_version
}

// The version of the interface that this package speaks.
const (
	apiVersion = "2"
	apiPatch   = "1"
)

// Handler answers the requests. Use it alone in a server that the program
// runs anyway (see [Route]), or let a [Service] run it. It is safe
// for concurrent use and starts no goroutine.
type Handler struct {
	open      bool // without authentication
	keys      keyring
	on        []endpoint
	providers Providers
	versions  Versions
	log       *slog.Logger
	counters  counters
	refusals  pace // of the log lines about requests without a valid key
}

// NewHandler returns the handler for c. It returns a [ConfigError] with
// every fault of c, and with every endpoint that is on although o brings no
// provider for it. The handler of a disabled Config answers as if every
// endpoint were switched off.
func NewHandler(c Config, o Options) (*Handler, error) {
	faults := c.faults()
	on := c.lookup(o, &faults)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return newHandler(c, o, on), nil
}

func newHandler(c Config, o Options, on []endpoint) *Handler {
	h := &Handler{
		open:      c.Authentication == AuthenticationNone,
		keys:      newKeyring(c.Keys),
		on:        on,
		providers: o.Providers,
		versions:  o.Versions,
		log:       o.Logger,
	}
	if h.versions.API == "" {
		h.versions.API = apiVersion
	}
	if h.versions.Patch == "" {
		h.versions.Patch = apiPatch
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	return h
}

// lookup returns the endpoints that are on, and notes those that lack what
// the program has to bring.
func (c Config) lookup(o Options, faults *config.Errors) (on []endpoint) {
	if !c.Enabled {
		return nil
	}
	for _, e := range endpoints {
		if !e.switched(c.Endpoints) {
			continue
		}
		if what := e.missing(o); what != "" {
			faults.Addf("endpoints."+e.field, "this device brings no %s for %s, so it cannot be switched on", what, e.path)
		}
		on = append(on, e)
	}
	return on
}

// Route returns a handler that hands every request whose path is "/api" or
// begins with "/api/" to api, usually a [Handler], and all others to next.
//
// Put it around an [http.ServeMux], not the Handler into it: a mux redirects
// paths such as /api//version to their clean form before any handler sees
// them, while here paths are exact and whatever is unknown gets 404.
func Route(api, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api" || strings.HasPrefix(r.URL.Path, "/api/") {
			api.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ServeHTTP answers one request. When a text breaks off half-way it panics
// with [http.ErrAbortHandler], by which a server closes the connection: the
// client then sees that the text is not complete.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	a := newAnswer(w, r)
	e, key, err := h.admit(a)
	if err == nil {
		err = e.serve(h, a)
	}
	if err != nil {
		a.fail(err)
	}
	h.counters.note(a.status, err, start)

	level := slog.LevelDebug
	attrs := []slog.Attr{
		slog.String("request", a.id),
		slog.String("endpoint", e.path),
		slog.Int("status", a.status),
		slog.Duration("duration", time.Since(start)),
		slog.String("source", source(r)),
	}
	if key != "" {
		attrs = append(attrs, slog.String("key_name", key))
	}
	if err != nil {
		level = slog.LevelInfo
		attrs = append(attrs, slog.Any("error", err))
	}
	// Whoever has no key must not be able to push the device's log out.
	unlogged, due := uint64(0), true
	if errors.Is(err, errUnauthorized) {
		unlogged, due = h.refusals.due(start)
	}
	if unlogged > 0 {
		attrs = append(attrs, slog.Uint64("unlogged_before", unlogged))
	}
	if due {
		h.log.LogAttrs(r.Context(), level, "api request", attrs...)
	}
	if a.broken {
		panic(http.ErrAbortHandler)
	}
}

// admit makes the checks that come before an endpoint's own work, in the
// order of the specification, and returns the endpoint and the name of the
// key. The endpoint of an unknown path is the zero one.
func (h *Handler) admit(a *answer) (e endpoint, key string, err error) {
	var known, on, ok bool
	if e, known = findEndpoint(endpoints[:], a.r); known {
		_, on = findEndpoint(h.on, a.r)
	}
	if !h.open {
		if key, ok = h.keys.find(a.r.Header.Values(keyHeader)); !ok {
			return e, "", errUnauthorized
		}
	}
	switch {
	case !known:
		return e, key, errUnknownPath
	case !on:
		return e, key, errSwitchedOff
	}
	switch a.r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		err = a.ignoreBody()
	case http.MethodOptions:
		e.serve = (*Handler).options
	default:
		err = errMethod
	}
	return e, key, err
}

// options tells the methods of an endpoint.
func (h *Handler) options(a *answer) error {
	a.w.Header().Set("Allow", allowed)
	a.begin(http.StatusNoContent)
	return nil
}

// findEndpoint takes paths as they came: "/api/%76ersion" is another path
// than "/api/version".
func findEndpoint(in []endpoint, r *http.Request) (endpoint, bool) {
	path := r.URL.EscapedPath()
	for _, e := range in {
		if e.path == path {
			return e, true
		}
	}
	return endpoint{}, false
}

// source is the address of the client, without its port.
func source(r *http.Request) string {
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return ap.Addr().Unmap().String()
	}
	return r.RemoteAddr
}
