package automation

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/automation/rest"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/doctor"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/telemetry"
)

// Live returns the services that run; nil for one that does not.
type Live interface {
	Telemetry() *telemetry.Service
	IPsec() *ipsec.Service
	L2TP() *l2tp.Service
	OpenVPN() *openvpn.Service
	Ser2net() *ser2net.Service
	SNMP() *snmp.Service
	APIStatus() (api.Status, bool)
}

// Options is what the gateway brings.
type Options struct {
	Control control.Control
	Live    Live
	// Doctor looks for what is wrong; nil: there is none.
	Doctor func(ctx context.Context) []doctor.Finding
	// Log gets what fails; nil: nothing is logged.
	Log *slog.Logger
	// Version is that of the gateway.
	Version string
}

// Automation answers below /services/, and at /metrics and /healthz. Make it
// with [New].
type Automation struct {
	Options
	mux  *http.ServeMux
	rest *rest.API
}

// New returns the API.
func New(o Options) *Automation {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &Automation{Options: o, mux: http.NewServeMux()}
	a.rest = rest.New(a.mux, rest.Info{
		Title: "fieldgate gateway", Version: o.Version,
		Description: "What people do on the pages of the gateway. Errors are problem details (RFC 9457).",
	}, map[string]rest.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "The token of a user."},
		"basic":   {Type: "http", Scheme: "basic", Description: "The name of a user, with the user's token as the password."},
		"session": {Type: "apiKey", In: "cookie", Name: "gateway", Description: "Of who is logged in with a browser."},
	}, Problem{}, func(w http.ResponseWriter, err error) { a.problemOf(err).write(w) })
	a.configuration()
	a.applying()
	a.history()
	a.parts()
	a.statuses()
	a.mux.HandleFunc("GET /services/openapi.json", a.published("application/openapi+json", a.rest.Document))
	a.mux.HandleFunc("GET /services/schema.json", a.published("application/schema+json", document.Schema))
	a.mux.HandleFunc("GET /metrics", a.metrics)
	a.mux.HandleFunc("GET /healthz", a.health)
	return a
}

// Handles reports whether a path is one of those that are answered here.
func Handles(path string) bool {
	return path == "/services" || strings.HasPrefix(path, "/services/") || path == "/metrics" || path == "/healthz"
}

// ServeHTTP implements [http.Handler].
func (a *Automation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if handler, pattern := a.mux.Handler(r); pattern == "" {
		a.notHere(w, r, handler)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// notHere turns what the mux says of wrong paths and methods into a problem.
func (a *Automation) notHere(w http.ResponseWriter, r *http.Request, handler http.Handler) {
	said := &silentWriter{header: make(http.Header)}
	handler.ServeHTTP(said, r)
	p := &Problem{Code: said.status, Detail: "There is nothing at this path."}
	switch {
	case said.status == http.StatusMethodNotAllowed:
		w.Header().Set("Allow", said.header.Get("Allow"))
		p.Detail = "This takes another method: " + said.header.Get("Allow") + "."
	case said.header.Get("Location") != "": // a path that is not clean
		p.Code = http.StatusNotFound
	}
	p.write(w)
}

// silentWriter takes an answer that nobody gets.
type silentWriter struct {
	header http.Header
	status int
}

func (w *silentWriter) Header() http.Header         { return w.header }
func (w *silentWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w *silentWriter) WriteHeader(status int)      { w.status = status }

// published answers with a document about the API to every user. It is written
// when somebody asks: together these are half a megabyte, which nobody wants on
// most days.
func (a *Automation) published(contentType string, write func() ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if p := refused(r.Context(), account.Viewer); p != nil {
			p.write(w)
			return
		}
		text, err := write()
		if err != nil {
			a.problemOf(err).write(w)
			return
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(text)
	}
}

// refused says why who asks may not do what needs a role; nil: who asks may.
func refused(ctx context.Context, role account.Role) *Problem {
	switch user := account.From(ctx); {
	case user.Name == "":
		return &Problem{Code: http.StatusUnauthorized, Detail: "This needs a login, or the token of a user."}
	case !user.Role.Allows(role):
		return &Problem{Code: http.StatusForbidden, Detail: fmt.Sprintf("Your account (%s) may not do this; it needs the role %s.", user.Role, role)}
	}
	return nil
}

// route is one operation, apart from its input and output.
type route struct {
	method, path string // below /services
	role         account.Role
	summary      string
	// refusals are the further statuses of its problems.
	refusals []int
	// large is the limit of the body in bytes; 0: 64 KiB.
	large int64
	// yaml: a text in YAML is what is sent, or what is answered.
	yaml yamlPlace
}

// yamlPlace says where there is a text in YAML.
type yamlPlace int

const (
	yamlSent yamlPlace = iota + 1
	yamlAnswered
)

// maxBody bounds the body of a request that has no configuration in it.
const maxBody = 64 << 10

// add adds an operation. Who may not do it gets no further than that: nothing
// of the request is read.
func add[I, O any](a *Automation, r route, serve func(ctx context.Context, in *I) (*O, error)) {
	rest.Add(a.rest, operation(r), serve)
}

func operation(r route) rest.Operation {
	op := rest.Operation{
		ID: operationID(r), Method: r.method, Path: "/services" + r.path, Summary: r.summary,
		Description: fmt.Sprintf("Needs the role %s.", r.role), MaxBody: max(r.large, maxBody),
		Refusals: append([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusInternalServerError}, r.refusals...),
		Allow: func(ctx context.Context) error {
			if p := refused(ctx, r.role); p != nil {
				return p
			}
			return nil
		},
	}
	if r.method == http.MethodPost || r.method == http.MethodPut {
		op.Refusals = append(op.Refusals, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	text := map[string]*rest.Schema{"application/yaml": rest.Object("As gateway.yaml.")}
	switch r.yaml {
	case yamlSent:
		op.Sent = text
	case yamlAnswered:
		op.Answered = text
	}
	return op
}

// operationID names an operation, such as get-config-section.
func operationID(r route) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(r.method))
	for part := range strings.SplitSeq(r.path, "/") {
		if part = strings.Trim(part, "{}"); part != "" {
			b.WriteString("-" + part)
		}
	}
	return b.String()
}
