package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/memnet"
	"github.com/fieldgate/fieldgate/internal/servercert"
)

// serveTLS serves a page over TLS on a network in memory.
func serveTLS(t *testing.T) *memnet.Network {
	t.Helper()
	n := new(memnet.Network)
	log := slog.New(slog.DiscardHandler)
	certificates := servercert.New("web", servercert.Files{OwnFile: t.TempDir() + "/tls.pem"}, log)
	s := web{
		addr: "gateway:443", most: 4, listen: n.Listen, encrypt: certificates.Open, log: log,
		handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) }),
	}.service()
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	return n
}

func TestClearTextIsSentToHTTPS(t *testing.T) {
	for name, c := range map[string]struct {
		request, location string
	}{
		"page":           {"GET /ipsec?a=b HTTP/1.1\r\nHost: gw.example:8443\r\n\r\n", "https://gw.example:8443/ipsec?a=b"},
		"old":            {"GET / HTTP/1.0\r\nHost: gw.example\r\n\r\n", "https://gw.example/"},
		"post":           {"POST /login HTTP/1.1\r\nHost: gw\r\nContent-Length: 3\r\n\r\nabc", "https://gw/login"},
		"no host":        {"GET / HTTP/1.0\r\n\r\n", ""},
		"line breaks":    {"GET /a%0d%0aX:%20y HTTP/1.1\r\nHost: gw\r\n\r\n", "https://gw/a%0D%0AX:%20y"},
		"no HTTP":        {"HELO there\r\n\r\n", ""},
		"much too long":  {"GET /" + strings.Repeat("a", 1<<20), ""},
		"another method": {"OPTIONS * HTTP/1.1\r\nHost: gw\r\n\r\n", "https://gw/*"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := serveTLS(t)
				conn, err := n.Dial(t.Context(), "tcp", "gateway:443")
				require.NoError(t, err)
				defer conn.Close()
				go func() { _, _ = io.WriteString(conn, c.request) }()
				answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if c.location == "" {
					require.Error(t, err)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, http.StatusPermanentRedirect, answer.StatusCode)
				assert.Equal(t, c.location, answer.Header.Get("Location"))
				assert.Empty(t, answer.Header.Get("X"))
			})
		})
	}
}

// Who says nothing in clear after a first letter does not hold the server up.
func TestClearTextHasToGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serveTLS(t)
		conn, err := n.Dial(t.Context(), "tcp", "gateway:443")
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, "G")
		require.NoError(t, err)
		began := time.Now()
		_, err = conn.Read(make([]byte, 1))
		require.Error(t, err)
		assert.LessOrEqual(t, time.Since(began), clearTime)
	})
}

func TestTLSGoesThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := serveTLS(t)
		conn, err := n.Dial(t.Context(), "tcp", "gateway:443")
		require.NoError(t, err)
		client := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
		defer client.Close()
		_, err = io.WriteString(client, "GET /there HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n")
		require.NoError(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(client), nil)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		assert.Equal(t, "/there", string(body))
	})
}
