package automation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/automation"
	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/doctor"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// engine plays the services.
type engine struct {
	mu     sync.Mutex
	asked  []string
	fail   error
	states []control.ServiceState
}

func (e *engine) Plan(document.Document) []control.Step {
	return []control.Step{{Service: "ser2net", Action: control.Reconfigured, Detail: "meter"}, {Service: "web", Action: control.Unchanged}}
}

func (e *engine) Apply(_ context.Context, doc document.Document) ([]control.Step, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = append(e.asked, "apply "+doc.Device.Model)
	steps := e.Plan(doc)
	if e.fail != nil {
		steps[0].Error = e.fail.Error()
	}
	return steps, e.fail
}

func (e *engine) Services() []control.ServiceState { return e.states }

func (e *engine) Items(service string) []control.Item {
	if service != "ser2net" {
		return nil
	}
	return []control.Item{{Service: "ser2net", Name: "meter", Enabled: true, State: "waiting", Good: true, Since: time.Now(), Verbs: []control.Verb{control.Stop}}}
}

func (e *engine) Do(_ context.Context, service, item string, verb control.Verb) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case item == "none":
		return control.ErrNoItem
	case verb == control.Restart:
		return errors.New("it does not restart")
	}
	e.asked = append(e.asked, string(verb)+" "+service+" "+item)
	return nil
}

func (e *engine) Missing() []control.Missing {
	return []control.Missing{{Service: "openvpn", What: "openvpn is not installed", Command: "apt install openvpn"}}
}

// live are services that were not started, so that there is something to tell
// of each.
type live struct {
	telemetry *telemetry.Service
	ipsec     *ipsec.Service
	openvpn   *openvpn.Service
	ser2net   *ser2net.Service
	snmp      *snmp.Service
}

func (l *live) Telemetry() *telemetry.Service { return l.telemetry }
func (l *live) IPsec() *ipsec.Service         { return l.ipsec }
func (l *live) L2TP() *l2tp.Service           { return nil }
func (l *live) OpenVPN() *openvpn.Service     { return l.openvpn }
func (l *live) Ser2net() *ser2net.Service     { return l.ser2net }
func (l *live) SNMP() *snmp.Service           { return l.snmp }
func (l *live) APIStatus() (api.Status, bool) { return api.Status{Requests: 7, Refused: 2}, true }

func newLive(t *testing.T) *live {
	t.Helper()
	l := new(live)
	var err error
	agent := telemetry.DefaultConfig()
	agent.Destinations = []telemetry.Destination{{Host: "collector.example", Port: 5150}}
	l.telemetry, err = telemetry.New(agent, telemetry.Options{
		Source: telemetrytest.NewSource(), Serial: "GK0001", NextBoot: func(context.Context) (uint32, error) { return 1, nil },
	})
	require.NoError(t, err)
	doc, faults := document.Parse([]byte(configuration))
	require.Empty(t, faults)
	l.ipsec, err = ipsec.New(doc.IPsec, ipsec.Options{Backend: ipsectest.NewDaemon().Backend("fieldgate")})
	require.NoError(t, err)
	l.openvpn, err = openvpn.New(doc.OpenVPN, openvpn.Options{Runner: openvpntest.NewRunner(), Store: openvpntest.NewStore()})
	require.NoError(t, err)
	l.ser2net, err = ser2net.New(doc.Ser2net, ser2net.Options{Opener: new(ser2nettest.Opener)})
	require.NoError(t, err)
	return l
}

// configuration is revision 1 of a rig.
const configuration = `# kept: a comment
device: {model: one}
points: {redis: {password: hunter-two}}
ipsec:
  enabled: true
  phase1_proposals: [{name: p1, encryption: aes256, hash: sha256, dh: 14}]
  phase2_proposals: [{name: p2, encryption: aes256, hash: sha256}]
  connections:
    - {name: demo0, enabled: true, gateway: 192.0.2.1, pre_shared_key: thebigsecret, local_subnets: [10.1.0.0/24], remote_subnets: [10.2.0.0/24], phase1: p1, phase2: p2}
    - {name: demo1, gateway: 192.0.2.2, pre_shared_key: othersecret, local_subnets: [10.1.0.0/24], remote_subnets: [10.3.0.0/24], phase1: p1, phase2: p2}
ser2net:
  enabled: true
  ports: [{name: meter, enabled: true, device: /dev/ttyS0, listen: "127.0.0.1:5000"}]
`

// secrets are what must never be told.
func secrets() []string { return []string{"hunter-two", "thebigsecret", "othersecret"} }

// rig is an API on a store of its own.
type rig struct {
	t       *testing.T
	engine  *engine
	control *control.Gateway
	handler *automation.Automation
	router  routers.Router
	user    account.User
}

func newRig(t *testing.T) *rig {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "gateway.yaml"), []byte(configuration), 0o600))
	store, err := confstore.Open(confstore.Disk(dir), confstore.Options{})
	require.NoError(t, err)
	r := &rig{t: t, user: account.User{Name: "anna", Role: account.Admin}, engine: &engine{
		states: []control.ServiceState{{Name: "ser2net", State: "running", Since: time.Now()}, {Name: "snmp", State: "disabled"}},
	}}
	r.control = control.New(store, r.engine, slog.New(slog.DiscardHandler))
	r.control.Boot()
	t.Cleanup(r.control.Close)
	r.handler = automation.New(automation.Options{
		Control: r.control, Live: newLive(t), Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Version: "1.2.3",
		Doctor: func(context.Context) []doctor.Finding {
			return []doctor.Finding{{Service: "ipsec", Subject: "demo0", Sentence: "The peer does not answer.", Todo: "Look at its cable.", Severity: doctor.Fault}}
		},
	})
	spec := r.ask(http.MethodGet, "/services/openapi.json", "")
	require.Equal(t, http.StatusOK, spec.Code)
	described, err := openapi3.NewLoader().LoadFromData(spec.Body.Bytes())
	require.NoError(t, err)
	require.NoError(t, described.Validate(t.Context()))
	r.router, err = gorillamux.NewRouter(described)
	require.NoError(t, err)
	return r
}

// in returns the rig for a subtest.
func (r *rig) in(t *testing.T) *rig {
	sub := *r
	sub.t = t
	return &sub
}

func (r *rig) request(method, path, body string) *http.Request {
	q := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	if strings.HasPrefix(path, "/services/import") {
		q.Header.Set("Content-Type", "application/yaml")
	}
	return q.WithContext(account.With(q.Context(), r.user))
}

func (r *rig) ask(method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, r.request(method, path, body))
	return w
}

// check asks, demands a status and that the answer is as the OpenAPI document
// says, and returns it decoded. No answer shows a secret.
func (r *rig) check(status int, method, path, body string) map[string]any {
	r.t.Helper()
	route, params, err := r.router.FindRoute(r.request(method, path, body))
	require.NoError(r.t, err, "%s %s", method, path)
	input := &openapi3filter.RequestValidationInput{
		Request: r.request(method, path, body), PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if status == http.StatusOK {
		require.NoError(r.t, openapi3filter.ValidateRequest(r.t.Context(), input), "%s %s", method, path)
	}
	w := r.ask(method, path, body)
	require.Equal(r.t, status, w.Code, "%s %s: %s", method, path, w.Body)
	require.NoError(r.t, openapi3filter.ValidateResponse(r.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())), Options: input.Options,
	}), "%s %s: %s", method, path, w.Body)
	for _, secret := range secrets() {
		assert.NotContains(r.t, w.Body.String(), secret, "%s %s", method, path)
	}
	assert.NotContains(r.t, w.Body.String(), "$schema")
	assert.Equal(r.t, "no-store", w.Header().Get("Cache-Control"))
	var answer map[string]any
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		require.NoError(r.t, json.Unmarshal(w.Body.Bytes(), &answer), w.Body)
	}
	if status >= http.StatusBadRequest {
		assert.Equal(r.t, "application/problem+json", w.Header().Get("Content-Type"))
		assert.InDelta(r.t, status, answer["status"], 0)
		assert.NotEmpty(r.t, answer["title"])
		assert.NotEmpty(r.t, answer["detail"])
	}
	return answer
}
