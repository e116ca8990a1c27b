package pages

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/doctor"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/simulate"
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
	System() api.System
	Modem() api.Modem
	Points() api.Points
	Upgrade() api.Upgrade
}

// Options is what the gateway brings.
type Options struct {
	Control control.Control
	Live    Live
	Log     *slog.Logger
	// Store keeps the files of OpenVPN instances; nil: none can be uploaded.
	Store openvpn.Store
	// TakeFiles has the running OpenVPN instances take what the store holds
	// now, between applies; nil: they see it when they start.
	TakeFiles func(ctx context.Context) error
	// AuthorityFolder is where the gateway's own certificate authority is, or
	// will be; empty: it can have none.
	AuthorityFolder string
	// OwnLog are the newest messages of the gateway; nil: they are not shown.
	OwnLog api.Syslog
	// Source gives what the plots show; nil: there are none.
	Source telemetry.Source
	// MIB returns the subtrees that the SNMP agent serves, for the browser;
	// nil: there is no browser.
	MIB func() []snmp.Mount
	// API is the programming interface, to be tried out; nil: it cannot be.
	API http.Handler
	// Accounts are the users; nil: there is no page about them. [account.Manager.Wrap]
	// goes around the pages.
	Accounts *account.Manager
	// Doctor looks for what is wrong; nil: there is no page about it.
	Doctor func(ctx context.Context) []doctor.Finding
	// Faults are those of a simulated device; nil: it is a real one.
	Faults *simulate.Faults
	// Version is that of the gateway.
	Version string
	// Simulated says so on every page.
	Simulated bool
	// Interval is how often a page looks for what has changed; 0: 1 s.
	Interval time.Duration
}

// Pages is the web interface. Make it with [New].
type Pages struct {
	Options
	mux      *http.ServeMux
	pages    map[string]*page // by path
	sections []section
	samples  samples
	warned   warned
	pending  pending
	ending   chan struct{} // closed when Run is to end
	views    views
}

// section is an entry of the menu.
type section struct {
	Path, Title string
	Role        account.Role // who sees it
}

// page is what is shown at a path.
type page struct {
	path, title string
	role        account.Role
	// content returns what it shows; the status of an error is 500, unless it
	// is a [*refusal].
	content func(r *http.Request) (content, error)
	// live returns as much of that as lives on it; nil: nothing does.
	live func(r *http.Request) (living, error)
}

// New returns the pages.
func New(o Options) (*Pages, error) {
	if o.Interval == 0 {
		o.Interval = time.Second
	}
	p := &Pages{Options: o, mux: http.NewServeMux(), pages: make(map[string]*page), ending: make(chan struct{})}
	p.sections = menu()
	if err := p.static(); err != nil {
		return nil, err
	}
	for _, add := range []func(){
		p.statusPages, p.configPages, p.applyPages, p.userPages, p.openvpnPages, p.certificatePages, p.ser2netPages, p.snmpPages, p.apiPages, p.tagPages, p.logPages, p.upgradePages, p.doctorPages,
	} {
		add()
	}
	p.mux.HandleFunc("GET /events", p.events)
	p.handle("POST /do", account.Operator, p.do)
	return p, nil
}

// menu is the Services menu, in the order of the reference device.
func menu() []section {
	return []section{
		{"/", "Status", account.Viewer},
		{"/telemetry", "Telemetry agent", account.Viewer},
		{"/ipsec", "IPsec", account.Viewer},
		{"/l2tp", "L2TP", account.Viewer},
		{"/openvpn", "OpenVPN", account.Viewer},
		{"/ser2net", "ser2net", account.Viewer},
		{"/snmp", "SNMP", account.Viewer},
		{"/api-settings", "API", account.Viewer},
		{"/tags", "Tags", account.Viewer},
		{"/log", "Log", account.Viewer},
		{"/upgrade", "Firmware", account.Viewer},
		{"/config", "Configuration", account.Viewer},
	}
}

// ServeHTTP implements [http.Handler].
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "+
		"frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if _, pattern := p.mux.Handler(r); pattern == "" {
		p.fail(w, r, &refusal{http.StatusNotFound, "There is no such page."})
		return
	}
	p.mux.ServeHTTP(w, r)
}

// handle serves a pattern to users of a role.
func (p *Pages) handle(pattern string, role account.Role, serve func(w http.ResponseWriter, r *http.Request) error) {
	p.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if user := account.From(r.Context()); !user.Role.Allows(role) {
			p.fail(w, r, &refusal{http.StatusForbidden, "Your account (" + string(user.Role) + ") may not do this; it needs the role " + string(role) + "."})
			return
		}
		if err := serve(w, r); err != nil {
			p.fail(w, r, err)
		}
	})
}

// show adds a page.
func (p *Pages) show(pg page) {
	p.pages[pg.path] = &pg
	if pg.content == nil {
		pg.content = func(r *http.Request) (content, error) { return pg.live(r) }
	}
	path := pg.path
	if path == "/" {
		path = "/{$}"
	}
	p.handle("GET "+path, pg.role, func(w http.ResponseWriter, r *http.Request) error {
		shown, err := pg.content(r)
		if err != nil {
			return err
		}
		return p.render(w, r, http.StatusOK, pg.title, shown)
	})
}

// refusal is an error with its HTTP status, in a sentence for people.
type refusal struct {
	status   int
	sentence string
}

func (e *refusal) Error() string { return e.sentence }

// fail shows an error as a page.
func (p *Pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	var known *refusal
	var invalid *document.Error
	var conflict *control.Conflict
	switch {
	case errors.As(err, &known):
	case errors.As(err, &invalid):
		known = &refusal{http.StatusUnprocessableEntity, "This is not taken:\n" + err.Error()}
	case errors.As(err, &conflict):
		known = &refusal{http.StatusConflict, err.Error()}
	default:
		known = &refusal{http.StatusInternalServerError, err.Error()}
		if errors.Is(err, context.Canceled) {
			return // nobody is there to read it
		}
		p.Log.Warn("page failed", "path", r.URL.Path, "error", err)
	}
	if r.Header.Get("HX-Request") != "" { // what asked is on a page that stays
		p.message(w, known.status, "", known.sentence)
		return
	}
	if err := p.render(w, r, known.status, "Error", problem(known.sentence)); err != nil {
		p.Log.Error("error page failed", "path", r.URL.Path, "error", err)
		http.Error(w, known.sentence, known.status)
	}
}

// do starts, stops or restarts a part of a service.
func (p *Pages) do(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	service, item, verb := r.PostForm.Get("service"), r.PostForm.Get("item"), control.Verb(r.PostForm.Get("verb"))
	switch verb {
	case control.Start, control.Stop, control.Restart:
	default:
		return &refusal{http.StatusBadRequest, "There is nothing like that to do."}
	}
	account.Note(r.Context(), fmt.Sprintf("%s %.32q of %.32q", verb, item, service))
	p.Log.Info("asked by a user", "verb", verb, "about", service, "item", item, "user", account.From(r.Context()).Name)
	err := p.Control.Do(r.Context(), service, item, verb)
	return p.done(w, r, "/"+service, fmt.Sprintf("Done: %s %s.", verb, item), err)
}

// done ends a request that did something to what lives on a page: with the
// page again, or, when a script asked, with what lives on it and a message.
func (p *Pages) done(w http.ResponseWriter, r *http.Request, path, message string, err error) error {
	status := http.StatusConflict
	if errors.Is(err, control.ErrNoItem) || errors.Is(err, openvpn.ErrUnknownInstance) || errors.Is(err, ser2net.ErrUnknownPort) || errors.Is(err, ser2net.ErrUnknownClient) {
		status = http.StatusNotFound
	}
	if r.Header.Get("HX-Request") == "" {
		if err != nil {
			return &refusal{status, "It did not work: " + err.Error()}
		}
		return p.back(w, r, path)
	}
	if err != nil {
		p.message(w, status, "", "It did not work: "+err.Error())
		return nil
	}
	p.message(w, http.StatusOK, message, "")
	return nil
}

// message answers a script with a text for the page that is open.
func (p *Pages) message(w http.ResponseWriter, status int, text, trouble string) {
	var s sheet
	s.message(text, trouble)
	page, err := s.Bytes()
	if err != nil {
		p.Log.Error("message failed", "error", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page) // who has gone needs no message
}

// maxForm bounds what a form may send.
const maxForm = 1 << 20

// form reads the fields of a POST.
func (p *Pages) form(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		status := http.StatusBadRequest
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			status = http.StatusRequestEntityTooLarge
		}
		return &refusal{status, "The form cannot be read: " + err.Error()}
	}
	return nil
}

// back leads to the page that the form was on, or else to path.
func (p *Pages) back(w http.ResponseWriter, r *http.Request, path string) error {
	asked := r.PostForm.Get("back")
	if u, err := url.Parse(asked); err == nil && u.Host == "" && u.Scheme == "" && p.pages[u.Path] != nil {
		path = u.Path
		if u.RawQuery != "" {
			path += "?" + u.Query().Encode()
		}
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}
