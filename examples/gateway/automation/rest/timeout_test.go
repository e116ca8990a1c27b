package rest_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/automation/rest"
	"github.com/fieldgate/fieldgate/internal/memnet"
)

// over asks an API through a server and returns the answer.
func over(t *testing.T, h http.Handler, body io.Reader) (int, string) {
	t.Helper()
	network := new(memnet.Network)
	listener, err := network.Listen(t.Context(), "tcp", "api:80")
	require.NoError(t, err)
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Second, ReadTimeout: 15 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, kind, _ string) (net.Conn, error) { return network.Dial(ctx, kind, "api:80") }}
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://api/long", body)
	require.NoError(t, err)
	answer, err := transport.RoundTrip(q)
	require.NoError(t, err)
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	transport.CloseIdleConnections()
	require.NoError(t, server.Close())
	require.ErrorIs(t, <-served, http.ErrServerClosed)
	return answer.StatusCode, string(text)
}

// long is an API with an operation that takes a minute.
func long() http.Handler {
	mux := http.NewServeMux()
	a := rest.New(mux, rest.Info{}, nil, problem{}, fail)
	op := rest.Operation{
		ID: "long", Method: http.MethodPost, Path: "/long", MaxBody: 100, Allow: func(context.Context) error { return nil },
		Answered: map[string]*rest.Schema{"text/plain": rest.Object("")},
	}
	rest.Add(a, op, func(ctx context.Context, _ *struct{ Body *change }) (*bytesOutput, error) {
		select {
		case <-time.After(time.Minute):
		case <-ctx.Done():
		}
		return &bytesOutput{[]byte("done")}, ctx.Err()
	})
	return mux
}

// The time for the body does not bound what is done with it.
func TestLongOperations(t *testing.T) {
	for name, body := range map[string]string{"without a body": "", "with one": `{"base":1}`} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				status, text := over(t, long(), strings.NewReader(body))
				assert.Equal(t, http.StatusOK, status, text)
				assert.Equal(t, "done", text)
			})
		})
	}
}

// A body that does not come is not waited for.
func TestSlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		never, end := io.Pipe()
		status, text := over(t, long(), never)
		assert.Equal(t, http.StatusRequestTimeout, status, text)
		assert.Equal(t, 5*time.Second, time.Since(begin))
		require.NoError(t, end.Close())
	})
}
