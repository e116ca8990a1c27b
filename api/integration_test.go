package api_test

import (
	"context"
	"os"
	"os/exec"
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
	d.system.Set(knownInfo)
	d.syslog.Set("first <line>", "second & last")
	c := allOn(t)
	on := startService(t, c, d.options())
	c.Endpoints = api.Endpoints{}
	off := startService(t, c, d.options())

	// ask returns the body and, after it, the status in brackets.
	ask := func(t *testing.T, args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), curl, append([]string{
			"--disable", "--noproxy", "*", "--silent", "--show-error", "--max-time", "20", "--write-out", "[%{http_code} %{num_redirects}]",
		}, args...)...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	key := []string{"-H", "apiKey: " + testKey}
	for _, path := range allPaths {
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
	t.Run("unknown", func(t *testing.T) {
		for _, path := range []string{"/api/nothing", "/api/", "/api//version", "/api/version/", "/API/version", "/api/%76ersion", "/api/../api/version"} {
			got := ask(t, append(key, "--path-as-is", "--location", on+path)...)
			assert.Equal(t, `{"error":"There is no such endpoint."}`+"\n[404 0]", got, path)
		}
	})
}

func startService(t *testing.T, c api.Config, o api.Options) (url string) {
	t.Helper()
	s, err := api.New(c, o)
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, s.Stop(context.Background())) })
	return "http://" + s.Addr().String()
}
