package pages_test

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api/devicelog"
	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/pages"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// engine plays the services.
type engine struct {
	items []control.Item
	asked []string
}

func (e *engine) Plan(document.Document) []control.Step {
	return []control.Step{{Service: "ser2net", Action: control.Reconfigured}}
}

func (e *engine) Apply(_ context.Context, doc document.Document) ([]control.Step, error) {
	e.asked = append(e.asked, "apply "+doc.Device.Model)
	return e.Plan(doc), nil
}

func (e *engine) Services() []control.ServiceState {
	return []control.ServiceState{{Name: "ser2net", State: "running", Since: time.Now(), Detail: "<b>1 client</b>"}}
}

func (e *engine) Items(service string) []control.Item {
	return slices.DeleteFunc(slices.Clone(e.items), func(i control.Item) bool { return i.Service != service })
}

func (e *engine) Do(_ context.Context, service, item string, verb control.Verb) error {
	if item == "none" {
		return control.ErrNoItem
	}
	e.asked = append(e.asked, service+" "+item+" "+string(verb))
	return nil
}

func (e *engine) Missing() []control.Missing {
	return []control.Missing{{Service: "openvpn", What: "openvpn is not installed", Command: "apt install openvpn"}}
}

// site is the pages with a store of their own.
type site struct {
	dir     string
	store   *confstore.Store
	pages   *pages.Pages
	t       *testing.T
	live    *live
	files   *openvpntest.Store
	log     *devicelog.Ring
	engine  *engine
	control *control.Gateway
	server  *httptest.Server
	user    account.User
	taken   atomic.Int32 // how often running instances were told of new files
}

func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "gateway.yaml"), []byte("points: {redis: {password: hunter-two}}\n"), 0o600))
	store, err := confstore.Open(confstore.Disk(dir), confstore.Options{})
	require.NoError(t, err)
	s := &site{dir: dir, store: store, t: t, engine: &engine{}, live: new(live), files: openvpntest.NewStore(), log: devicelog.NewRing(1 << 16), user: account.User{Name: "anna", Role: account.Admin}}
	s.control = control.New(store, s.engine, slog.New(slog.DiscardHandler))
	s.control.Boot()
	t.Cleanup(s.control.Close)
	p, err := pages.New(pages.Options{Control: s.control, Live: s.live, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Version: "1", Interval: 10 * time.Millisecond,
		Store: s.files, TakeFiles: func(context.Context) error { s.taken.Add(1); return nil }, AuthorityFolder: filepath.Join(dir, "authority"), OwnLog: s.log, Source: telemetrytest.NewSource(), MIB: s.live.mib, API: s.live,
	})
	require.NoError(t, err)
	s.pages = p
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.ServeHTTP(w, r.WithContext(account.With(r.Context(), s.user)))
	}))
	t.Cleanup(s.server.Close)
	return s
}

func (s *site) get(path string) (int, string) { return s.ask(http.MethodGet, path, nil) }

// post sends a form; redirects are not followed.
func (s *site) post(path string, form url.Values) (int, string) {
	return s.ask(http.MethodPost, path, form)
}

func (s *site) ask(method, path string, form url.Values) (int, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL+path, strings.NewReader(form.Encode()))
	require.NoError(s.t, err)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	require.NoError(s.t, err)
	defer func() { _ = answer.Body.Close() }()
	var b strings.Builder
	_, err = bufio.NewReader(answer.Body).WriteTo(&b)
	require.NoError(s.t, err)
	return answer.StatusCode, b.String()
}

var everyPage = []string{
	"/", "/telemetry", "/ipsec", "/l2tp", "/openvpn", "/ser2net", "/snmp", "/api-settings", "/api-settings/endpoints", "/config", "/apply",
	"/config/device", "/config/web", "/config/modem", "/config/points", "/config/upgrade", "/config/syslog",
	"/ipsec/connections/+", "/ipsec/phase1_proposals/+", "/ipsec/certificate_sets/+", "/l2tp/clients/+", "/openvpn/instances/+",
	"/ser2net/ports/+", "/snmp/users/+", "/snmp/communities/+", "/api-settings/keys/+",
	"/openvpn/new", "/openvpn/new?recipe=server_tun_ptp", "/openvpn/new?recipe=server_tap_bridge", "/openvpn/import", "/openvpn/certificates",
	"/snmp/browse", "/tags", "/log", "/log?follow=no", "/upgrade", "/snmp/views/+", "/snmp/groups/+", "/snmp/access/+", "/ser2net/rotators/+",
}

func TestEveryPageShows(t *testing.T) {
	s := newSite(t)
	for _, path := range everyPage {
		status, page := s.get(path)
		assert.Equal(t, http.StatusOK, status, "%s: %s", path, page)
		assert.Contains(t, page, "<h1>", path)
		assert.NotContains(t, page, "hunter-two", "%s shows a secret", path)
		assert.NotContains(t, page, "<b>1 client</b>", "%s does not escape", path)
		for _, id := range regexp.MustCompile(`<input [^>]*id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
			if !strings.Contains(page, `for="`+id[1]+`"`) {
				assert.Regexp(t, `<label class="box"><input type="checkbox" id="`+regexp.QuoteMeta(id[1])+`"`, page, "%s: %s has no label", path, id[1])
			}
		}
	}
	status, page := s.get("/nowhere")
	assert.Equal(t, http.StatusNotFound, status)
	assert.Contains(t, page, "There is no such page.")
}

func TestRoles(t *testing.T) {
	s := newSite(t)
	save := url.Values{"base": {"1"}, "model": {"x"}}
	do := url.Values{"service": {"ser2net"}, "item": {"meter"}, "verb": {"stop"}}
	for role, want := range map[account.Role][3]int{
		"":               {403, 403, 403},
		account.Viewer:   {200, 403, 403},
		account.Operator: {200, 303, 403},
		account.Admin:    {200, 303, 303},
	} {
		s.user.Role = role
		status, _ := s.get("/")
		assert.Equal(t, want[0], status, "%s looks", role)
		status, _ = s.post("/do", do)
		assert.Equal(t, want[1], status, "%s stops", role)
		status, _ = s.post("/config/device", save)
		assert.Equal(t, want[2], status, "%s saves", role)
		status, _ = s.post("/config/export", nil)
		assert.Equal(t, map[bool]int{true: 200, false: 403}[role == account.Admin], status, "%s exports secrets", role)
	}
}

func TestAddEditDelete(t *testing.T) {
	s := newSite(t)
	status, page := s.post("/ser2net/ports/+", url.Values{
		"base": {"1"}, "name": {`a "b" <c>`}, "enabled": {"on"}, "box:enabled": {"1"}, "device": {"/dev/ttyS0"}, "listen": {":5000"},
	})
	require.Equal(t, http.StatusSeeOther, status, page)
	doc, revision := s.control.Saved()
	require.Len(t, doc.Ser2net.Ports, 1)
	assert.Equal(t, `a "b" <c>`, doc.Ser2net.Ports[0].Name)
	assert.True(t, doc.Ser2net.Ports[0].Enabled)
	_, applied := s.control.Applied()
	assert.NotEqual(t, revision, applied, "saved is not applied")

	_, page = s.get("/ser2net")
	assert.Contains(t, page, "a &#34;b&#34; &lt;c&gt;")
	assert.Contains(t, page, "not applied yet")
	link := regexp.MustCompile(`href="(/ser2net/ports/a[^"]*)"`).FindStringSubmatch(page)
	require.NotNil(t, link, page)
	status, page = s.get(link[1])
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, page, `value="/dev/ttyS0"`)

	status, page = s.post(link[1], url.Values{"base": {"2"}, "listen": {":5001"}, "action": {"apply"}})
	require.Equal(t, http.StatusOK, status, page)
	assert.Contains(t, page, "reconfigured")
	doc, _ = s.control.Applied()
	assert.Equal(t, ":5001", doc.Ser2net.Ports[0].Listen)
	assert.Equal(t, "/dev/ttyS0", doc.Ser2net.Ports[0].Device)

	status, _ = s.post(link[1], url.Values{"base": {"3"}, "action": {"delete"}})
	require.Equal(t, http.StatusSeeOther, status)
	doc, _ = s.control.Saved()
	assert.Empty(t, doc.Ser2net.Ports)
	status, _ = s.get(link[1])
	assert.Equal(t, http.StatusNotFound, status)

	status, page = s.post(link[1], url.Values{"base": {"3"}, "name": {"meter"}, "listen": {":5001"}, "device": {"/dev/ttyS0"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status, "it was deleted in another tab")
	assert.Contains(t, page, "any more")
	assert.Contains(t, page, `value=":5001"`, "what was typed is not lost")
	form := sent(page, "/ser2net/ports/&#43;")
	require.NotEmpty(t, form, page)
	status, page = s.post("/ser2net/ports/+", url.Values{"base": form["base"], "name": {"meter"}, "listen": {":5001"}, "device": {"/dev/ttyS0"}})
	require.Equal(t, http.StatusSeeOther, status, page)
}

// What a browser keeps of the pages is asked for again, and not sent again.
func TestStatic(t *testing.T) {
	s := newSite(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+"/static/live.js", nil)
	require.NoError(t, err)
	for _, want := range []int{http.StatusOK, http.StatusNotModified} {
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		assert.Equal(t, want, answer.StatusCode)
		assert.Equal(t, "no-cache", answer.Header.Get("Cache-Control"))
		request.Header.Set("If-None-Match", answer.Header.Get("ETag"))
	}
}

// What is wrong stands beside its field, and everything typed is still there.
func TestFaultsBesideTheirFields(t *testing.T) {
	s := newSite(t)
	status, page := s.post("/ser2net/ports/+", url.Values{
		"base": {"1"}, "name": {""}, "device": {"<script>alert(1)</script>"}, "listen": {"nonsense"}, "max_clients": {"many"}, "enabled": {"on"},
	})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, page, "&lt;script&gt;alert(1)&lt;/script&gt;")
	assert.NotContains(t, page, "<script>alert")
	assert.Contains(t, page, `value="nonsense"`)
	assert.Contains(t, page, `value="many"`)
	assert.Regexp(t, `id="max_clients-error">[^<]*whole number`, page)
	assert.Regexp(t, `id="name-error"`, page)
	assert.Regexp(t, `id="listen-error"`, page)
	doc, revision := s.control.Saved()
	assert.Empty(t, doc.Ser2net.Ports)
	assert.EqualValues(t, 1, revision)
}

// Two tabs save at once: the second is told, and nothing is lost.
func TestTwoTabs(t *testing.T) {
	s := newSite(t)
	status, _ := s.post("/config/device", url.Values{"base": {"1"}, "model": {"from the first"}})
	require.Equal(t, http.StatusSeeOther, status)
	status, page := s.post("/config/device", url.Values{"base": {"1"}, "serial": {"from the second"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, page, "anna changed the configuration")
	assert.Contains(t, page, "from the first")
	assert.Contains(t, page, `value="from the second"`)
	base := regexp.MustCompile(`name="base" value="(\d+)"`).FindStringSubmatch(page)
	require.NotNil(t, base)
	status, _ = s.post("/config/device", url.Values{"base": {base[1]}, "serial": {"from the second"}})
	require.Equal(t, http.StatusSeeOther, status)
	doc, _ := s.control.Saved()
	assert.Equal(t, document.Device{Model: "from the first", Serial: "from the second"}, doc.Device)
}

func TestApplyAndConfirm(t *testing.T) {
	s := newSite(t)
	_, _ = s.post("/config/device", url.Values{"base": {"1"}, "model": {"two"}})
	_, page := s.get("/apply")
	assert.Contains(t, page, "device.model")
	assert.Contains(t, page, "reconfigured")
	status, _ := s.post("/apply", url.Values{"confirm": {"60"}})
	require.Equal(t, http.StatusOK, status)
	_, page = s.get("/")
	assert.Contains(t, page, "comes back by itself")
	status, _ = s.post("/confirm", nil)
	assert.Equal(t, http.StatusSeeOther, status)
	status, _ = s.post("/confirm", nil)
	assert.Equal(t, http.StatusConflict, status)
	_, page = s.get("/config")
	assert.Contains(t, page, "Revision 2 is in force")
	status, _ = s.post("/config/restore", url.Values{"revision": {"1"}})
	require.Equal(t, http.StatusSeeOther, status)
	doc, _ := s.control.Saved()
	assert.Empty(t, doc.Device.Model)
}

func TestLargeForm(t *testing.T) {
	s := newSite(t)
	status, page := s.post("/config/device", url.Values{"base": {"1"}, "model": {strings.Repeat("x", 2<<20)}})
	assert.Equal(t, http.StatusRequestEntityTooLarge, status)
	assert.Contains(t, page, "too large")
}

func TestExport(t *testing.T) {
	s := newSite(t)
	_, text := s.get("/config/export")
	assert.NotContains(t, text, "hunter-two")
	_, text = s.post("/config/export", nil)
	assert.Contains(t, text, "hunter-two")
}

func TestDo(t *testing.T) {
	s := newSite(t)
	s.engine.items = []control.Item{{Service: "l2tp", Name: "meter", State: "open", Good: true, Verbs: []control.Verb{control.Stop}}}
	_, page := s.get("/l2tp")
	assert.Contains(t, page, `aria-label="stop meter"`)
	status, _ := s.post("/do", url.Values{"service": {"l2tp"}, "item": {"meter"}, "verb": {"stop"}})
	assert.Equal(t, http.StatusSeeOther, status)
	assert.Equal(t, []string{"l2tp meter stop"}, s.engine.asked)
	status, _ = s.post("/do", url.Values{"service": {"l2tp"}, "item": {"none"}, "verb": {"stop"}})
	assert.Equal(t, http.StatusNotFound, status)
	status, _ = s.post("/do", url.Values{"service": {"l2tp"}, "item": {"meter"}, "verb": {"explode"}})
	assert.Equal(t, http.StatusBadRequest, status)
}

// What lives on a page is sent when it changes, to those who may see it.
func TestEvents(t *testing.T) {
	s := newSite(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+"/events?page=/ser2net", nil)
	require.NoError(t, err)
	request.Header.Set("Accept", "text/event-stream")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	assert.Equal(t, "text/event-stream", answer.Header.Get("Content-Type"))
	lines := bufio.NewScanner(answer.Body)
	require.True(t, lines.Scan())

	status, _ := s.get("/events?page=/ser2net")
	assert.Equal(t, http.StatusNotAcceptable, status, "the login would take it for a page")
	status, _ = s.get("/events?page=/apply")
	assert.Equal(t, http.StatusNotFound, status, "nothing lives there")
	status, _ = s.get("/events?page=/nowhere")
	assert.Equal(t, http.StatusNotFound, status)
	s.user.Role = ""
	status, _ = s.get("/events?page=/")
	assert.Equal(t, http.StatusNotFound, status)
}
