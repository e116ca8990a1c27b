// Package openapicheck_test validates the OpenAPI document of package api, and
// the answers of its endpoints against that document. It is apart from the
// package, so that who imports api needs nothing of the validator.
package openapicheck_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
)

const key = "correct horse battery"

// subject is a handler on fakes with its document.
type subject struct {
	handler http.Handler
	router  routers.Router
	modem   *apitest.Modem
	points  *apitest.Points
	sync    *apitest.Sync
}

func newSubject(t *testing.T, change func(*api.Config)) subject {
	t.Helper()
	hash, err := api.HashKey(key)
	require.NoError(t, err)
	c := api.DefaultConfig()
	c.Enabled = true
	c.Keys = []api.Key{{Name: "test", Hash: hash}}
	c.Endpoints = api.Endpoints{
		Version: true, Actions: true, SyncVersion: true, Sync: true, Syslog: true, SystemInfo: true, GSMInfo: true,
		Devices: true, DeviceInfo: true, DeviceTags: true, DeviceTagValue: true, Tags: true, Sysupgrade: true,
	}
	change(&c)
	s := subject{modem: apitest.NewModem(), points: apitest.NewPoints(), sync: new(apitest.Sync)}
	s.handler, err = api.NewHandler(c, api.Options{
		Versions: api.Versions{Sync: "lite1"},
		Providers: api.Providers{
			System: apitest.NewSystem(), Syslog: apitest.NewSyslog(), Modem: s.modem,
			Points: s.points, Sync: s.sync, Upgrade: new(apitest.Upgrade),
		},
	})
	require.NoError(t, err)
	w := s.ask(s.request(http.MethodGet, "/api/openapi.json", "", ""))
	require.Equal(t, 200, w.Code)
	document, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	require.NoError(t, err)
	require.NoError(t, document.Validate(context.Background()))
	assert.Equal(t, "3.1.0", document.OpenAPI)
	s.router, err = gorillamux.NewRouter(document)
	require.NoError(t, err)
	return s
}

func (s subject) request(method, path, contentType, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("apiKey", key)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func (s subject) ask(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

const (
	urlEncoded = "application/x-www-form-urlencoded"
	multi      = "multipart/form-data; boundary=b"
	file       = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\nContent-Type: application/octet-stream\r\n\r\n@\r\n--b--\r\n"
)

// check asks, and demands that request and answer are as the document says.
func (s subject) check(t *testing.T, status int, method, path, contentType, body string) {
	t.Helper()
	route, params, err := s.router.FindRoute(s.request(method, path, contentType, body))
	require.NoError(t, err)
	input := &openapi3filter.RequestValidationInput{
		Request: s.request(method, path, contentType, body), PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: func(_ context.Context, in *openapi3filter.AuthenticationInput) error {
			if in.SecurityScheme.Name != "apiKey" || in.SecurityScheme.In != "header" {
				return errors.New("the key is in the apiKey header")
			}
			return nil
		}, IncludeResponseStatus: true},
	}
	if status == 200 {
		require.NoError(t, openapi3filter.ValidateRequest(t.Context(), input), "%s %s", method, path)
	}
	w := s.ask(s.request(method, path, contentType, body))
	require.Equal(t, status, w.Code, w.Body.String())
	require.NoError(t, openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())),
		Options: input.Options,
	}), "%s %s: %d %s", method, path, w.Code, w.Body)
}

func TestDocumentAndAnswersAgree(t *testing.T) {
	s := newSubject(t, func(*api.Config) {})
	plain := []string{"version", "actions", "syncVersion", "syslog", "systemInfo", "gsmInfo", "devices", "tags", "openapi.json"}
	for _, name := range plain {
		t.Run(name, func(t *testing.T) {
			s.check(t, 200, http.MethodGet, "/api/"+name, "", "")
			s.check(t, 200, http.MethodPost, "/api/"+name, "", "")
			s.check(t, 415, http.MethodPost, "/api/"+name, "text/plain", "x")
			s.check(t, 400, http.MethodPost, "/api/"+name, urlEncoded, "%zz")
			s.check(t, 413, http.MethodPost, "/api/"+name, urlEncoded, strings.Repeat("x", 70<<10))
		})
	}
	for name, form := range map[string]string{
		"device/info": "device_alias=INV1", "device/tags": "device_alias=INV1", "device/tag/value": "device_alias=INV1&signal_alias=P",
	} {
		t.Run(name, func(t *testing.T) {
			s.check(t, 200, http.MethodPost, "/api/"+name, urlEncoded, form)
			var parts strings.Builder
			for pair := range strings.SplitSeq(form, "&") {
				field, value, _ := strings.Cut(pair, "=")
				parts.WriteString("--b\r\nContent-Disposition: form-data; name=\"" + field + "\"\r\n\r\n" + value + "\r\n")
			}
			s.check(t, 200, http.MethodPost, "/api/"+name, multi, parts.String()+"--b--\r\n")
			s.check(t, 400, http.MethodPost, "/api/"+name, urlEncoded, "x=y")
			s.check(t, 404, http.MethodPost, "/api/"+name, urlEncoded, strings.Replace(form, "INV1", "X", 1))
			s.check(t, 415, http.MethodPost, "/api/"+name, "application/json", "{}")
		})
	}
	for _, name := range []string{"sync", "sysupgrade"} {
		t.Run(name, func(t *testing.T) {
			s.check(t, 200, http.MethodPost, "/api/"+name, multi, strings.Replace(file, "@", "content", 1))
			s.check(t, 422, http.MethodPost, "/api/"+name, multi, strings.Replace(file, "@", "refuse: row 7", 1))
			s.check(t, 400, http.MethodPost, "/api/"+name, multi, file[:len(file)-8])
			s.check(t, 415, http.MethodPost, "/api/"+name, urlEncoded, "file=x")
		})
	}
	t.Run("failures", func(t *testing.T) {
		s.modem.Fail(api.ErrNotReady)
		s.check(t, 503, http.MethodGet, "/api/gsmInfo", "", "")
		s.points.Fail(errors.New("broken"))
		s.check(t, 500, http.MethodGet, "/api/tags", "", "")
		s.sync.Fail(api.ErrBusy)
		s.check(t, 409, http.MethodPost, "/api/sync", multi, strings.Replace(file, "@", "content", 1))
	})
}

func TestRefusalsAgree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // so that no time passes
		s := newSubject(t, func(c *api.Config) {
			c.Keys[0].Endpoints = []string{"version"}
			c.Limits.RequestsPerSecond = 2
		})
		s.check(t, 403, http.MethodGet, "/api/tags", "", "") // the second request
		s.check(t, 200, http.MethodGet, "/api/version", "", "")
		s.check(t, 200, http.MethodGet, "/api/version", "", "")
		s.check(t, 429, http.MethodGet, "/api/version", "", "")
	})
}

// What is off is not in the document, and without keys nothing asks for one.
func TestDocumentFollowsTheSwitches(t *testing.T) {
	s := newSubject(t, func(c *api.Config) {
		c.Authentication, c.Keys = api.AuthenticationNone, nil
		c.Endpoints = api.Endpoints{Version: true, DeviceInfo: true}
	})
	w := s.ask(httptest.NewRequest(http.MethodGet, "/api/openapi.json", nil))
	document, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"/api/version", "/api/device/info", "/api/openapi.json"}, document.Paths.InMatchingOrder())
	assert.Empty(t, document.Components.SecuritySchemes)
	assert.Nil(t, document.Paths.Find("/api/device/info").Get)
	assert.NotContains(t, w.Body.String(), "Unauthorized")
}

func TestDocumentNeedsAKey(t *testing.T) {
	s := newSubject(t, func(*api.Config) {})
	r := s.request(http.MethodGet, "/api/openapi.json", "", "")
	r.Header.Del("apiKey")
	w := s.ask(r)
	assert.Equal(t, 401, w.Code)
	assert.NotContains(t, w.Body.String(), "openapi")
}
