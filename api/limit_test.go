package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/internal/memnet"
)

const rawRequest = "GET /api/version HTTP/1.1\r\nHost: x\r\napiKey: " + testKey + "\r\n\r\n"

// One connection more than the limit is told so, and closed; many more are
// closed in silence. When one ends, there is room again.
func TestConnectionLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, stop := serveInMemory(t, new(device))
		var open []net.Conn
		ask := func() (net.Conn, *http.Response, error) {
			conn, err := m.dial(t.Context())
			require.NoError(t, err)
			if _, err = io.WriteString(conn, rawRequest); err != nil {
				return conn, nil, err
			}
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			return conn, response, err
		}
		for range 64 {
			conn, response, err := ask()
			require.NoError(t, err)
			require.Equal(t, 200, response.StatusCode)
			open = append(open, conn)
		}
		conn, response, err := ask()
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		assertError(t, 503, "There are too many connections, try again later.", response.StatusCode, string(body))
		assert.True(t, response.Close)
		assert.Equal(t, "1", response.Header.Get("Retry-After"))
		_, err = conn.Read(make([]byte, 1))
		assert.ErrorIs(t, err, io.EOF)
		require.NoError(t, conn.Close())

		for range 16 { // silent ones, until their header is due
			conn, err := m.dial(t.Context())
			require.NoError(t, err)
			open = append(open, conn)
		}
		synctest.Wait()
		conn, _, err = ask()
		require.Error(t, err, "one too many to be told")
		require.NoError(t, conn.Close())

		require.NoError(t, open[0].Close())
		time.Sleep(6 * time.Second)
		conn, response, err = ask()
		require.NoError(t, err)
		assert.Equal(t, 200, response.StatusCode)
		for _, conn := range append(open[1:], conn) {
			require.NoError(t, conn.Close())
		}
		stop()
	})
}

func TestConnectionLimitIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n memnet.Network
		o := new(device).options()
		o.Listen = n.Listen
		c := allOn(t)
		c.Limits.MaxConnections = 1
		s, err := api.New(c, o)
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		for _, want := range []string{"HTTP/1.1 200 OK", "HTTP/1.1 503 Service Unavailable"} {
			conn, err := n.Dial(t.Context(), "tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, rawRequest)
			require.NoError(t, err)
			line, err := bufio.NewReader(conn).ReadString('\n')
			require.NoError(t, err)
			assert.Equal(t, want, strings.TrimSpace(line))
		}
		require.NoError(t, s.Stop(t.Context()))
	})
}

// A length beside chunks is not believed, and its connection ends with the
// answer (RFC 9112, 6.1): a proxy that believed it takes what follows for
// another request.
func TestChunksWithALength(t *testing.T) {
	const inner = "GET /api/actions HTTP/1.1\r\nHost: x\r\napiKey: " + testKey + "\r\n\r\n"
	head := "POST /api/version HTTP/1.1\r\nHost: x\r\napiKey: " + testKey + "\r\nContent-Type: " + urlEncoded + "\r\n"
	for name, raw := range map[string]string{
		"length_first": head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
		"chunks_first": head + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + inner,
		"without_key":  "POST /api/version HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, stop := serveInMemory(t, new(device))
				defer stop()
				reply := exchangeRaw(t, m, raw)
				assert.Equal(t, 1, strings.Count(reply, "HTTP/1.1 "), reply)
				assert.Contains(t, reply, "\r\nConnection: close\r\n")
			})
		})
	}
}

// No request is answered without the checks, not even one about the server as
// a whole (RFC 9110, 9.3.7).
func TestOptionsOfTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, stop := serveInMemory(t, new(device))
		defer stop()
		reply := exchangeRaw(t, m, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		assert.True(t, strings.HasPrefix(reply, "HTTP/1.1 401 "), reply)
		reply = exchangeRaw(t, m, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\napiKey: "+testKey+"\r\n\r\n")
		assert.True(t, strings.HasPrefix(reply, "HTTP/1.1 404 "), reply)
	})
}

// exchangeRaw sends bytes on a connection of its own and returns what comes
// until the server closes it, or sends nothing more.
func exchangeRaw(t *testing.T, m memClient, raw string) string {
	t.Helper()
	conn, err := m.dial(t.Context())
	require.NoError(t, err)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.WriteString(conn, raw) // may be refused half-way
	}()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
	reply, _ := io.ReadAll(conn) // a closed pipe has no end of its own
	require.NoError(t, conn.Close())
	<-sent
	return string(reply)
}

// Requests whose length can be read in two ways never become two requests.
func TestSmuggling(t *testing.T) {
	const inner = "GET /api/actions HTTP/1.1\r\nHost: x\r\napiKey: " + testKey + "\r\n\r\n"
	head := "POST /api/version HTTP/1.1\r\nHost: x\r\napiKey: " + testKey + "\r\nContent-Type: " + urlEncoded + "\r\n"
	for name, raw := range map[string]string{
		"two_lengths":          head + fmt.Sprintf("Content-Length: 0\r\nContent-Length: %d\r\n\r\n", len(inner)) + inner,
		"list_of_lengths":      head + fmt.Sprintf("Content-Length: 0, %d\r\n\r\n", len(inner)) + inner,
		"signed_length":        head + "Content-Length: +0\r\n\r\n" + inner,
		"negative_length":      head + "Content-Length: -1\r\n\r\n" + inner,
		"chunked_twice":        head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
		"chunked_and_identity": head + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + inner,
		"space_before_colon":   head + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + inner,
		"folded_header":        head + "Content-Length: 0\r\n X: y\r\n\r\n" + inner,
		"nul_in_header":        head + "X: a\x00b\r\n\r\n" + inner,
		"no_host":              "GET /api/version HTTP/1.1\r\napiKey: " + testKey + "\r\n\r\n" + inner,
		"two_hosts":            "GET /api/version HTTP/1.1\r\nHost: x\r\nHost: y\r\napiKey: " + testKey + "\r\n\r\n" + inner,
		"huge_chunk":           head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" + inner,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, stop := serveInMemory(t, new(device))
				defer stop()
				conn, err := m.dial(t.Context())
				require.NoError(t, err)
				defer conn.Close()
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					_, _ = io.WriteString(conn, raw) // may be refused half-way
				}()
				reply, _ := io.ReadAll(conn) // a closed pipe has no end of its own
				require.NoError(t, conn.Close())
				<-sent
				assert.NotContains(t, string(reply), "total_actions")
				assert.NotContains(t, string(reply), "HTTP/1.1 200 ")
			})
		})
	}
}
