// Package tlsport lets the ports of ser2net speak TLS:
//
//	ser2net.New(cfg, ser2net.Options{Opener: &tty.Opener{}, TLS: tlsport.Load})
//
// It is apart since crypto/tls takes more room than the whole proxy: 2.6 MB of
// a program, half of that in memory.
package tlsport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"slices"

	"github.com/fieldgate/fieldgate/ser2net"
)

// Load reads the files of a TLS setting. It speaks TLS 1.2 and 1.3, asks for
// client certificates when there is a ClientCAFile, and tells their common
// names.
func Load(t ser2net.TLS) (ser2net.Handshake, error) {
	c, err := load(t)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return func(ctx context.Context, conn net.Conn) (net.Conn, string, error) {
		server := tls.Server(conn, c)
		if err := server.HandshakeContext(ctx); err != nil {
			return nil, "", err
		}
		user := ""
		if certs := server.ConnectionState().PeerCertificates; len(certs) > 0 {
			user = certs[0].Subject.CommonName
		}
		return server, user, nil
	}, nil
}

func load(t ser2net.TLS) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if t.ClientCAFile == "" {
		return c, nil
	}
	authorities, err := os.ReadFile(t.ClientCAFile)
	if err != nil {
		return nil, err
	}
	c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !c.ClientCAs.AppendCertsFromPEM(authorities) {
		return nil, fmt.Errorf("%s holds no certificate", t.ClientCAFile)
	}
	if len(t.ClientNames) > 0 {
		c.VerifyConnection = func(state tls.ConnectionState) error {
			return checkName(state.PeerCertificates[0], t.ClientNames)
		}
	}
	return c, nil
}

func checkName(cert *x509.Certificate, names []string) error {
	for _, name := range append(slices.Clone(cert.DNSNames), cert.Subject.CommonName) {
		if slices.Contains(names, name) {
			return nil
		}
	}
	return fmt.Errorf("the client %q may not use this port", cert.Subject.CommonName)
}
