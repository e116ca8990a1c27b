package automation_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// body is the body of a change.
func body(t *testing.T, base int, config any) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"base": base, "config": config})
	require.NoError(t, err)
	return string(text)
}

// at returns a value of decoded JSON by keys and indexes.
func at(v any, path ...any) any {
	for _, p := range path {
		switch key := p.(type) {
		case string:
			group, _ := v.(map[string]any)
			v = group[key]
		case int:
			list, _ := v.([]any)
			if key >= len(list) {
				return nil
			}
			v = list[key]
		}
	}
	return v
}

func TestConfigurationComesBackAsItWas(t *testing.T) {
	r := newRig(t)
	got := r.check(http.StatusOK, http.MethodGet, "/services/config", "")
	assert.InDelta(t, 1, got["revision"], 0)
	assert.Equal(t, "one", at(got, "config", "device", "model"))
	assert.Equal(t, "[redacted]", at(got, "config", "ipsec", "connections", 0, "pre_shared_key"))
	assert.Equal(t, "10.1.0.0/24", at(got, "config", "ipsec", "connections", 0, "local_subnets", 0))

	answer := r.check(http.StatusOK, http.MethodPut, "/services/config", body(t, 1, got["config"]))
	assert.Equal(t, false, answer["saved"], "what changes nothing is not saved")
	assert.Empty(t, answer["changes"])

	config := got["config"].(map[string]any)
	at(config, "device").(map[string]any)["model"] = "two \U0001F600 \" : #{[&*!|>%@`"
	answer = r.check(http.StatusOK, http.MethodPut, "/services/config", body(t, 1, config))
	assert.Equal(t, true, answer["saved"])
	got = r.check(http.StatusOK, http.MethodGet, "/services/config/device", "")
	assert.Equal(t, "two \U0001F600 \" : #{[&*!|>%@`", at(got, "config", "model"))
}

func TestPutKeepsSecretsAndComments(t *testing.T) {
	r := newRig(t)
	got := r.check(http.StatusOK, http.MethodGet, "/services/config", "")
	at(got, "config", "device").(map[string]any)["model"] = "two"
	answer := r.check(http.StatusOK, http.MethodPut, "/services/config", body(t, 1, got["config"]))
	assert.Equal(t, []any{map[string]any{"path": "device.model", "from": "one", "to": "two"}}, answer["changes"])
	doc, revision := r.control.Saved()
	assert.Equal(t, control.Revision(2), revision)
	assert.Equal(t, "two", doc.Device.Model)
	assert.Equal(t, "thebigsecret", doc.IPsec.Connections[0].PreSharedKey.Reveal())
	assert.Equal(t, "hunter-two", doc.Points.Redis.Password.Reveal())
	text, err := r.control.Export(false)
	require.NoError(t, err)
	assert.Contains(t, string(text), "# kept: a comment")
	versions, err := r.control.History()
	require.NoError(t, err)
	assert.Equal(t, "anna", versions[0].By)
}

func TestSection(t *testing.T) {
	r := newRig(t)
	got := r.check(http.StatusOK, http.MethodGet, "/services/config/ipsec", "")
	connections := at(got, "config", "connections").([]any)
	// The records change places and one gets a new secret: the others keep
	// their own, by their names.
	connections[0], connections[1] = connections[1], connections[0]
	connections[0].(map[string]any)["pre_shared_key"] = "a new secret"
	r.check(http.StatusOK, http.MethodPut, "/services/config/ipsec", body(t, 1, got["config"]))
	doc, _ := r.control.Saved()
	assert.Equal(t, "demo1", doc.IPsec.Connections[0].Name)
	assert.Equal(t, "a new secret", doc.IPsec.Connections[0].PreSharedKey.Reveal())
	assert.Equal(t, "thebigsecret", doc.IPsec.Connections[1].PreSharedKey.Reveal())
	assert.Equal(t, "one", doc.Device.Model, "the other sections stay")

	r.check(http.StatusOK, http.MethodPut, "/services/config/device", body(t, 2, map[string]any{"serial": "123"}))
	doc, _ = r.control.Saved()
	assert.Equal(t, document.Device{Serial: "123"}, doc.Device, "a text stays one, and what is left out is the default")

	for _, section := range []string{"nowhere", "ipsec.connections", "%00"} {
		r.check(http.StatusNotFound, http.MethodGet, "/services/config/"+section, "")
		r.check(http.StatusNotFound, http.MethodPut, "/services/config/"+section, body(t, 3, map[string]any{}))
	}
}

func TestRecords(t *testing.T) {
	r := newRig(t)
	const path = "/services/config/ipsec/connections/"
	got := r.check(http.StatusOK, http.MethodGet, path+"demo0", "")
	record := got["config"].(map[string]any)
	assert.Equal(t, "192.0.2.1", record["gateway"])

	record["gateway"] = "192.0.2.99"
	r.check(http.StatusOK, http.MethodPut, path+"demo0", body(t, 1, record))
	record["name"], record["pre_shared_key"], record["remote_subnets"] = "Tëst \"2\"", "third secret", []string{"10.9.0.0/24"}
	const escaped = path + "T%C3%ABst%20%222%22"
	r.check(http.StatusUnprocessableEntity, http.MethodPut, path+"other", body(t, 2, record)) // the path says otherwise
	answer := r.check(http.StatusUnprocessableEntity, http.MethodPut, escaped, body(t, 2, record))
	assert.Equal(t, "ipsec.connections[2].name", at(answer, "errors", 0, "path"), "the rules for names are those of the page")
	record["name"], record["gateway"] = "demo2", "192.0.2.77"
	r.check(http.StatusOK, http.MethodPut, path+"demo2", body(t, 2, record))
	doc, _ := r.control.Saved()
	require.Len(t, doc.IPsec.Connections, 3)
	assert.Equal(t, "192.0.2.99", doc.IPsec.Connections[0].Gateway)
	assert.Equal(t, "third secret", doc.IPsec.Connections[2].PreSharedKey.Reveal())

	r.check(http.StatusOK, http.MethodDelete, path+"demo1?base=3", "")
	doc, _ = r.control.Saved()
	assert.Len(t, doc.IPsec.Connections, 2)
	r.check(http.StatusNotFound, http.MethodDelete, path+"demo1?base=4", "")
	r.check(http.StatusNotFound, http.MethodGet, path+"demo1", "")
	r.check(http.StatusNotFound, http.MethodGet, "/services/config/ipsec/enabled/x", "")
	r.check(http.StatusNotFound, http.MethodGet, "/services/config/nowhere/x/y", "")
	r.check(http.StatusUnprocessableEntity, http.MethodDelete, path+"demo0", "")                                              // no base
	r.check(http.StatusUnprocessableEntity, http.MethodPut, path+"demo0", body(t, 4, map[string]any{"gateway": "192.0.2.1"})) // no name

	// A renamed record has another secret: the old one is not guessed.
	record["name"], record["pre_shared_key"] = "demo9", "[redacted]"
	answer = r.check(http.StatusUnprocessableEntity, http.MethodPut, path+"demo2", body(t, 4, record))
	assert.Contains(t, fmt.Sprint(answer["errors"]), "redacted secret")
}

func TestCheckSavesNothing(t *testing.T) {
	r := newRig(t)
	answer := r.check(http.StatusOK, http.MethodPut, "/services/config/device", `{"base":1,"check":true,"config":{"model":"two"}}`)
	assert.Len(t, answer["changes"], 1)
	assert.Equal(t, false, answer["saved"])
	_, revision := r.control.Saved()
	assert.Equal(t, control.Revision(1), revision)
}

// Two programs save at once: the second is told what the first has changed.
func TestConflict(t *testing.T) {
	r := newRig(t)
	r.check(http.StatusOK, http.MethodPut, "/services/config/device", `{"base":1,"config":{"model":"two"}}`)
	answer := r.check(http.StatusConflict, http.MethodPut, "/services/config/device", `{"base":1,"config":{"model":"three"}}`)
	assert.InDelta(t, 2, at(answer, "conflict", "newest"), 0)
	assert.Equal(t, "anna", at(answer, "conflict", "by"))
	assert.Equal(t, "device.model", at(answer, "conflict", "changes", 0, "path"))
	r.check(http.StatusConflict, http.MethodPut, "/services/config/device", `{"base":99,"config":{"model":"three"}}`)
	r.check(http.StatusConflict, http.MethodDelete, "/services/config/ipsec/connections/demo1?base=1", "")
	doc, _ := r.control.Saved()
	assert.Equal(t, "two", doc.Device.Model)
}

// The rules are those of the page, and every fault has its path.
func TestFaults(t *testing.T) {
	r := newRig(t)
	for name, c := range map[string]struct{ section, config, path string }{
		"unknown key":     {"device", `{"modell":"x"}`, "device.modell"},
		"unknown in list": {"ser2net", `{"ports":[{"name":"a","devise":"x"}]}`, "ser2net.ports[0].devise"},
		"wrong type":      {"ser2net", `{"enabled":"perhaps"}`, "ser2net.enabled"},
		"group for text":  {"device", `{"model":{"x":1}}`, "device.model.x"},
		"rule":            {"web", `{"listen":"nonsense"}`, "web.listen"},
		"unprintable":     {"device", `{"model":"a\u0000b"}`, "device.model"},
		"twice":           {"device", `{"model":"a","model":"b"}`, "body.config"},
		"merge key":       {"device", `{"<<":{"model":"x"}}`, "device.<<"},
		"deep":            {"device", `{"model":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, "body.config"},
		"huge number":     {"snmp", `{"limits":{"rate":` + strings.Repeat("9", 30) + `}}`, "snmp.limits.rate"},
	} {
		t.Run(name, func(t *testing.T) {
			r := r.in(t)
			answer := r.check(http.StatusUnprocessableEntity, http.MethodPut, "/services/config/"+c.section, `{"base":1,"config":`+c.config+`}`)
			var paths []any
			for _, e := range answer["errors"].([]any) {
				paths = append(paths, at(e, "path"))
			}
			assert.Contains(t, paths, c.path, answer)
		})
	}
	_, revision := r.control.Saved()
	assert.Equal(t, control.Revision(1), revision)
}

func TestWrongRequests(t *testing.T) {
	r := newRig(t)
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"no JSON":       {http.StatusBadRequest, `{`},
		"empty":         {http.StatusBadRequest, ""},
		"no base":       {http.StatusUnprocessableEntity, `{"config":{}}`},
		"base 0":        {http.StatusUnprocessableEntity, `{"base":0,"config":{}}`},
		"negative base": {http.StatusUnprocessableEntity, `{"base":-1,"config":{}}`},
		"no config":     {http.StatusUnprocessableEntity, `{"base":1}`},
		"null":          {http.StatusUnprocessableEntity, `{"base":1,"config":null}`},
		"list":          {http.StatusUnprocessableEntity, `{"base":1,"config":[]}`},
		"unknown field": {http.StatusUnprocessableEntity, `{"base":1,"config":{},"force":"thebigsecret"}`},
		"long reason":   {http.StatusUnprocessableEntity, `{"base":1,"config":{},"what":"` + strings.Repeat("x", 300) + `"}`},
		"too large":     {http.StatusRequestEntityTooLarge, `{"base":1,"config":{"model":"` + strings.Repeat("x", document.MaxSize) + `"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			r.in(t).check(c.status, http.MethodPut, "/services/config/device", c.body)
		})
	}
	r.check(http.StatusRequestEntityTooLarge, http.MethodPost, "/services/apply", `{"x":"`+strings.Repeat("x", 70<<10)+`"}`)
	r.check(http.StatusUnprocessableEntity, http.MethodGet, "/services/config?revison=1", "")
	r.check(http.StatusUnprocessableEntity, http.MethodGet, "/services/config?revision=x", "")
	r.check(http.StatusNotFound, http.MethodGet, "/services/config?revision=99", "")

	q := r.request(http.MethodPut, "/services/config/device", `{"base":1,"config":{}}`)
	q.Header.Set("Content-Type", "text/plain")
	w := serve(r, q)
	assert.Equal(t, http.StatusUnsupportedMediaType, w.Code, w.Body)

	for path, status := range map[string]int{
		"/services/": http.StatusNotFound, "/services/nowhere": http.StatusNotFound, "/services": http.StatusNotFound,
		"/services/config/": http.StatusNotFound, "/services/../config": http.StatusNotFound, "/services/docs": http.StatusNotFound,
	} {
		w := r.ask(http.MethodGet, path, "")
		assert.Equal(t, status, w.Code, path)
		assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"), path)
	}
	w = r.ask(http.MethodPatch, "/services/config", "{}")
	assert.Equal(t, http.StatusMethodNotAllowed, w.Code)
	assert.Contains(t, w.Header().Get("Allow"), "PUT")
}
