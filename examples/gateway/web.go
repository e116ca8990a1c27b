package main

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/internal/httpserve"
	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// listenFunc has the form of net.ListenConfig.Listen.
type listenFunc func(ctx context.Context, network, addr string) (net.Listener, error)

// web is how to serve pages and API.
type web struct {
	addr    string
	listen  listenFunc
	most    int                         // connections at one time
	encrypt func() (*tls.Config, error) // nil: in clear
	handler http.Handler
	beside  func(ctx context.Context) error // runs as long; it may be nil
	log     *slog.Logger
}

// service returns the web server as a service like the others.
func (w web) service() service {
	return lifecycle.New("web", func(ctx context.Context) (lifecycle.Run, error) {
		scheme := "http"
		var settings *tls.Config
		if w.encrypt != nil {
			scheme = "https"
			var err error
			if settings, err = w.encrypt(); err != nil {
				return nil, err
			}
		}
		listener, err := w.listen(ctx, "tcp", w.addr)
		if err != nil {
			return nil, err
		}
		w.log.Info("page and API are served", "url", scheme+"://"+listener.Addr().String()+"/")
		if settings != nil {
			listener = clearListener{listener}
		}
		server := httpserve.Server{
			Handler: w.handler, Log: w.log, MaxConnections: w.most, TLS: settings,
			Crowded: api.Route(refusal(http.StatusServiceUnavailable, "There are too many connections, try again later."), http.HandlerFunc(crowdedPage)),
		}
		return func(ctx context.Context) error {
			ctx, end := context.WithCancel(ctx)
			var beside sync.WaitGroup
			if w.beside != nil {
				beside.Go(func() { _ = w.beside(ctx) }) // it ends with ctx only
			}
			err := server.Serve(ctx, listener)
			end()
			beside.Wait()
			return err
		}, nil
	})
}

func crowdedPage(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "There are too many connections, try again later.", http.StatusServiceUnavailable)
}
