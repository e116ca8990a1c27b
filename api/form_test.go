package api_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
)

// pairs is a form: names and values in turn.
type pairs []string

func (p pairs) multipart(t testing.TB) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(p); i += 2 {
		require.NoError(t, w.WriteField(p[i], p[i+1]))
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), b.String()
}

func (p pairs) urlEncoded() string {
	var text []string
	for i := 0; i < len(p); i += 2 {
		text = append(text, url.QueryEscape(p[i])+"="+url.QueryEscape(p[i+1]))
	}
	return strings.Join(text, "&")
}

func TestFields(t *testing.T) {
	var d device
	d.fill()
	long := strings.Repeat("x", 200)
	for name, c := range map[string]struct {
		form     pairs
		status   int
		sentence string
	}{
		"good":            {pairs{"device_alias", "INV1", "signal_alias", "P"}, 200, ""},
		"other_order":     {pairs{"signal_alias", "P", "device_alias", "INV1"}, 200, ""},
		"no_fields":       {pairs{"x", ""}, 400, `There is no field "x" here, send device_alias and signal_alias.`},
		"missing_first":   {pairs{"signal_alias", "P"}, 400, "The field device_alias is missing."},
		"missing_second":  {pairs{"device_alias", "INV1"}, 400, "The field signal_alias is missing."},
		"empty":           {pairs{"device_alias", "", "signal_alias", "P"}, 400, "The field device_alias is empty."},
		"unknown":         {pairs{"device_alias", "INV1", "signal_alias", "P", "tag\n", "1"}, 400, ""},
		"other_case":      {pairs{"Device_Alias", "INV1", "signal_alias", "P"}, 400, `There is no field "Device_Alias" here, send device_alias and signal_alias.`},
		"twice":           {pairs{"device_alias", "INV1", "signal_alias", "P", "signal_alias", "U"}, 400, "The field signal_alias is there twice."},
		"twice_the_same":  {pairs{"device_alias", "INV1", "device_alias", "INV1", "signal_alias", "P"}, 400, "The field device_alias is there twice."},
		"unknown_device":  {pairs{"device_alias", "INV9", "signal_alias", "P"}, 404, `There is no device "INV9".`},
		"unknown_tag":     {pairs{"device_alias", "INV1", "signal_alias", "Q"}, 404, `The device "INV1" has no tag "Q".`},
		"tag_of_another":  {pairs{"device_alias", "M-2_x", "signal_alias", "U"}, 404, `The device "M-2_x" has no tag "U".`},
		"slash":           {pairs{"device_alias", "INV1/P", "signal_alias", "P"}, 404, `There is no device "INV1/P".`},
		"dots":            {pairs{"device_alias", "../INV1", "signal_alias", "P"}, 404, `There is no device "../INV1".`},
		"nul":             {pairs{"device_alias", "INV1\x00", "signal_alias", "P"}, 404, `There is no device "INV1\x00".`},
		"wildcard":        {pairs{"device_alias", "INV1", "signal_alias", "*"}, 404, `The device "INV1" has no tag "*".`},
		"not_utf8":        {pairs{"device_alias", "INV1", "signal_alias", "\xff"}, 404, `The device "INV1" has no tag "\xff".`},
		"space":           {pairs{"device_alias", " INV1", "signal_alias", "P"}, 404, `There is no device " INV1".`},
		"lines":           {pairs{"device_alias", "INV1\r\nX: y", "signal_alias", "P"}, 404, `There is no device "INV1\r\nX: y".`},
		"long":            {pairs{"device_alias", long, "signal_alias", "P"}, 404, `There is no device "` + long[:64] + `"....`},
		"too_large":       {pairs{"device_alias", strings.Repeat("x", 65<<10), "signal_alias", "P"}, 413, "The body is too large for an endpoint that takes no file."},
		"key_as_a_field":  {pairs{"apiKey", testKey, "device_alias", "INV1", "signal_alias", "P"}, 400, `There is no field "apiKey" here, send device_alias and signal_alias.`},
		"name_with_quote": {pairs{`a"b`, "1"}, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := d.points.Calls()
			a := serve(t, allOn(t), d.options())
			contentType, body := c.form.multipart(t)
			for _, reply := range []struct{ contentType, body string }{{contentType, body}, {urlEncoded, c.form.urlEncoded()}} {
				got := a.do("POST", "/api/device/tag/value", reply.contentType, reply.body)
				assert.Equal(t, c.status, got.Status, got.Body)
				if c.sentence != "" {
					assertError(t, c.status, c.sentence, got.Status, got.Body)
				}
				assert.Equal(t, 200, a.good("/api/device/tag/value").Status, "the next request is answered")
			}
			if strings.ContainsAny(strings.Join(c.form, ""), "/\x00* \r") {
				assert.Equal(t, before+2, d.points.Calls(), "no provider is asked for an alias that cannot be")
			}
		})
	}
}

func TestFieldsInWrongBodies(t *testing.T) {
	const multi = "multipart/form-data; boundary=b"
	form := "--b\r\nContent-Disposition: form-data; name=\"device_alias\"\r\n\r\nINV1\r\n--b--\r\n"
	for name, c := range map[string]struct {
		contentType, body string
		status            int
		sentence          string
	}{
		"multipart":         {multi, form, 200, ""},
		"nothing":           {"", "", 400, "The field device_alias is missing."},
		"no_parts":          {multi, "--b--\r\n", 400, "The field device_alias is missing."},
		"truncated":         {multi, form[:len(form)-8], 400, "The multipart body cannot be read."},
		"other_boundary":    {"multipart/form-data; boundary=c", form, 400, "The multipart body cannot be read."},
		"no_boundary":       {"multipart/form-data", form, 400, "The multipart body cannot be read."},
		"file":              {multi, strings.Replace(form, "alias\"", "alias\"; filename=\"x\"", 1), 400, "The field device_alias is a text and no file."},
		"no_name":           {multi, strings.Replace(form, "; name=\"device_alias\"", "", 1), 400, `There is no field "" here, send device_alias.`},
		"two_names":         {multi, strings.Replace(form, "\r\n\r\n", "; name=\"x\"\r\n\r\n", 1), 400, `There is no field "" here, send device_alias.`},
		"json":              {"application/json", `{"device_alias":"INV1"}`, 415, "Send the body as multipart/form-data or application/x-www-form-urlencoded."},
		"url_encoded":       {urlEncoded + "; charset=UTF-8", "device_alias=INV1", 200, ""},
		"url_semicolon":     {urlEncoded, "device_alias=INV1;x=y", 400, "The url-encoded body cannot be read."},
		"url_broken":        {urlEncoded, "device_alias=%zz", 400, "The url-encoded body cannot be read."},
		"url_without_value": {urlEncoded, "device_alias", 400, "The field device_alias is empty."},
		"url_empty_pairs":   {urlEncoded, "&&device_alias=INV1&", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var d device
			d.fill()
			reply := serve(t, allOn(t), d.options()).do("POST", "/api/device/info", c.contentType, c.body)
			assert.Equal(t, c.status, reply.Status, reply.Body)
			if c.sentence != "" {
				assertError(t, c.status, c.sentence, reply.Status, reply.Body)
			}
		})
	}
}

// Some clients send a body in chunks whether there is one or not.
func TestEmptyChunkedBody(t *testing.T) {
	var d device
	d.fill()
	a := serve(t, allOn(t), d.options())
	for path, want := range map[string]string{
		"/api/devices":     "",
		"/api/device/info": "The field device_alias is missing.",
	} {
		for _, contentType := range []string{"", "text/plain"} {
			t.Run(path[len("/api/"):]+"_"+contentType, func(t *testing.T) {
				reply, err := a.client.Do(t.Context(), "POST", path, contentType, struct{ io.Reader }{strings.NewReader("")})
				require.NoError(t, err)
				if want == "" {
					assert.Equal(t, 200, reply.Status, reply.Body)
					return
				}
				assertError(t, 400, want, reply.Status, reply.Body)
			})
		}
	}
}

func TestPointsFailures(t *testing.T) {
	var d device
	d.fill()
	d.points.Fail(api.ErrNotReady)
	d.modem.Fail(api.ErrNotReady)
	a := serve(t, allOn(t), d.options())
	for path, what := range map[string]string{
		"/api/gsmInfo": "The modem", "/api/devices": "The devices", "/api/device/info": "The device",
		"/api/device/tags": "The tags", "/api/device/tag/value": "The value", "/api/tags": "The tags",
	} {
		reply := a.good(path)
		assertError(t, 503, what+" cannot be read: not ready.", reply.Status, reply.Body)
	}
}

// FuzzFields sends any two values in both forms: the answer is the value of
// the tag, or says what is wrong.
func FuzzFields(f *testing.F) {
	for _, seed := range [][2]string{{"INV1", "P"}, {"", "P"}, {"INV1", "\x00"}, {"INV1/../INV1", "P"}, {"ä", "&=;%"}, {"--b", "\r\n--b--"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, device, signal string) {
		form := pairs{"device_alias", device, "signal_alias", signal}
		contentType, body := form.multipart(t)
		if len(body) > 60<<10 {
			return
		}
		var d known
		d.fill()
		a := d.post(t, contentType, body)
		b := d.post(t, urlEncoded, form.urlEncoded())
		assert.Equal(t, a.Code, b.Code)
		assert.Equal(t, a.Body.String(), b.Body.String())
		if device == "INV1" && (signal == "P" || signal == "U") || device == "M-2_x" && signal == "P" {
			assert.Equal(t, 200, a.Code)
		} else {
			assert.Contains(t, []int{400, 404}, a.Code)
		}
	})
}

// FuzzMultipart sends any bytes as a multipart form, to an endpoint with
// fields and to one with a file.
func FuzzMultipart(f *testing.F) {
	_, file := fileForm("content")
	f.Add([]byte(file))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"device_alias\"\r\n\r\nINV1\r\n--b--\r\n"))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=file\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ\r\n--b\r\n\r\n--b--"))
	f.Add([]byte("--b--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		var d known
		d.fill()
		assert.Contains(t, []int{200, 400, 404, 413}, d.post(t, "multipart/form-data; boundary=b", string(body)).Code)
		got := d.postTo(t, "/api/sync", "multipart/form-data; boundary=b", string(body))
		assert.Contains(t, []int{200, 400, 422}, got.Code)
		assert.Equal(t, got.Code == 200, !strings.Contains(d.sync.String(), "none"), "what is not taken is not in force")
	})
}
