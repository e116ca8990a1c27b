package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// grace is how long requests may take at the end.
const grace = time.Second

// Server serves the answers. Make it with [New].
type Server struct {
	*lifecycle.Shell
	handler  http.Handler
	listener net.Listener
	log      *slog.Logger
}

// New returns a server of the answers on a listener, which it closes when it
// ends.
func New(listener net.Listener, o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{handler: NewHandler(o), listener: listener, log: o.Logger}
	s.Shell = lifecycle.New("web", s.open)
	return s
}

// Addr returns the address of the listener.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

func (s *Server) open(context.Context) (lifecycle.Run, error) {
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      2 * time.Minute, // the losses of a million devices
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	return func(ctx context.Context) error {
		failed := make(chan error, 1)
		go func() { failed <- server.Serve(s.listener) }()
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		err := server.Shutdown(ctx)
		if err != nil {
			err = errors.Join(err, server.Close())
		}
		<-failed
		return err
	}, nil
}
