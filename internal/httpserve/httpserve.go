// Package httpserve runs an HTTP server with the limits that a device needs,
// for a [lifecycle.Run]: it ends with its context and leaves no connection.
package httpserve

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits of every server. Writing has none here: a handler that streams sets
// one for each piece.
const (
	readHeaderTime = 5 * time.Second
	readTime       = 15 * time.Second
	idleTime       = 60 * time.Second
	maxHeader      = 16 << 10
)

// Grace is how long requests under way may go on after the end.
const Grace = 3 * time.Second

// Serve serves handler on listener until ctx ends, which is no error, or the
// listener breaks. It returns when no connection is left. Requests under way
// have [Grace] to end; then their contexts end and their connections are
// closed. log gets what net/http complains about.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	requests, cancelRequests := context.WithCancel(context.Background())
	defer cancelRequests()
	var open sync.WaitGroup // connections
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTime,
		ReadTimeout:       readTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				open.Add(1)
			case http.StateHijacked, http.StateClosed:
				open.Done()
			}
		},
	}
	broken := make(chan error, 1)
	go func() { broken <- server.Serve(listener) }()

	var err error
	select {
	case <-ctx.Done():
		inTime, cancel := context.WithTimeout(context.Background(), Grace)
		_ = server.Shutdown(inTime) // out of time: Close follows anyway
		cancel()
		err = <-broken
	case err = <-broken:
	}
	cancelRequests()
	_ = server.Close() // no connection's error matters any more
	open.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
