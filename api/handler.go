package api

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

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
	table     []endpoint
	open      bool // without authentication
	keys      keyring
	on        endpointSet
	providers Providers
	versions  Versions
	log       *slog.Logger
	counters  counters
	refusals  pace // of the log lines about requests without a valid key
	guard     guard
	pools     *pools
	document  []byte // /api/openapi.json

	files       sync.Mutex // held while a sync or an upgrade is under way
	maxSync     int64
	maxFirmware int64
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

func newHandler(c Config, o Options, on endpointSet) *Handler {
	limits := c.Limits.orDefault()
	h := &Handler{
		table:       endpoints[:],
		open:        c.Authentication == AuthenticationNone,
		keys:        newKeyring(c.Keys),
		on:          on,
		providers:   o.Providers,
		versions:    o.Versions,
		log:         o.Logger,
		guard:       guard{wrongKeys: max(limits.WrongKeys, 0), rate: float64(limits.RequestsPerSecond)},
		pools:       newPools(),
		maxSync:     limits.MaxSyncBytes,
		maxFirmware: limits.MaxFirmwareBytes,
	}
	h.versions.API = cmp.Or(h.versions.API, apiVersion)
	h.versions.Patch = cmp.Or(h.versions.Patch, apiPatch)
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	h.document = describe(on, h.open, h.versions)
	return h
}

// lookup returns the endpoints that are on, and notes those that lack what
// the program has to bring.
func (c Config) lookup(o Options, faults *config.Errors) (on endpointSet) {
	if !c.Enabled {
		return 0
	}
	for i, e := range endpoints {
		if e.switched != nil && !e.switched(c.Endpoints) {
			continue
		}
		if e.missing != nil {
			if what := e.missing(o); what != "" {
				faults.Addf("endpoints."+e.field, "this device brings no %s for %s, so it cannot be switched on", what, e.path)
			}
		}
		on |= 1 << i
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

// ServeHTTP answers one request. When a body breaks off half-way it panics
// with [http.ErrAbortHandler], by which a server closes the connection: the
// client then sees that it is not complete.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	a := newAnswer(w, r, h.pools)
	from := source(r)
	at := findEndpoint(r)
	key, err := h.admit(a, at, from, start)
	if err == nil {
		e := &h.table[at]
		if r.Method == http.MethodOptions {
			err = h.options(a, e)
		} else {
			err = e.serve(h, a)
		}
	}
	h.end(a, at, from, key, err, start)
}

// crowded answers a request on a connection that is one too many.
func (h *Handler) crowded(w http.ResponseWriter, r *http.Request) {
	h.end(newAnswer(w, r, h.pools), findEndpoint(r), source(r), "", errCrowded, time.Now())
}

// end sends what is wrong, if anything is, counts the request and logs it.
func (h *Handler) end(a *answer, at int, from netip.Addr, key string, err error, start time.Time) {
	if err != nil {
		a.fail(err)
	}
	h.counters.note(a.status, err, start)
	h.note(a, at, from, key, err, start)
	if a.broken {
		panic(http.ErrAbortHandler)
	}
}

// note writes the log line of a request.
func (h *Handler) note(a *answer, at int, from netip.Addr, key string, err error, start time.Time) {
	level := slog.LevelDebug
	if err != nil {
		level = slog.LevelInfo
	}
	// Whoever has no key must not be able to push the device's log out.
	unlogged := uint64(0)
	if key == "" && !h.open && err != nil || errors.Is(err, errTooMany) {
		var due bool
		if unlogged, due = h.refusals.due(start); !due {
			return
		}
	}
	if !h.log.Enabled(a.r.Context(), level) {
		return
	}
	path, client := "", a.r.RemoteAddr
	if at >= 0 {
		path = endpoints[at].path
	}
	if from.IsValid() {
		client = from.String()
	}
	attrs := append(make([]slog.Attr, 0, 8),
		slog.String("request", a.id[0]),
		slog.String("endpoint", path),
		slog.Int("status", a.status),
		slog.Duration("duration", time.Since(start)),
		slog.String("source", client),
	)
	if key != "" {
		attrs = append(attrs, slog.String("key_name", key))
	}
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
		if p := (*problem)(nil); errors.As(err, &p) && p.cause != nil && !p.provider {
			attrs = append(attrs, slog.Any("cause", p.cause))
		}
	}
	if unlogged > 0 {
		attrs = append(attrs, slog.Uint64("unlogged_before", unlogged))
	}
	h.log.LogAttrs(a.r.Context(), level, "api request", attrs...)
}

// admit makes the checks that come before an endpoint's own work, in the
// order of the specification, and returns the name of the key.
func (h *Handler) admit(a *answer, at int, from netip.Addr, now time.Time) (key string, err error) {
	var ok bool
	if a.retry, ok = h.guard.request(from, now); !ok {
		return "", errTooMany
	}
	if !h.open {
		k, err := h.authenticate(a, from, now)
		if err != nil {
			return "", err
		}
		key, a.opens = h.keys[k].name, h.keys[k].opens
	}
	switch {
	case at < 0:
		return key, errUnknownPath
	case !h.on.has(at):
		return key, errSwitchedOff
	case !a.opens.has(at):
		return key, errOtherKey
	}
	input := endpoints[at].input() != ""
	switch a.r.Method {
	case http.MethodGet, http.MethodHead:
		if input {
			err = errMethodInput
		}
	case http.MethodPost:
		if !input {
			err = a.ignoreForm()
		}
	case http.MethodOptions:
	default:
		err = errMethod
		if input {
			err = errMethodInput
		}
	}
	return key, err
}

// authenticate returns which key a request came with. A request without any
// is refused and not counted as a try.
func (h *Handler) authenticate(a *answer, from netip.Addr, now time.Time) (key int, err error) {
	presented := a.r.Header[apiKeyCanonical]
	key = -1
	if len(presented) == 1 {
		key = h.keys.find(presented[0], from, now)
	}
	if len(presented) > 0 {
		if a.retry = h.guard.key(from, key, now); a.retry > 0 {
			return -1, errLockedOut
		}
	}
	if key < 0 || a.r.URL.RawQuery != "" && keyInQuery(a.r.URL.RawQuery) {
		return -1, errUnauthorized
	}
	return key, nil
}

// findEndpoint returns the row of the table, -1 for none. It takes paths as
// they came: "/api/%76ersion" is another path than "/api/version".
func findEndpoint(r *http.Request) int {
	path := r.URL.EscapedPath()
	for i := range endpoints {
		if endpoints[i].path == path {
			return i
		}
	}
	return -1
}

// source is the address of the client, not valid where the server tells none.
func source(r *http.Request) netip.Addr {
	ap, _ := netip.ParseAddrPort(r.RemoteAddr)
	return ap.Addr().Unmap().WithZone("")
}
