package api_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
)

// BenchmarkTagValue asks for one of 10,000 tags without a connection, which
// shows what the interface itself takes.
func BenchmarkTagValue(b *testing.B) {
	var d device
	plant(&d, 10_000)
	o := d.options()
	o.Logger = slog.New(slog.DiscardHandler)
	h, err := api.NewHandler(allOn(b), o)
	require.NoError(b, err)
	form := pairs{"device_alias", "INV1", "signal_alias", "T5000"}
	multi, parts := form.multipart(b)
	for name, body := range map[string][2]string{"multipart": {multi, parts}, "urlencoded": {urlEncoded, form.urlEncoded()}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				benchTagValue(b, h, body)
			}
		})
	}
}

func benchTagValue(b *testing.B, h http.Handler, body [2]string) {
	r := httptest.NewRequest(http.MethodPost, "/api/device/tag/value", strings.NewReader(body[1]))
	r.Header.Set("Content-Type", body[0])
	r.Header.Set("apiKey", testKey)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		b.Fatal(w.Code, w.Body)
	}
}

// BenchmarkTagValueServed asks over kept connections, beside a handler that
// reads the same body and writes the same bytes.
func BenchmarkTagValueServed(b *testing.B) {
	var d device
	plant(&d, 10_000)
	o := d.options()
	o.Logger = slog.New(slog.DiscardHandler)
	h, err := api.NewHandler(allOn(b), o)
	require.NoError(b, err)
	form := pairs{"device_alias", "INV1", "signal_alias", "T5000"}
	multi, parts := form.multipart(b)
	known := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/api/device/tag/value", strings.NewReader(parts))
	r.Header.Set("Content-Type", multi)
	r.Header.Set("apiKey", testKey)
	h.ServeHTTP(known, r)
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", fmt.Sprint(known.Body.Len()))
		_, _ = w.Write(known.Body.Bytes())
	})
	for name, handler := range map[string]http.Handler{"api": h, "bare": bare} {
		b.Run(name, func(b *testing.B) {
			server := httptest.NewServer(handler)
			defer server.Close()
			b.ReportAllocs()
			for b.Loop() {
				r, _ := http.NewRequest(http.MethodPost, server.URL+"/api/device/tag/value", strings.NewReader(parts))
				r.Header.Set("Content-Type", multi)
				r.Header.Set("apiKey", testKey)
				response, err := server.Client().Do(r)
				if err != nil || response.StatusCode != http.StatusOK {
					b.Fatal(response, err)
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
			}
		})
	}
}
