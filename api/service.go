package api

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/fieldgate/fieldgate/internal/httpserve"
	"github.com/fieldgate/fieldgate/internal/lifecycle"
	"github.com/fieldgate/fieldgate/internal/servercert"
)

// Service serves a [Handler] over HTTP/1.1, with TLS or without, on an address
// of its own. Make it
// with [New]. It lives once: to change its Config, stop it and start a new
// one.
type Service struct {
	enabled bool
	addr    string // to listen on
	listen  func(ctx context.Context, network, addr string) (net.Listener, error)
	handler *Handler
	tls     *servercert.Certificates // nil = without TLS
	most    int                      // connections
	bound   atomic.Pointer[net.Addr]
	shell   *lifecycle.Shell
}

// New returns a service that is not started; it opens nothing. It returns a
// [ConfigError] with every fault that [NewHandler] finds, and a fault for an
// enabled service without an address to listen on.
func New(c Config, o Options) (*Service, error) {
	faults := c.faults()
	if c.Enabled && c.Listen == "" {
		faults.Addf("listen", "required: an address and a port to listen on, such as 127.0.0.1:8080")
	}
	if c.TLS.Enabled && c.TLS.CertFile == "" && o.TLSFolder == "" {
		faults.Addf("tls.cert_file", "required: this device does not make certificates")
	}
	on := c.lookup(o, &faults)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	s := &Service{
		enabled: c.Enabled, addr: c.Listen, listen: o.Listen,
		handler: newHandler(c, o, on), most: c.Limits.orDefault().MaxConnections,
	}
	if c.TLS.Enabled {
		s.tls = newCertificates(c.TLS, o, s.handler.log)
	}
	if s.listen == nil {
		s.listen = new(net.ListenConfig).Listen
	}
	s.shell = lifecycle.New("api", s.open)
	return s, nil
}

// Start listens and serves. It returns once requests are answered, or with
// the reason why the address cannot be listened on, or why there is no
// certificate; nothing is held then,
// and Start may be called again. ctx bounds the start-up only. It returns
// [ErrDisabled] for a disabled Config, [ErrStarted] when it has succeeded
// before, and [ErrStopped] after Stop.
func (s *Service) Start(ctx context.Context) error { return s.shell.Start(ctx) }

// Stop ends the service and waits for the end: requests under way may go on
// for 3 s, then their connections are closed. It may be called at any time
// and any number of times. When ctx ends first it returns ctx's error, and
// the end still comes.
func (s *Service) Stop(ctx context.Context) error { return s.shell.Stop(ctx) }

// String names the service.
func (s *Service) String() string { return "api" }

// Done returns a channel that is closed when the service has ended for good.
func (s *Service) Done() <-chan struct{} { return s.shell.Done() }

// Err tells why the service ended by itself: its listener broke. It is nil
// while the service runs and after Stop.
func (s *Service) Err() error { return s.shell.Err() }

// Addr returns the address that the service listens on, with the port that
// was free when the Config asked for port 0. It is nil while the service
// does not run.
func (s *Service) Addr() net.Addr {
	if addr := s.bound.Load(); addr != nil {
		return *addr
	}
	return nil
}

// Status returns where the service listens and what it has done so far. It
// never waits for a request.
func (s *Service) Status() Status {
	status := s.handler.Status()
	if addr := s.Addr(); addr != nil {
		status.Listening = addr.String()
	}
	return status
}

func (s *Service) open(ctx context.Context) (lifecycle.Run, error) {
	if !s.enabled {
		return nil, ErrDisabled
	}
	var secure *tls.Config
	if s.tls != nil {
		var err error
		if secure, err = s.tls.Open(); err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
	}
	listener, err := s.listen(ctx, "tcp", s.addr)
	if err != nil {
		return nil, err // names the address
	}
	addr := listener.Addr()
	s.bound.Store(&addr)
	return func(ctx context.Context) error {
		defer s.bound.Store(nil)
		return httpserve.Server{
			Handler: s.handler, Log: s.handler.log, TLS: secure,
			MaxConnections: s.most, Crowded: http.HandlerFunc(s.handler.crowded),
		}.Serve(ctx, listener)
	}, nil
}
