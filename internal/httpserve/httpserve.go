// Package httpserve runs an HTTP server with the limits that a device needs,
// for a [lifecycle.Run]: it ends with its context and leaves no connection.
package httpserve

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
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

// Spare is how many connections above its limit a server answers by Crowded;
// further ones are closed at once.
const Spare = 16

// Grace is how long requests under way may go on after the end.
const Grace = 3 * time.Second

// Server is how to serve.
type Server struct {
	Handler http.Handler
	// Log gets what net/http complains about, one line a second at most.
	Log *slog.Logger
	// TLS encrypts each connection; nil = none.
	TLS *tls.Config
	// MaxConnections bounds the connections that Handler answers on; 0 = no
	// limit.
	MaxConnections int
	// Crowded answers on connections above the limit, which are closed
	// after that. It may be nil without a limit.
	Crowded http.Handler
}

// crowdedKey marks the contexts of connections above the limit.
type crowdedKey struct{}

// Serve serves on listener until ctx ends, which is no error, or the listener
// breaks. It returns when no connection is left. Requests under way have
// [Grace] to end; then their contexts end and their connections are closed.
func (s Server) Serve(ctx context.Context, listener net.Listener) error {
	requests, cancelRequests := context.WithCancel(context.Background())
	defer cancelRequests()
	var open sync.WaitGroup // connections
	var count atomic.Int64  // of those
	server := &http.Server{
		Handler:           http.HandlerFunc(s.serveOrRefuse),
		ReadHeaderTimeout: readHeaderTime,
		ReadTimeout:       readTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return requests },
		// OPTIONS * is a request as any other, and no answer without a key.
		DisableGeneralOptionsHandler: true,

		ErrorLog:  slog.NewLogLogger(&pacedHandler{Handler: s.Log.Handler()}, slog.LevelWarn),
		Protocols: new(http.Protocols),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				open.Add(1)
			case http.StateHijacked, http.StateClosed:
				count.Add(-1)
				open.Done()
			}
		},
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			over := int(count.Add(1)) - s.MaxConnections
			if s.MaxConnections > 0 && over > Spare {
				_ = conn.Close() // the server finds it closed
			}
			if s.MaxConnections > 0 && over > 0 {
				return context.WithValue(ctx, crowdedKey{}, true)
			}
			return ctx
		},
	}
	// HTTP/2 would let one connection carry hundreds of requests at a time.
	server.Protocols.SetHTTP1(true)
	if s.TLS != nil {
		listener = tls.NewListener(listener, s.TLS)
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

func (s Server) serveOrRefuse(w http.ResponseWriter, r *http.Request) {
	// Beside chunks there may have been a length, which net/http drops
	// without a word: such a connection has to end (RFC 9112, 6.1).
	if len(r.TransferEncoding) > 0 {
		w.Header().Set("Connection", "close")
	}
	if r.Context().Value(crowdedKey{}) == nil {
		s.Handler.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Connection", "close")
	s.Crowded.ServeHTTP(w, r)
}

// pacedHandler lets one line a second through, with the number of those left
// out: whoever can connect must not be able to push the device's log out.
type pacedHandler struct {
	slog.Handler
	mu   sync.Mutex
	next time.Time
	held uint64
}

// Handle implements [slog.Handler].
func (h *pacedHandler) Handle(ctx context.Context, record slog.Record) error {
	h.mu.Lock()
	if record.Time.Before(h.next) {
		h.held++
		h.mu.Unlock()
		return nil
	}
	held := h.held
	h.held, h.next = 0, record.Time.Add(time.Second)
	h.mu.Unlock()
	if held > 0 {
		record.AddAttrs(slog.Uint64("unlogged_before", held))
	}
	return h.Handler.Handle(ctx, record)
}
