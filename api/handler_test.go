package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// plainPaths are the endpoints without input.
var plainPaths = []string{
	"/api/version", "/api/actions", "/api/syncVersion", "/api/syslog", "/api/systemInfo", "/api/gsmInfo", "/api/devices", "/api/tags",
}

// inputPaths are those with input, each with a url-encoded form for it that
// fits to what device.fill fills, "" where it is a file.
var inputPaths = map[string]string{
	"/api/device/info":      "device_alias=INV1",
	"/api/device/tags":      "device_alias=INV1",
	"/api/device/tag/value": "device_alias=INV1&signal_alias=P",
	"/api/sync":             "",
	"/api/sysupgrade":       "",
}

// allPaths are the thirteen, in the order of the switches in allSwitches.
func allPaths() []string {
	return append(slices.Clone(plainPaths), slices.Sorted(maps.Keys(inputPaths))...)
}

const urlEncoded = "application/x-www-form-urlencoded"

// fileForm is a form with one file, in the field "file".
func fileForm(content string) (contentType, body string) {
	return "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"config.xlsx\"\r\n" +
		"Content-Type: application/octet-stream\r\n\r\n" + content + "\r\n--b--\r\n"
}

// good asks an endpoint in the right way.
func (a ask) good(path string) apitest.Reply {
	a.t.Helper()
	form, input := inputPaths[path]
	switch {
	case !input:
		return a.get(path)
	case form != "":
		return a.do("POST", path, urlEncoded, form)
	default:
		contentType, body := fileForm("PK a workbook")
		return a.do("POST", path, contentType, body)
	}
}

// goldenName is the golden file of a path.
func goldenName(path string) string {
	return strings.ReplaceAll(path[len("/api/"):], "/", "_") + ".golden"
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

var knownInfo = api.SystemInfo{
	Hostname: "plant-7", Model: "WCC Lite", Serial: "0042", FirmwareVersion: "1.2.11", Kernel: "4.14.95",
	Uptime: 90061*time.Second + 900*time.Millisecond,
	Time:   time.UnixMilli(1708000203824),
	Load:   &api.Load{One: 5.959, Five: 0.1, Fifteen: 0},

	MemoryTotal: new(uint64(61332 << 10)), MemoryAvailable: new(uint64(1023)),
	DiskTotal: new(uint64(7 << 40)), DiskAvailable: new(uint64(0)),
}

func TestShapes(t *testing.T) {
	var d device
	d.fill()
	a := serve(t, allOn(t), d.options())
	for _, path := range allPaths() {
		t.Run(path[len("/api/"):], func(t *testing.T) {
			reply := a.good(path)
			assert.Equal(t, 200, reply.Status)
			contentType := "application/json"
			if path == "/api/syslog" {
				contentType = "text/plain; charset=utf-8"
			}
			assert.Equal(t, contentType, reply.Header.Get("Content-Type"))
			golden(t, goldenName(path), reply.Body)
		})
	}
}

func TestMissingFactsAreEmptyStrings(t *testing.T) {
	var d device
	a := serve(t, allOn(t), d.options())
	for path, n := range map[string]int{"/api/systemInfo": 14, "/api/gsmInfo": 7} {
		var facts map[string]string // a number or null would fail
		require.NoError(t, json.Unmarshal([]byte(a.get(path).Body), &facts))
		assert.Len(t, facts, n)
		for name, value := range facts {
			assert.Empty(t, value, name)
		}
	}
	assert.Equal(t, `{"total_devices":"0","devices":[]}`+"\n", a.get("/api/devices").Body)
	assert.Equal(t, `{"total_signals":"0","signals":[]}`+"\n", a.get("/api/tags").Body)
}

func TestVersions(t *testing.T) {
	o := new(device).options()
	o.Versions = api.Versions{API: "3", Patch: "7", Sync: "x"}
	a := serve(t, allOn(t), o)
	assert.JSONEq(t, `{"api_version":"3","api_patch":"7","sync_version":"x"}`, a.get("/api/version").Body)
}

func TestActionsListsWhatIsOn(t *testing.T) {
	c := allOn(t)
	c.Endpoints = api.Endpoints{Actions: true, Sync: true, SystemInfo: true, DeviceTagValue: true}
	a := serve(t, c, new(device).options())
	assert.JSONEq(t, `{"total_actions":"4","actions":[
		{"endpoint":"/api/actions","input":""},
		{"endpoint":"/api/sync","input":"file"},
		{"endpoint":"/api/systemInfo","input":""},
		{"endpoint":"/api/device/tag/value","input":"device_alias signal_alias"}]}`, a.get("/api/actions").Body)
}

// The switches are independent: each opens its own endpoint and no other.
func TestEachSwitch(t *testing.T) {
	for want, on := range map[string]api.Endpoints{
		"/api/version": {Version: true}, "/api/actions": {Actions: true}, "/api/syncVersion": {SyncVersion: true},
		"/api/sync": {Sync: true}, "/api/syslog": {Syslog: true}, "/api/systemInfo": {SystemInfo: true},
		"/api/gsmInfo": {GSMInfo: true}, "/api/devices": {Devices: true}, "/api/device/info": {DeviceInfo: true},
		"/api/device/tags": {DeviceTags: true}, "/api/device/tag/value": {DeviceTagValue: true},
		"/api/tags": {Tags: true}, "/api/sysupgrade": {Sysupgrade: true},
	} {
		c := allOn(t)
		c.Endpoints = on
		var d device
		d.fill()
		a := serve(t, c, d.options())
		for _, path := range allPaths() {
			reply := a.good(path)
			if path == want {
				assert.Equal(t, 200, reply.Status, path)
			} else {
				assertError(t, 403, "This endpoint is switched off.", reply.Status, reply.Body)
			}
		}
	}
}

func assertError(t *testing.T, status int, sentence string, gotStatus int, body string) {
	t.Helper()
	assert.Equal(t, status, gotStatus)
	want, err := json.Marshal(map[string]string{"error": sentence})
	require.NoError(t, err)
	assert.JSONEq(t, string(want), body)
}

func TestDisabledHandler(t *testing.T) {
	c := allOn(t)
	c.Enabled = false
	a := serve(t, c, api.Options{})
	assert.Equal(t, 403, a.get("/api/version").Status)
	a.client.Key = ""
	assert.Equal(t, 401, a.get("/api/version").Status)
	a.client.Key = testKey
	assert.Equal(t, 404, a.get("/api/nothing").Status)
}

// Of several things wrong with a request, the first in the order of the
// specification is answered.
func TestOrderOfChecks(t *testing.T) {
	c := allOn(t)
	c.Endpoints = api.Endpoints{Version: true}
	for name, r := range map[string]struct {
		key, method, path, contentType string
		status                         int
		sentence                       string
	}{
		"key_before_path":      {"wrong key here", "PUT", "/api/nothing", "text/xml", 401, "Unauthorized access."},
		"key_before_switch":    {"", "PUT", "/api/syslog", "text/xml", 401, "Unauthorized access."},
		"path_before_method":   {testKey, "PUT", "/api/nothing", "text/xml", 404, "There is no such endpoint."},
		"switch_before_method": {testKey, "PUT", "/api/syslog", "text/xml", 403, "This endpoint is switched off."},
		"switch_and_options":   {testKey, "OPTIONS", "/api/syslog", "", 403, "This endpoint is switched off."},
		"method_before_body":   {testKey, "PUT", "/api/version", "text/xml", 405, "This method is not allowed here, use GET or POST."},
		"body_last":            {testKey, "POST", "/api/version", "text/xml", 415, "Send the body as multipart/form-data or application/x-www-form-urlencoded."},
	} {
		t.Run(name, func(t *testing.T) {
			a := serve(t, c, new(device).options())
			a.client.Key = r.key
			reply := a.do(r.method, r.path, r.contentType, "<x/>")
			assertError(t, r.status, r.sentence, reply.Status, reply.Body)
			assert.Equal(t, "application/json", reply.Header.Get("Content-Type"))
		})
	}
}

func TestMethods(t *testing.T) {
	var d device
	d.fill()
	a := serve(t, allOn(t), d.options())
	for _, path := range plainPaths {
		whole := a.get(path)
		assert.Equal(t, whole.Body, a.do("POST", path, "", "").Body)

		head := a.do("HEAD", path, "", "")
		assert.Equal(t, 200, head.Status)
		assert.Empty(t, head.Body)
		for _, name := range []string{"Content-Type", "Content-Length", "Cache-Control"} {
			if path == "/api/syslog" && name == "Content-Length" {
				continue // the length of a stream is not known ahead
			}
			assert.Equal(t, whole.Header.Get(name), head.Header.Get(name), "%s of %s", name, path)
		}

		options := a.do("OPTIONS", path, "", "")
		assert.Equal(t, 204, options.Status)
		assert.Equal(t, "GET, HEAD, POST, OPTIONS", options.Header.Get("Allow"))
		assert.Empty(t, options.Body)

		for _, method := range []string{"PUT", "DELETE", "PATCH", "TRACE", "get", "STRANGE"} {
			reply := a.do(method, path, "", "")
			assert.Equal(t, 405, reply.Status, method)
			assert.Equal(t, "GET, HEAD, POST, OPTIONS", reply.Header.Get("Allow"))
		}
	}
}

func TestMethodsOfInputs(t *testing.T) {
	var d device
	d.fill()
	a := serve(t, allOn(t), d.options())
	for path := range inputPaths {
		assert.Equal(t, 200, a.good(path).Status)
		options := a.do("OPTIONS", path, "", "")
		assert.Equal(t, 204, options.Status)
		assert.Equal(t, "POST, OPTIONS", options.Header.Get("Allow"))
		for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE", "post"} {
			reply := a.do(method, path, "", "")
			assert.Equal(t, 405, reply.Status, method)
			assert.Equal(t, "POST, OPTIONS", reply.Header.Get("Allow"))
			if method != "HEAD" {
				assertError(t, 405, "This method is not allowed here, use POST.", reply.Status, reply.Body)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	a := serve(t, allOn(t), new(device).options())
	ids := make(map[string]bool)
	for _, path := range append(plainPaths, "/api/nothing", "/") {
		reply := a.get(path)
		assert.Equal(t, "no-store", reply.Header.Get("Cache-Control"), path)
		assert.Equal(t, "nosniff", reply.Header.Get("X-Content-Type-Options"), path)
		ids[reply.Header.Get("X-Request-Id")] = true
	}
	assert.Len(t, ids, len(plainPaths)+2, "each request has its own id")
}

func TestPathsAreExact(t *testing.T) {
	a := serve(t, allOn(t), new(device).options())
	for _, path := range []string{
		"/", "/api", "/api/", "//api/version", "/api//version", "/api/version/", "/API/version", "/api/Version",
		"/api/%76ersion", "/%61pi/version", "/api%2Fversion", "/api/version%00", "/api/./version",
		"/api/x/../version", "/api/version;a=b", "/api/version%3Fx", "/api/version%20", "/version", "/api/syncversion",
	} {
		reply := a.get(path)
		assertError(t, 404, "There is no such endpoint.", reply.Status, reply.Body)
		assert.Empty(t, reply.Header.Get("Location"), path)
	}
	assert.Equal(t, 200, a.get("/api/version?").Status)
	assert.Equal(t, 200, a.get("/api/version?anything=1").Status)
}

func TestRouteKeepsPathsExact(t *testing.T) {
	h, err := api.NewHandler(allOn(t), new(device).options())
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	a := serveHandler(t, api.Route(h, mux))
	for path, status := range map[string]int{
		"/api/version":   200,
		"/api//version":  404,
		"/api/../api/x":  404,
		"/api":           404,
		"/%61pi/version": 404,
		"/":              http.StatusTeapot,
		"/apiary":        http.StatusTeapot,
		"/API/version":   http.StatusTeapot,
	} {
		assert.Equal(t, status, a.get(path).Status, path)
	}
}

func TestKeyInHeaderOnly(t *testing.T) {
	a := serve(t, allOn(t), new(device).options())
	a.client.Key = ""
	for name, target := range map[string]string{
		"none": "/api/version", "query": "/api/version?apiKey=" + strings.ReplaceAll(testKey, " ", "%20"),
		"lower_query": "/api/version?apikey=" + strings.ReplaceAll(testKey, " ", "+"),
	} {
		t.Run(name, func(t *testing.T) {
			reply := a.get(target)
			assertError(t, 401, "Unauthorized access.", reply.Status, reply.Body)
			assert.NotEmpty(t, reply.Header.Get("WWW-Authenticate"))
		})
	}
	form := a.do("POST", "/api/version", "application/x-www-form-urlencoded", "apiKey=correct+horse+battery")
	assert.Equal(t, 401, form.Status)

	for name, keys := range map[string][]string{
		"twice": {testKey, testKey}, "right_and_wrong": {testKey, "x"}, "empty": {""},
		"part": {testKey[:len(testKey)-1]}, "longer": {testKey + "y"}, "huge": {strings.Repeat("k", 5000)},
		"other_case": {strings.ToUpper(testKey)}, "joined": {testKey + ", " + testKey},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), "GET", a.client.URL+"/api/version", nil)
			require.NoError(t, err)
			r.Header["apikey"] = keys // the header's name has no case
			reply, err := a.client.Send(r)
			require.NoError(t, err)
			assert.Equal(t, 401, reply.Status)
		})
	}
}

func TestAuthenticationNone(t *testing.T) {
	c := allOn(t)
	c.Authentication, c.Keys = api.AuthenticationNone, nil
	a := serve(t, c, new(device).options())
	for _, key := range []string{"", "whatever this is"} {
		a.client.Key = key
		assert.Equal(t, 200, a.get("/api/version").Status)
		assert.Equal(t, 404, a.get("/api/nothing").Status)
	}
}

func TestLogLines(t *testing.T) {
	var d device
	c := allOn(t)
	c.Endpoints.Actions = false
	a := serve(t, c, d.options())
	a.get("/api/version?token=in-the-query")
	a.get("/api/actions")
	a.get("/api/path-of-the-client")
	a.client.Key = "a wrong key, 12+"
	a.get("/api/syslog")

	lines := strings.Split(strings.TrimSpace(d.log.String()), "\n")
	require.Len(t, lines, 4)
	for i, want := range []string{
		"level=DEBUG .* endpoint=/api/version status=200 duration=\\S+ source=127.0.0.1 key_name=test$",
		"level=INFO .* endpoint=/api/actions status=403 .* error=\"This endpoint is switched off.\"$",
		"level=INFO .* endpoint=\"\" status=404 ",
		"level=INFO .* endpoint=/api/syslog status=401 ",
	} {
		assert.Regexp(t, want, lines[i])
		assert.Regexp(t, "request=[0-9a-f]{12} ", lines[i])
	}
	for _, secret := range []string{testKey, "a wrong key", "in-the-query", "path-of-the-client"} {
		assert.NotContains(t, d.log.String(), secret)
	}
}

// Requests without a key are counted in the log, not written line by line.
func TestLogIsNotFloodedWithoutAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d device
		h, err := api.NewHandler(allOn(t), d.options())
		require.NoError(t, err)
		knock := func() { h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/api/version", nil)) }
		for range 100 {
			knock()
		}
		assert.Equal(t, 1, strings.Count(d.log.String(), "status=401"))
		time.Sleep(time.Second)
		knock()
		assert.Equal(t, 2, strings.Count(d.log.String(), "status=401"))
		assert.Contains(t, d.log.String(), "unlogged_before=99")
		assert.Equal(t, uint64(101), h.Status().Refused)
	})
}

func TestHandlerStatus(t *testing.T) {
	var d device
	h, err := api.NewHandler(allOn(t), d.options())
	require.NoError(t, err)
	a := serveHandler(t, h)
	a.get("/api/version")
	a.get("/api/nothing")
	d.system.Fail(assert.AnError)
	a.get("/api/systemInfo")
	status := h.Status()
	assert.Equal(t, uint64(3), status.Requests)
	assert.Equal(t, uint64(1), status.Refused)
	assert.Equal(t, uint64(1), status.Failed)
	assert.Contains(t, status.LastError, assert.AnError.Error())
	assert.WithinDuration(t, time.Now(), status.LastErrorAt, time.Minute)
}

func TestBodies(t *testing.T) {
	form := "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--b--\r\n"
	const multi, url = "multipart/form-data; boundary=b", "application/x-www-form-urlencoded"
	for name, r := range map[string]struct {
		contentType, body string
		status            int
	}{
		"multipart":               {multi, form, 200},
		"multipart_with_trailer":  {multi, form + "more\r\n", 200},
		"multipart_no_parts":      {multi, "--b--\r\n", 200},
		"multipart_strange_part":  {multi, "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ\r\n--b--\r\n", 200},
		"multipart_truncated":     {multi, form[:len(form)-8], 400},
		"multipart_other":         {multi, "--c\r\n\r\n--c--\r\n", 400},
		"multipart_header_broken": {multi, "--b\r\nno colon\r\n\r\n--b--\r\n", 400},
		"multipart_no_boundary":   {"multipart/form-data", form, 400},
		"multipart_two_params":    {"multipart/form-data; boundary=b; boundary=c", form, 415},
		"multipart_mixed":         {"multipart/mixed; boundary=b", form, 415},
		"multipart_large":         {multi, strings.Replace(form, "1", strings.Repeat("1", 70<<10), 1), 413},
		"multipart_large_trailer": {multi, form + strings.Repeat("1", 70<<10), 413},
		"url":                     {url + "; charset=utf-8", "a=b&c=%20", 200},
		"url_broken":              {url, "a=%zz", 400},
		"url_large":               {url, strings.Repeat("a", 64<<10+1), 413},
		"url_fits":                {url, strings.Repeat("a", 64<<10), 200},
		"json":                    {"application/json", "{}", 415},
		"no_type":                 {"", "a=b", 415},
		"broken_type":             {";;;", "a=b", 415},
		"nothing":                 {"application/json", "", 200},
	} {
		t.Run(name, func(t *testing.T) {
			a := serve(t, allOn(t), new(device).options())
			assert.Equal(t, r.status, a.do("POST", "/api/version", r.contentType, r.body).Status)
			assert.Equal(t, 200, a.get("/api/version").Status, "the next request is answered")

			// Once more without a length ahead, in chunks.
			chunked, err := http.NewRequestWithContext(t.Context(), "POST", a.client.URL+"/api/version", struct{ *bytes.Reader }{bytes.NewReader([]byte(r.body))})
			require.NoError(t, err)
			if r.body == "" {
				return
			}
			chunked.Header.Set("Content-Type", r.contentType)
			reply, err := a.client.Send(chunked)
			require.NoError(t, err)
			assert.Equal(t, r.status, reply.Status, "in chunks")
		})
	}
}

func TestCompressedBody(t *testing.T) {
	a := serve(t, allOn(t), new(device).options())
	r, err := http.NewRequestWithContext(t.Context(), "POST", a.client.URL+"/api/version", strings.NewReader("a=b"))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Content-Encoding", "gzip")
	reply, err := a.client.Send(r)
	require.NoError(t, err)
	assert.Equal(t, 415, reply.Status)
}
