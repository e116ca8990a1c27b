package ser2net

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"time"
)

// loadTLS reads the files of a TLS setting; nil when it is off.
func loadTLS(t TLS) (*tls.Config, error) {
	if !t.on() {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if t.ClientCAFile == "" {
		return c, nil
	}
	authorities, err := os.ReadFile(t.ClientCAFile)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !c.ClientCAs.AppendCertsFromPEM(authorities) {
		return nil, fmt.Errorf("tls: %s holds no certificate", t.ClientCAFile)
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

// handshake makes a connection secure, if the port asks for it, and returns
// the name of the client.
func (r *runner) handshake(conn net.Conn) (secure net.Conn, user string, err error) {
	if r.tls == nil {
		return conn, "", nil
	}
	ctx, cancel := context.WithTimeout(r.ctx, openTimeout)
	defer cancel()
	server := tls.Server(conn, r.tls)
	if err := server.HandshakeContext(ctx); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("no handshake in " + openTimeout.String())
		}
		return nil, "", err
	}
	_ = conn.SetDeadline(time.Time{})
	if certs := server.ConnectionState().PeerCertificates; len(certs) > 0 {
		user = certs[0].Subject.CommonName
	}
	return server, user, nil
}
