package api_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
)

// allOnOpen is every endpoint, open to everyone.
func allOnOpen() api.Config {
	return api.Config{
		Enabled: true, Authentication: api.AuthenticationNone,
		Endpoints: allEndpoints(),
	}
}

// record answers a request given as the bytes of a connection; nil when they
// are no request.
func record(t *testing.T, c api.Config, o api.Options, raw string) *httptest.ResponseRecorder {
	t.Helper()
	h, err := api.NewHandler(c, o)
	require.NoError(t, err)
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		return nil
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// FuzzRequest sends any bytes that are a request, to an open handler and to
// one that asks for a key.
func FuzzRequest(f *testing.F) {
	for _, path := range append(allPaths(), "/api//version", "/api/%76ersion", "/", "*", "http://x/api/version", "/api/version?apiKey=x") {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS", "PUT"} {
			f.Add(method+" "+path+" HTTP/1.1\r\nHost: x\r\n", "")
		}
	}
	for _, contentType := range []string{"multipart/form-data; boundary=b", "application/x-www-form-urlencoded", "text/plain", ""} {
		f.Add("POST /api/version HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: "+contentType+"\r\n", "5\r\n--b--\r\n0\r\n\r\n")
		f.Add("POST /api/version HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nContent-Type: "+contentType+"\r\n", "--b--\r\n.")
	}
	locked := allOn(f)
	f.Fuzz(func(t *testing.T, head, body string) {
		raw := head + "\r\n" + body
		w := record(t, allOnOpen(), new(device).options(), raw)
		if w == nil {
			return
		}
		assert.Contains(t, []int{200, 204, 400, 404, 405, 413, 415, 422}, w.Code)
		method, _, _ := strings.Cut(head, " ")
		if w.Code >= 400 && method != http.MethodHead {
			var e struct{ Error string }
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &e))
			assert.True(t, strings.HasSuffix(e.Error, "."))
		}
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		assert.Empty(t, w.Header().Get("Location"))

		assert.Equal(t, 401, record(t, locked, new(device).options(), raw).Code)
	})
}

// known is a device that is asked without a connection and without a key.
type known struct{ device }

func (k *known) post(t *testing.T, contentType, body string) *httptest.ResponseRecorder {
	t.Helper()
	return k.postTo(t, "/api/device/tag/value", contentType, body)
}

func (k *known) postTo(t *testing.T, path, contentType, body string) *httptest.ResponseRecorder {
	t.Helper()
	h, err := api.NewHandler(allOnOpen(), k.options())
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
