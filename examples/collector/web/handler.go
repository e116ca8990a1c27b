package web

import (
	"context"
	"encoding/json"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
	"github.com/fieldgate/fieldgate/examples/collector/sink/fanout"
	"github.com/fieldgate/fieldgate/examples/collector/store"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// silentPeriods is after how many missing reports a device counts as silent,
// and fallbackPeriod the period of one that does not tell its own.
const (
	silentPeriods  = 3
	fallbackPeriod = time.Minute
)

// Receiver is what is asked of a [receiver.Service].
type Receiver interface {
	Device(serial string) (receiver.DeviceStats, bool)
	Devices() iter.Seq[receiver.DeviceStats]
	Status() receiver.Status
	Forget(serial string) bool
}

// Log is what is asked of a [store.Store].
type Log interface {
	History(ctx context.Context, device string, from, to time.Time, yield func(*latest.Report) bool) error
	Stats() store.Stats
}

// Options is what the answers are made from.
type Options struct {
	Table    *latest.Table // the last states; required
	Receiver Receiver      // required
	Log      Log           // nil: there is no history
	// Sinks tells the state of the sinks. Nil: there are none.
	Sinks func() fanout.Status
	// Now returns the time. Nil: time.Now.
	Now func() time.Time
	// Logger gets what the server of [New] has to say. Nil: nothing.
	Logger *slog.Logger
}

type handler struct{ Options }

// NewHandler returns the answers.
func NewHandler(o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	h := &handler{o}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.indexPage)
	mux.HandleFunc("GET /devices/{serial}", h.devicePage)
	mux.HandleFunc("GET /devices/{$}", h.devicePage)
	mux.HandleFunc("GET /style.css", style)
	mux.HandleFunc("GET /v1/devices", h.devices)
	mux.HandleFunc("GET /v1/devices/{serial}", h.device)
	mux.HandleFunc("GET /v1/devices/{$}", h.device)
	mux.HandleFunc("GET /v1/devices/{serial}/history", h.history)
	mux.Handle("POST /v1/devices/{serial}/forget", guarded(h.forget))
	mux.HandleFunc("GET /v1/silent", h.silent)
	mux.HandleFunc("GET /v1/loss", h.loss)
	mux.HandleFunc("GET /metrics", h.metrics)
	mux.HandleFunc("GET /healthz", h.health)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}

// reply writes v as JSON.
func reply(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil { // a fault of this program
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // who asks may be gone
}

func refuse(w http.ResponseWriter, status int, problem string) {
	reply(w, status, struct {
		Error string `json:"error"`
	}{problem})
}

func (h *handler) health(w http.ResponseWriter, _ *http.Request) {
	if h.Log != nil {
		if stats := h.Log.Stats(); stats.Failing {
			refuse(w, http.StatusServiceUnavailable, "records cannot be stored: "+stats.LastError)
			return
		}
	}
	reply(w, http.StatusOK, struct {
		Status string `json:"status"`
	}{"ok"})
}
