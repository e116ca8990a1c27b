package api_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
)

// peer returns where the program is. Without it the test is skipped, in CI
// it fails.
func peer(t *testing.T, program, aptPackage string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil && os.Getenv("CI") == "true" {
		require.NoError(t, err, "needs apt package %s", aptPackage)
	}
	if err != nil {
		t.Skipf("%s is not there (apt package %s): %v", program, aptPackage, err)
	}
	return path
}

// TestIntegrationCurl asks a running service by curl, as integrators do.
func TestIntegrationCurl(t *testing.T) {
	curl := peer(t, "curl", "curl")
	var d device
	d.fill()
	c := allOn(t)
	c.Limits.WrongKeys = -1 // there are many below
	on := startService(t, c, d.options())
	c.Endpoints = api.Endpoints{}
	off := startService(t, c, d.options())

	ask := curlWith(curl)
	key := []string{"-H", "apiKey: " + testKey}
	for _, path := range plainPaths {
		t.Run(path[len("/api/"):], func(t *testing.T) {
			want, err := os.ReadFile("testdata/" + path[len("/api/"):] + ".golden")
			require.NoError(t, err)
			good := string(want) + "[200 0]"
			assert.Equal(t, good, ask(t, append(key, on+path)...))
			assert.Equal(t, good, ask(t, append(key, "-F", "device_alias=INV1", on+path)...), "form")
			assert.Equal(t, good, ask(t, append(key, "-F", "file=@testdata/version.golden", on+path)...), "file")
			assert.Equal(t, good, ask(t, append(key, "-d", "a=b", on+path)...), "url-encoded")
			assert.Equal(t, good, ask(t, append(key, "-X", "POST", on+path)...), "empty POST")

			assert.Equal(t, `{"error":"This endpoint is switched off."}`+"\n[403 0]", ask(t, append(key, off+path)...))
			unauthorized := `{"error":"Unauthorized access."}` + "\n[401 0]"
			assert.Equal(t, unauthorized, ask(t, on+path))
			assert.Equal(t, unauthorized, ask(t, "-H", "apiKey: a wrong key", on+path))
			assert.Equal(t, unauthorized, ask(t, "-F", "x=y", on+path), "form without key")
			assert.Equal(t, unauthorized, ask(t, append(key, append(key, on+path)...)...), "twice")
			assert.Equal(t, unauthorized, ask(t, "-G", "--data-urlencode", "apiKey="+testKey, on+path), "query")
			assert.Equal(t, unauthorized, ask(t, off+path), "the key comes before the switch")

			head := ask(t, append(key, "--head", on+path)...)
			assert.True(t, strings.HasPrefix(head, "HTTP/1.1 200 OK\r\n"), head)
			assert.True(t, strings.HasSuffix(head, "\r\n\r\n[200 0]"), head)
			options := ask(t, append(key, "-i", "-X", "OPTIONS", on+path)...)
			assert.Contains(t, options, "\r\nAllow: GET, HEAD, POST, OPTIONS\r\n")
			assert.True(t, strings.HasSuffix(options, "[204 0]"), options)
			put := ask(t, append(key, "-i", "-X", "PUT", "-d", "x", on+path)...)
			assert.Contains(t, put, "\r\nAllow: GET, HEAD, POST, OPTIONS\r\n")
			assert.True(t, strings.HasSuffix(put, "[405 0]"), put)
			assert.True(t, strings.HasSuffix(ask(t, append(key, "-H", "Content-Type: application/json", "-d", "{}", on+path)...), "[415 0]"))
		})
	}
	for path, form := range inputPaths {
		t.Run(path[len("/api/"):], func(t *testing.T) {
			want, err := os.ReadFile("testdata/" + goldenName(path))
			require.NoError(t, err)
			good := string(want) + "[200 0]"
			with := func(args ...string) string { return ask(t, append(key, append(args, on+path)...)...) }
			fields := []string{}
			if form == "" {
				file := filepath.Join(t.TempDir(), "any name.xlsx")
				require.NoError(t, os.WriteFile(file, []byte("PK a workbook"), 0o600))
				fields = append(fields, "-F", "file=@"+file)
				assert.Equal(t, good, with("-F", "file=<"+file), "as text")
				assert.Equal(t, good, with("-H", "Expect: 100-continue", "-F", "file=@"+file))
				assert.Equal(t, good, with("-H", "Transfer-Encoding: chunked", "-F", "file=@"+file))
				assert.Equal(t, `{"error":"The field file is there twice, send one file."}`+"\n[400 0]",
					with("-F", "file=@"+file, "-F", "file=@"+file))
				assert.Equal(t, `{"error":"There is no field \"workbook\" here, send file."}`+"\n[400 0]", with("-F", "workbook=@"+file))
				assert.Equal(t, `{"error":"Send the file as multipart/form-data, without a Content-Encoding."}`+"\n[415 0]", with("--data-binary", "@"+file))
				assert.True(t, strings.HasSuffix(with("-F", "file=refuse: row 7 of sheet Signals has no alias"), "[422 0]"))
			} else {
				for pair := range strings.SplitSeq(form, "&") {
					fields = append(fields, "-F", pair)
				}
				assert.Equal(t, good, with("-d", form), "url-encoded")
				assert.Equal(t, `{"error":"The field device_alias is missing."}`+"\n[400 0]", with("-X", "POST"))
				assert.Contains(t, with(append(fields, "-F", "device_alias=again")...), "device_alias is there twice.")
				assert.Contains(t, with("-F", "x=y"), `There is no field \"x\" here, send device_alias`)
				unknown := with("-d", strings.Replace(form, "INV1", "INV9", 1))
				assert.Equal(t, `{"error":"There is no device \"INV9\"."}`+"\n[404 0]", unknown)
			}
			assert.Equal(t, good, with(fields...))
			assert.Equal(t, `{"error":"This endpoint is switched off."}`+"\n[403 0]", ask(t, append(key, append(fields, off+path)...)...))
			assert.Equal(t, `{"error":"Unauthorized access."}`+"\n[401 0]", ask(t, append(fields, on+path)...))
			assert.Equal(t, `{"error":"This method is not allowed here, use POST."}`+"\n[405 0]", with())
			head := with("--head")
			assert.Contains(t, head, "\r\nAllow: POST, OPTIONS\r\n")
			assert.True(t, strings.HasSuffix(head, "[405 0]"), head)
			assert.True(t, strings.HasSuffix(with("-i", "-X", "OPTIONS"), "[204 0]"))
		})
	}
	t.Run("compressed", func(t *testing.T) {
		long := strings.Repeat("the same line again and again\n", 1000)
		d.syslog.Set(strings.Split(strings.TrimSuffix(long, "\n"), "\n")...)
		plain := ask(t, append(key, on+"/api/syslog")...)
		assert.Equal(t, long+"[200 0]", plain)
		assert.Equal(t, plain, ask(t, append(key, "--compressed", on+"/api/syslog")...))
		assert.Contains(t, ask(t, append(key, "--compressed", "-i", on+"/api/syslog")...), "\r\nContent-Encoding: gzip\r\n")
		document := ask(t, append(key, on+"/api/openapi.json")...)
		assert.Equal(t, document, ask(t, append(key, "--compressed", on+"/api/openapi.json")...))
		assert.Contains(t, document, `"openapi":"3.1.0"`)
	})
	t.Run("unknown", func(t *testing.T) {
		for _, path := range []string{"/api/nothing", "/api/", "/api//version", "/api/version/", "/API/version", "/api/%76ersion", "/api/../api/version"} {
			got := ask(t, append(key, "--path-as-is", "--location", on+path)...)
			assert.Equal(t, `{"error":"There is no such endpoint."}`+"\n[404 0]", got, path)
		}
	})
}

// curlWith returns what asks by curl: the body and, after it, the status and
// the number of redirects in brackets.
func curlWith(curl string, always ...string) func(t *testing.T, args ...string) string {
	return func(t *testing.T, args ...string) string {
		t.Helper()
		all := append([]string{
			"--disable", "--noproxy", "*", "--silent", "--show-error", "--max-time", "20", "--write-out", "[%{http_code} %{num_redirects}]",
		}, always...)
		out, err := exec.CommandContext(t.Context(), curl, append(all, args...)...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
}

// TestIntegrationCurlTLS asks over TLS, with the certificate that the device
// has made for itself, and with client certificates that openssl has made.
func TestIntegrationCurlTLS(t *testing.T) {
	curl, openssl := peer(t, "curl", "curl"), peer(t, "openssl", "openssl")
	folder := t.TempDir()
	run := func(args ...string) {
		out, err := exec.CommandContext(t.Context(), openssl, args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	in := func(name string) string { return filepath.Join(folder, name) }
	for _, ca := range []string{"plant", "other"} {
		run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
			"-subj", "/CN="+ca, "-keyout", in(ca+".key"), "-out", in(ca+".pem"))
		run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=client of "+ca,
			"-keyout", in("client-"+ca+".key"), "-out", in("client.csr"))
		run("x509", "-req", "-in", in("client.csr"), "-CA", in(ca+".pem"), "-CAkey", in(ca+".key"), "-CAcreateserial",
			"-days", "2", "-out", in("client-"+ca+".pem"))
	}
	var d device
	d.fill()
	o := d.options()
	o.TLSFolder, o.TLSNames = folder, []string{"127.0.0.1", "gateway.local"}
	c := allOn(t)
	c.TLS = api.TLS{Enabled: true}
	url := "https" + strings.TrimPrefix(startService(t, c, o), "http")
	ask := curlWith(curl, "--cacert", in("api-tls.pem"), "-H", "apiKey: "+testKey)
	want, err := os.ReadFile("testdata/version.golden")
	require.NoError(t, err)
	assert.Equal(t, string(want)+"[200 0]", ask(t, url+"/api/version"))
	host, port, err := net.SplitHostPort(strings.TrimPrefix(url, "https://"))
	require.NoError(t, err)
	assert.Equal(t, string(want)+"[200 0]", ask(t, "--resolve", "gateway.local:"+port+":"+host, "https://gateway.local:"+port+"/api/version"))
	assert.Equal(t, string(want)+"[200 0]", ask(t, "--tls-max", "1.2", url+"/api/version"))

	c.TLS.ClientCAFile = in("plant.pem")
	url = "https" + strings.TrimPrefix(startService(t, c, o), "http")
	assert.Equal(t, string(want)+"[200 0]", ask(t, "--cert", in("client-plant.pem"), "--key", in("client-plant.key"), url+"/api/version"))
	for name, args := range map[string][]string{
		"without": {url + "/api/version"},
		"other":   {"--cert", in("client-other.pem"), "--key", in("client-other.key"), url + "/api/version"},
	} {
		out, err := exec.CommandContext(t.Context(), curl, append([]string{
			"--disable", "--noproxy", "*", "--silent", "--max-time", "20", "--cacert", in("api-tls.pem"), "-H", "apiKey: " + testKey,
		}, args...)...).CombinedOutput()
		assert.Error(t, err, name)
		assert.Empty(t, string(out), name)
	}
}

func startService(t *testing.T, c api.Config, o api.Options) (url string) {
	t.Helper()
	s, err := api.New(c, o)
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, s.Stop(context.Background())) })
	return "http://" + s.Addr().String()
}
