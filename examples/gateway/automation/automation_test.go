package automation_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/automation"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

func serve(r *rig, q *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, q)
	return w
}

func TestApplyAndConfirm(t *testing.T) {
	r := newRig(t)
	answer := r.check(http.StatusOK, http.MethodGet, "/services/plan", "")
	assert.Empty(t, answer["changes"])
	r.check(http.StatusOK, http.MethodPut, "/services/config/device", `{"base":1,"config":{"model":"two"}}`)
	answer = r.check(http.StatusOK, http.MethodGet, "/services/plan", "")
	assert.Equal(t, "device.model", at(answer, "changes", 0, "path"))
	assert.Equal(t, "reconfigured", at(answer, "steps", 0, "action"))
	assert.InDelta(t, 1, answer["applied"], 0)

	for _, wrong := range []string{`{"confirm_seconds":3}`, `{"confirm_seconds":4000}`, `{"confirm_seconds":-1}`, `{"confirm":60}`} {
		r.check(http.StatusUnprocessableEntity, http.MethodPost, "/services/apply", wrong)
	}
	r.check(http.StatusConflict, http.MethodPost, "/services/confirm", "")
	answer = r.check(http.StatusOK, http.MethodPost, "/services/apply", `{"confirm_seconds":600}`)
	assert.NotEmpty(t, answer["confirm_until"])
	assert.InDelta(t, 2, answer["applied"], 0)
	r.check(http.StatusConflict, http.MethodPost, "/services/apply", "") // the one before waits
	answer = r.check(http.StatusOK, http.MethodPost, "/services/confirm", "")
	assert.NotContains(t, answer, "confirm_until")
	assert.Equal(t, []string{"apply two"}, r.engine.asked)
}

// What nobody confirms comes back by itself.
func TestUnconfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.check(http.StatusOK, http.MethodPut, "/services/config/device", `{"base":1,"config":{"model":"two"}}`)
		r.check(http.StatusOK, http.MethodPost, "/services/apply", `{"confirm_seconds":30}`)
		time.Sleep(31 * time.Second)
		synctest.Wait()
		r.check(http.StatusConflict, http.MethodPost, "/services/confirm", "")
		assert.Equal(t, []string{"apply two", "apply one"}, r.engine.asked)
		answer := r.check(http.StatusOK, http.MethodGet, "/services/status", "")
		assert.InDelta(t, 3, answer["applied"], 0)
	})
}

func TestApplyInPart(t *testing.T) {
	r := newRig(t)
	r.engine.fail = errors.New("ser2net keeps its old configuration: the port is taken")
	answer := r.check(http.StatusInternalServerError, http.MethodPost, "/services/apply", "{}")
	assert.Contains(t, answer["detail"], "the port is taken")
	assert.Contains(t, at(answer, "steps", 0, "error"), "the port is taken")
}

func TestHistory(t *testing.T) {
	r := newRig(t)
	r.check(http.StatusOK, http.MethodPut, "/services/config/device", `{"base":1,"what":"a new model","config":{"model":"two"}}`)
	answer := r.check(http.StatusOK, http.MethodGet, "/services/history", "")
	require.Len(t, answer["versions"], 2)
	assert.Equal(t, "a new model", at(answer, "versions", 0, "what"))
	answer = r.check(http.StatusOK, http.MethodGet, "/services/config?revision=1", "")
	assert.Equal(t, "one", at(answer, "config", "device", "model"))
	answer = r.check(http.StatusOK, http.MethodGet, "/services/diff?from=1&to=2", "")
	assert.Equal(t, []any{map[string]any{"path": "device.model", "from": "one", "to": "two"}}, answer["changes"])
	r.check(http.StatusNotFound, http.MethodGet, "/services/diff?from=1&to=99", "")
	r.check(http.StatusUnprocessableEntity, http.MethodGet, "/services/diff?from=1", "")

	r.check(http.StatusConflict, http.MethodPost, "/services/restore", `{"base":1,"revision":1}`)
	r.check(http.StatusNotFound, http.MethodPost, "/services/restore", `{"base":2,"revision":77}`)
	answer = r.check(http.StatusOK, http.MethodPost, "/services/restore", `{"base":2,"revision":1}`)
	assert.InDelta(t, 3, answer["revision"], 0)
	doc, _ := r.control.Saved()
	assert.Equal(t, "one", doc.Device.Model)
	assert.Equal(t, "thebigsecret", doc.IPsec.Connections[0].PreSharedKey.Reveal())
}

func TestExportAndImport(t *testing.T) {
	r := newRig(t)
	r.check(http.StatusOK, http.MethodGet, "/services/export", "")
	w := r.ask(http.MethodGet, "/services/export", "")
	assert.Contains(t, w.Body.String(), "# kept: a comment")
	assert.Contains(t, w.Body.String(), "[redacted]")
	text := strings.Replace(w.Body.String(), "model: one", "model: two", 1)
	r.check(http.StatusConflict, http.MethodPost, "/services/import?base=9", text)
	answer := r.check(http.StatusUnprocessableEntity, http.MethodPost, "/services/import?base=1", "device: {modell: x}\n")
	assert.Equal(t, "device.modell", at(answer, "errors", 0, "path"))
	r.check(http.StatusBadRequest, http.MethodPost, "/services/import?base=1", "")
	r.check(http.StatusOK, http.MethodPost, "/services/import?base=1", text)
	doc, _ := r.control.Saved()
	assert.Equal(t, "two", doc.Device.Model)
	assert.Equal(t, "thebigsecret", doc.IPsec.Connections[0].PreSharedKey.Reveal())

	w = r.ask(http.MethodPost, "/services/export", "") // a backup is asked for as such
	assert.Contains(t, w.Body.String(), "thebigsecret")
	assert.Equal(t, "application/yaml", w.Header().Get("Content-Type"))
}

func TestParts(t *testing.T) {
	r := newRig(t)
	answer := r.check(http.StatusOK, http.MethodGet, "/services/status", "")
	assert.Equal(t, "ser2net", at(answer, "services", 0, "name"))
	assert.Equal(t, "apt install openvpn", at(answer, "missing", 0, "command"))
	answer = r.check(http.StatusOK, http.MethodGet, "/services/items/ser2net", "")
	assert.Equal(t, "meter", at(answer, "items", 0, "name"))
	assert.Equal(t, []any{"stop"}, at(answer, "items", 0, "verbs"))
	assert.Empty(t, r.check(http.StatusOK, http.MethodGet, "/services/items/snmp", "")["items"])
	r.check(http.StatusNotFound, http.MethodGet, "/services/items/nowhere", "")

	r.check(http.StatusOK, http.MethodPost, "/services/items/ser2net/meter/stop", "")
	r.check(http.StatusOK, http.MethodPost, "/services/items/ser2net/a%2Fb%20%C3%A4/start", "")
	assert.Equal(t, []string{"stop ser2net meter", "start ser2net a/b ä"}, r.engine.asked)
	r.check(http.StatusNotFound, http.MethodPost, "/services/items/ser2net/none/stop", "")
	r.check(http.StatusConflict, http.MethodPost, "/services/items/ser2net/meter/restart", "")
	r.check(http.StatusUnprocessableEntity, http.MethodPost, "/services/items/ser2net/meter/explode", "")

	answer = r.check(http.StatusOK, http.MethodGet, "/services/doctor", "")
	assert.Equal(t, "The peer does not answer.", at(answer, "findings", 0, "sentence"))

	answer = r.check(http.StatusOK, http.MethodGet, "/services/details", "")
	assert.Equal(t, "collector.example", at(answer, "telemetry", "destinations", 0, "host"))
	assert.Equal(t, "demo0", at(answer, "ipsec", "connections", 0, "name"))
	assert.Equal(t, "meter", at(answer, "ser2net", "ports", 0, "name"))
	assert.InDelta(t, 7, at(answer, "api", "requests"), 0)
	assert.NotContains(t, answer, "l2tp", "it does not run")
}

// Roles are those of the pages; who may not, changes nothing, and nothing of
// what was sent is looked at.
func TestRoles(t *testing.T) {
	needed := map[string]account.Role{
		"PUT /services/config": account.Admin, "PUT /services/config/device": account.Admin, "PUT /services/config/ipsec/connections/x": account.Admin,
		"DELETE /services/config/ipsec/connections/demo1?base=1": account.Admin, "POST /services/apply": account.Admin, "POST /services/confirm": account.Admin,
		"POST /services/restore": account.Admin, "POST /services/export": account.Admin, "POST /services/import?base=1": account.Admin,
		"POST /services/items/ser2net/meter/stop": account.Operator,
		"GET /services/config":                    account.Viewer, "GET /services/config/ipsec": account.Viewer, "GET /services/plan": account.Viewer, "GET /services/history": account.Viewer,
		"GET /services/status": account.Viewer, "GET /services/details": account.Viewer, "GET /services/items/ser2net": account.Viewer, "GET /services/doctor": account.Viewer,
		"GET /services/export": account.Viewer, "GET /services/openapi.json": account.Viewer, "GET /services/schema.json": account.Viewer, "GET /metrics": account.Viewer,
	}
	r := newRig(t)
	users := []account.User{{}, {Name: "victor", Role: account.Viewer}, {Name: "otto", Role: account.Operator}, {Name: "x", Role: "root"}}
	for request, role := range needed {
		method, path, _ := strings.Cut(request, " ")
		for _, user := range users {
			r.user = user
			body := ""
			if method == http.MethodPost || method == http.MethodPut {
				body = "{no JSON"
			}
			w := r.ask(method, path, body)
			switch {
			case user.Name == "":
				assert.Equal(t, http.StatusUnauthorized, w.Code, request)
				assert.NotEmpty(t, w.Header().Get("WWW-Authenticate"))
			case !user.Role.Allows(role):
				assert.Equal(t, http.StatusForbidden, w.Code, "%s as %s", request, user.Role)
				assert.Contains(t, w.Body.String(), "it needs the role "+string(role))
			default:
				assert.Equal(t, http.StatusOK, w.Code, "%s as %s: %s", request, user.Role, w.Body)
			}
		}
	}
	_, revision := r.control.Saved()
	assert.Equal(t, control.Revision(1), revision)
	assert.Equal(t, []string{"stop ser2net meter"}, r.engine.asked) // the operator
}

func TestOpenAPIIsPlain(t *testing.T) {
	r := newRig(t)
	w := r.ask(http.MethodGet, "/services/openapi.json", "")
	assert.NotContains(t, w.Body.String(), "ErrorModel")
	var spec struct {
		OpenAPI string
		Paths   map[string]any
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &spec))
	assert.Equal(t, "3.1.0", spec.OpenAPI)
	assert.Equal(t, 16, len(spec.Paths))
}

// sampleLine is a line of the text format of Prometheus.
var sampleLine = regexp.MustCompile(`^[a-z_]+(\{[a-z]+="([^"\\\n]|\\[\\"n])*"(,[a-z]+="([^"\\\n]|\\[\\"n])*")*\})? -?\d+(\.\d+)?$`)

func TestMetrics(t *testing.T) {
	r := newRig(t)
	r.user = account.User{Name: "victor", Role: account.Viewer}
	r.engine.states = append(r.engine.states, control.ServiceState{Name: "we\"i\\r\nd", State: "restarting"})
	w := r.ask(http.MethodGet, "/metrics", "")
	require.Equal(t, http.StatusOK, w.Code)
	assert.Equal(t, "text/plain; version=0.0.4; charset=utf-8", w.Header().Get("Content-Type"))
	typed, family := make(map[string]bool), ""
	for line := range strings.Lines(w.Body.String()) {
		line = strings.TrimSuffix(line, "\n")
		if rest, is := strings.CutPrefix(line, "# TYPE "); is {
			family, _, _ = strings.Cut(rest, " ")
			assert.False(t, typed[family], "%s comes in two pieces", family)
			typed[family] = true
			continue
		}
		if !strings.HasPrefix(line, "# HELP ") {
			assert.Regexp(t, sampleLine, line)
			name, _, _ := strings.Cut(strings.NewReplacer("{", " ").Replace(line), " ")
			assert.Equal(t, family, name)
		}
	}
	for _, line := range []string{
		`fieldgate_info{version="1.2.3"} 1`, `fieldgate_service_up{service="ser2net"} 1`, `fieldgate_service_up{service="snmp"} 0`,
		`fieldgate_service_up{service="we\"i\\r\nd"} 0`, `fieldgate_item_good{service="ser2net",item="meter"} 1`,
		`fieldgate_item_bytes_total{service="ser2net",item="meter",direction="in"} 0`, `fieldgate_item_bytes_total{service="ipsec",item="demo0",direction="out"} 0`,
		`fieldgate_messages_total{service="api",peer="",what="received"} 7`, `fieldgate_config_revision{which="saved"} 1`,
	} {
		assert.Contains(t, w.Body.String(), line+"\n")
	}
	for _, name := range []string{"go_goroutines", "go_memstats_heap_alloc_bytes", "process_resident_memory_bytes"} {
		assert.Regexp(t, `(?m)^`+name+` [1-9]\d*$`, w.Body.String())
	}
}

// Without a login, this host only may read them, and not through a proxy or a
// name that was made to lead here.
func TestMetricsFromThisHost(t *testing.T) {
	r := newRig(t)
	r.user = account.User{}
	for name, c := range map[string]struct {
		remote, host string
		header       http.Header
		status       int
	}{
		"IPv4":      {"127.0.0.1:4711", "127.0.0.1:8080", nil, http.StatusOK},
		"IPv6":      {"[::1]:4711", "localhost", nil, http.StatusOK},
		"mapped":    {"[::ffff:127.0.0.1]:4711", "[::1]:8080", nil, http.StatusOK},
		"elsewhere": {"192.0.2.1:4711", "127.0.0.1:8080", nil, http.StatusUnauthorized},
		"rebound":   {"127.0.0.1:4711", "evil.example:8080", nil, http.StatusUnauthorized},
		"proxy":     {"127.0.0.1:4711", "localhost", http.Header{"X-Forwarded-For": {"192.0.2.1"}}, http.StatusUnauthorized},
		"claimed":   {"192.0.2.1:4711", "localhost", http.Header{"X-Forwarded-For": {"127.0.0.1"}}, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			q := r.request(http.MethodGet, "/metrics", "")
			q.RemoteAddr, q.Host = c.remote, c.host
			for key, values := range c.header {
				q.Header[key] = values
			}
			assert.Equal(t, c.status, serve(r, q).Code)
		})
	}
}

func TestHealth(t *testing.T) {
	r := newRig(t)
	r.user = account.User{}
	w := r.ask(http.MethodGet, "/healthz", "")
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Equal(t, "ok\n", w.Body.String())
	r.engine.states = append(r.engine.states, control.ServiceState{Name: "ipsec", State: "restarting", Error: "10.0.0.1 refused"})
	w = r.ask(http.MethodGet, "/healthz", "")
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Equal(t, "Not well: ipsec is restarting.\n", w.Body.String(), "nobody is told more than this")
}

func TestHandles(t *testing.T) {
	for path, is := range map[string]bool{"/services": true, "/services/x": true, "/metrics": true, "/healthz": true, "/servicesx": false, "/": false, "/metrics/x": false, "/ipsec": false} {
		assert.Equal(t, is, automation.Handles(path), path)
	}
}

// Behind the login: a token does it, the form of another site does not.
func TestBehindTheLogin(t *testing.T) {
	r := newRig(t)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "users.yaml"), []byte("key: 00112233445566778899aabbccddeeff\n"+
		"users: [{name: anna, role: admin, password: $2a$04$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}]\n"), 0o600))
	accounts, err := account.Open(account.Options{Folder: folder})
	require.NoError(t, err)
	token, err := accounts.NewToken(t.Context(), "anna")
	require.NoError(t, err)
	handler := accounts.Wrap(r.handler)
	ask := func(method, path string, header http.Header) *httptest.ResponseRecorder {
		q := httptest.NewRequest(method, path, strings.NewReader(url.Values{}.Encode()))
		q.Header = header
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, q)
		return w
	}
	bearer := http.Header{"Authorization": {"Bearer " + token}}
	assert.Equal(t, http.StatusUnauthorized, ask(http.MethodGet, "/services/status", http.Header{}).Code)
	assert.Equal(t, http.StatusUnauthorized, ask(http.MethodGet, "/metrics", http.Header{}).Code)
	assert.Equal(t, http.StatusOK, ask(http.MethodGet, "/healthz", http.Header{}).Code)
	assert.Equal(t, http.StatusOK, ask(http.MethodGet, "/services/status", bearer).Code)
	assert.Equal(t, http.StatusOK, ask(http.MethodPost, "/services/items/ser2net/meter/stop", bearer).Code)
	foreign := bearer.Clone()
	foreign.Set("Origin", "https://evil.example")
	assert.Equal(t, http.StatusForbidden, ask(http.MethodPost, "/services/items/ser2net/meter/stop", foreign).Code)
	assert.Len(t, r.engine.asked, 1)
	var notes []string
	for _, e := range accounts.Audit() {
		notes = append(notes, e.User+": "+e.What)
	}
	assert.Contains(t, notes, `anna: stop "meter" of "ser2net"`)
}

// The schema of the configuration is what the program prints, too.
func TestSchemaOfTheConfiguration(t *testing.T) {
	w := newRig(t).ask(http.MethodGet, "/services/schema.json", "")
	require.Equal(t, http.StatusOK, w.Code)
	assert.Equal(t, "application/schema+json", w.Header().Get("Content-Type"))
	want, err := document.Schema()
	require.NoError(t, err)
	assert.JSONEq(t, string(want), w.Body.String())
}
