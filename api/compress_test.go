package api_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
)

// plant is a device with so many tags.
func plant(d *device, n int) {
	tags := make([]api.Tag, n)
	for i := range tags {
		tags[i] = apitest.Tag("INV1", fmt.Sprintf("T%d", i), fmt.Sprintf("Tag number %d", i))
	}
	d.points.Configure([]api.Device{{Alias: "INV1", Name: "Inverter", Protocol: "modbus tcp"}}, tags)
}

// accepting asks with an Accept-Encoding header and undoes no encoding.
func (a ask) accepting(t *testing.T, method, path, encoding string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, a.client.URL+path, nil)
	require.NoError(t, err)
	r.Header.Set("apiKey", testKey)
	r.Header.Set("Accept-Encoding", encoding)
	response, err := a.client.HTTP.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(b)
}

func gunzip(t *testing.T, packed string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(packed))
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(b)
}

func TestCompression(t *testing.T) {
	var d device
	d.fill()
	plant(&d, 2000)
	d.syslog.Set(strings.Split(strings.Repeat("a line of the log\n", 5000), "\n")...)
	a := serve(t, allOn(t), d.options())
	for path, packs := range map[string]bool{
		"/api/version": false, "/api/syslog": true, "/api/tags": true, "/api/openapi.json": true, "/api/actions": false,
	} {
		t.Run(path, func(t *testing.T) {
			plain, want := a.accepting(t, "GET", path, "identity")
			assert.Empty(t, plain.Header.Get("Content-Encoding"))
			packed, body := a.accepting(t, "GET", path, "br, gzip;q=0.5")
			head, nothing := a.accepting(t, "HEAD", path, "br, gzip;q=0.5")
			assert.Empty(t, nothing)
			for _, name := range []string{"Content-Encoding", "Vary", "Content-Type"} {
				assert.Equal(t, packed.Header.Get(name), head.Header.Get(name), "%s of HEAD", name)
			}
			if head.Header.Get("Content-Length") != "" {
				assert.Equal(t, packed.Header.Get("Content-Length"), head.Header.Get("Content-Length"))
			}
			if !packs {
				assert.Empty(t, packed.Header.Get("Content-Encoding"))
				assert.Equal(t, want, body)
				return
			}
			assert.Equal(t, "gzip", packed.Header.Get("Content-Encoding"))
			assert.Equal(t, "Accept-Encoding", packed.Header.Get("Vary"))
			assert.Equal(t, "Accept-Encoding", plain.Header.Get("Vary"))
			assert.Less(t, len(body), len(want)/2)
			assert.Equal(t, want, gunzip(t, body))
		})
	}
}

func TestAcceptEncoding(t *testing.T) {
	var d device
	d.syslog.Set("line")
	a := serve(t, allOn(t), d.options())
	for encoding, want := range map[string]string{
		"gzip": "gzip", "GZIP": "gzip", "x-gzip": "gzip", "deflate, gzip": "gzip", "*": "gzip", "gzip;q=1.0": "gzip", "br;q=1, gzip ; q=0.1": "gzip",
		"identity": "", "gzip;q=0": "", "gzip; q=0.000": "", "*;q=0": "", "gzip;q=0, *": "", "br": "", "gzipped": "", ",;": "",
	} {
		response, _ := a.accepting(t, "GET", "/api/syslog", encoding)
		assert.Equal(t, want, response.Header.Get("Content-Encoding"), "%q", encoding)
	}
}

// Only a few answers are compressed at one time: the others go as they are.
func TestCompressorsAreFew(t *testing.T) {
	held, goOn := make(chan struct{}, 4), make(chan struct{})
	o := new(device).options()
	o.Providers.Syslog = syslogFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "line\n")
		held <- struct{}{}
		<-goOn
		return err
	})
	a := serve(t, allOn(t), o)
	encodings := make(chan string, 4)
	for range 4 {
		go func() {
			r, _ := http.NewRequestWithContext(t.Context(), "GET", a.client.URL+"/api/syslog", nil)
			r.Header.Set("apiKey", testKey)
			r.Header.Set("Accept-Encoding", "gzip")
			response, err := a.client.HTTP.Do(r)
			if !assert.NoError(t, err) {
				encodings <- ""
				return
			}
			_, err = io.Copy(io.Discard, response.Body)
			assert.NoError(t, err)
			assert.NoError(t, response.Body.Close())
			encodings <- response.Header.Get("Content-Encoding")
		}()
	}
	for range 4 {
		<-held
	}
	close(goOn)
	packed := 0
	for range 4 {
		if <-encodings == "gzip" {
			packed++
		}
	}
	assert.Equal(t, 2, packed)
	response, _ := a.accepting(t, "GET", "/api/syslog", "gzip")
	assert.Equal(t, "gzip", response.Header.Get("Content-Encoding"), "they are given back")
}

// A compressed text that breaks off is not taken for whole either.
func TestBrokenCompressedLog(t *testing.T) {
	var d device
	d.syslog.Set("one", "two")
	d.syslog.Cut(1, errors.New("killed"))
	a := serve(t, allOn(t), d.options())
	r, err := http.NewRequestWithContext(t.Context(), "GET", a.client.URL+"/api/syslog", nil)
	require.NoError(t, err)
	r.Header.Set("Accept-Encoding", "gzip")
	reply, err := a.client.Send(r)
	assert.True(t, err != nil || reply.Broken)
}

// A long list is sent in pieces and is whole.
func TestLongLists(t *testing.T) {
	for _, n := range []int{1, 90, 100, 110, 10_000} {
		var d device
		plant(&d, n)
		a := serve(t, allOn(t), d.options())
		for _, path := range []string{"/api/tags", "/api/device/tags"} {
			_, body := a.accepting(t, "GET", "/api/tags", "identity")
			if path == "/api/device/tags" {
				body = a.good(path).Body
			}
			assert.True(t, strings.HasPrefix(body, fmt.Sprintf(`{"total_signals":"%d","signals":[{"signal_name":"Tag number 0",`, n)))
			assert.True(t, strings.HasSuffix(body, "}]}\n"))
			assert.Equal(t, n, strings.Count(body, `"signal_alias"`))
			assert.JSONEq(t, body, body)
		}
	}
}
