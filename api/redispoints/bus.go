package redispoints

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"
)

const (
	// pingPause is how often the bus is asked whether it is there.
	pingPause = 5 * time.Second
	// maxSilence is how long the bus may say nothing, not even to that.
	maxSilence = 15 * time.Second
)

// listen takes what the bus publishes until it is lost or ctx ends.
func (s *Service) listen(ctx context.Context) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() // only what was read counts
	unhook := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer unhook()

	timeout := s.config.ConnectTimeout.Std()
	client := redis.NewConn(&guard{Conn: conn}, timeout, timeout)
	if err := s.authenticate(client); err != nil {
		return err
	}
	bus := redis.PubSubConn{Conn: client}
	if err := bus.PSubscribe("tag/*/*/" + string(s.config.ValueTopic)); err != nil {
		return err
	}
	if err := first(bus.ReceiveWithTimeout(timeout)); err != nil {
		return err
	}
	s.subscribed()
	s.log.Info("tag bus reached", "address", s.config.Address)
	return s.receive(conn, bus)
}

// authenticate sends the password, if there is one.
func (s *Service) authenticate(client redis.Conn) error {
	if s.config.Password.IsZero() {
		return nil
	}
	args := []any{s.config.Password.Reveal()}
	if s.config.Username != "" {
		args = []any{s.config.Username, s.config.Password.Reveal()}
	}
	if _, err := client.Do("AUTH", args...); err != nil {
		return fmt.Errorf("authenticate: %w", err)
	}
	return nil
}

// first expects the answer to the subscription.
func first(reply any) error {
	switch reply := reply.(type) {
	case redis.Subscription:
		return nil
	case error:
		return fmt.Errorf("subscribe: %w", reply)
	}
	return fmt.Errorf("subscribe: %w", errProtocol)
}

// receive takes messages and keeps the connection alive.
func (s *Service) receive(conn net.Conn, bus redis.PubSubConn) error {
	done := make(chan struct{})
	var pinging sync.WaitGroup
	pinging.Go(func() { ping(bus, done) })
	defer pinging.Wait()
	defer conn.Close() // frees a ping that cannot be sent
	defer close(done)
	for {
		switch reply := bus.ReceiveWithTimeout(maxSilence).(type) {
		case redis.Message:
			s.take(reply.Channel, reply.Data)
		case error:
			return reply
		}
	}
}

// ping makes the bus say something, so that a dead one is found out. It ends
// with done, or when nothing can be sent; receive finds that out by itself.
func ping(bus redis.PubSubConn, done <-chan struct{}) {
	tick := time.NewTicker(pingPause)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			if bus.Ping("") != nil {
				return
			}
		}
	}
}

// connect dials, and encrypts where that is configured.
func (s *Service) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.config.ConnectTimeout.Std())
	defer cancel()
	settings, err := s.tlsConfig()
	if err != nil {
		return nil, err
	}
	conn, err := s.dial(ctx, s.config.network(), s.config.Address)
	if err != nil || settings == nil {
		return conn, err
	}
	secured := tls.Client(conn, settings)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // the handshake's error says more
		return nil, err
	}
	return secured, nil
}

// tlsConfig reads the files of TLS; without TLS it returns nil.
func (s *Service) tlsConfig() (*tls.Config, error) {
	t := s.config.TLS
	if !t.Enabled {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if c.ServerName == "" {
		c.ServerName, _, _ = net.SplitHostPort(s.config.Address) // validated
	}
	if t.CAFile != "" {
		authorities, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(authorities) {
			return nil, fmt.Errorf("%s holds no certificate", t.CAFile)
		}
	}
	if t.CertFile != "" {
		own, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{own}
	}
	return c, nil
}
