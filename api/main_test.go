package api_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testKey = "correct horse battery"

// allOn is every endpoint behind testKey.
func allOn(t testing.TB) api.Config {
	t.Helper()
	hash, err := api.HashKey(testKey)
	require.NoError(t, err)
	c := api.DefaultConfig()
	c.Enabled = true
	c.Listen = "127.0.0.1:0"
	c.Keys = []api.Key{{Name: "test", Hash: hash}}
	c.Endpoints = api.Endpoints{Version: true, Actions: true, SyncVersion: true, Syslog: true, SystemInfo: true}
	return c
}

// device is the fakes and the log of one test.
type device struct {
	system apitest.System
	syslog apitest.Syslog
	log    lockedBuffer
}

func (d *device) options() api.Options {
	return api.Options{
		Providers: api.Providers{System: &d.system, Syslog: &d.syslog},
		Versions:  api.Versions{Sync: "lite1"},
		Logger:    slog.New(slog.NewTextHandler(&d.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// lockedBuffer is a log that a test may read at any time.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// ask is a client of a handler that a real server serves.
type ask struct {
	t      *testing.T
	client apitest.Client
}

func serve(t *testing.T, c api.Config, o api.Options) ask {
	t.Helper()
	h, err := api.NewHandler(c, o)
	require.NoError(t, err)
	return serveHandler(t, h)
}

func serveHandler(t *testing.T, h http.Handler) ask {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return ask{t, apitest.Client{URL: server.URL, Key: testKey, HTTP: server.Client()}}
}

func (a ask) do(method, target, contentType, body string) apitest.Reply {
	a.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	reply, err := a.client.Do(a.t.Context(), method, target, contentType, r)
	require.NoError(a.t, err)
	return reply
}

func (a ask) get(target string) apitest.Reply {
	a.t.Helper()
	return a.do(http.MethodGet, target, "", "")
}

// syslogFunc is an api.Syslog.
type syslogFunc func(ctx context.Context, w io.Writer) error

func (f syslogFunc) WriteLog(ctx context.Context, w io.Writer) error { return f(ctx, w) }
