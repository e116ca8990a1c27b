package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestForget(t *testing.T) {
	s := newSite(t, nil)
	const device = "a/b ?"
	post := func(path, from string, header http.Header) (int, string) {
		r := httptest.NewRequest(http.MethodPost, path, nil)
		r.RemoteAddr, r.Header = from, header
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	s.report(t, device, 5, nil)
	s.report(t, "other", 5, nil)
	path := "/v1/devices/" + url.PathEscape(device)
	for name, c := range map[string]struct {
		from   string
		header http.Header
		want   string
	}{
		"another machine":  {"192.0.2.9:4711", nil, "loopback"},
		"a page elsewhere": {"127.0.0.1:4711", http.Header{"Sec-Fetch-Site": {"cross-site"}}, "a page from elsewhere"},
		"an old browser":   {"127.0.0.1:4711", http.Header{"Origin": {"http://evil.example"}}, "a page from elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			status, text := post(path+"/forget", c.from, c.header)
			assert.Equal(t, http.StatusForbidden, status)
			assert.Contains(t, text, c.want)
			s.get(t, path, http.StatusOK)
		})
	}
	s.get(t, path+"/forget", http.StatusMethodNotAllowed)

	status, text := post(path+"/forget", "[::1]:4711", nil)
	assert.Equal(t, http.StatusOK, status)
	assert.JSONEq(t, `{"forgotten":"a/b ?"}`, text)
	s.get(t, path, http.StatusNotFound)
	assert.NotContains(t, s.counts, device)
	s.get(t, "/v1/devices/other", http.StatusOK)
	status, _ = post(path+"/forget", "127.0.0.1:4711", nil)
	assert.Equal(t, http.StatusNotFound, status)
	status, _ = post("/v1/devices/other/forget", "127.0.0.1:4711", http.Header{"Sec-Fetch-Site": {"same-origin"}})
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, s.get(t, "/v1/devices", http.StatusOK), `"total":0`)
}
