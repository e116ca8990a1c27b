// Package servercert gives a TLS server its certificate: PEM files, which it
// follows, or a certificate that the device makes for itself.
package servercert

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Files are the PEM files of a server. One that is replaced takes effect
// within 10 s, for new connections.
type Files struct {
	// CertFile holds the server's certificate, then those of the authorities
	// between; KeyFile its private key.
	CertFile, KeyFile string
	// ClientCAFile holds the authorities whose certificates clients need.
	// Empty: they need none.
	ClientCAFile string
	// OwnFile is where a certificate is kept, with its key, that is made here
	// when CertFile is empty: ECDSA P-256, signed by itself, valid for two
	// years, made anew with the same key when less than 30 days are left.
	OwnFile string
	// OwnNames are the names and addresses in it. Default: localhost.
	OwnNames []string
	// Unstored uses a certificate of its own also where it cannot be stored,
	// such as on a full disk; clients then see another one after a restart.
	Unstored bool
}

const (
	// recheck is how often files are looked at, by handshakes.
	recheck = 10 * time.Second
	// maxFile bounds a file of certificates, in bytes.
	maxFile = 1 << 20
)

// Certificates gives handshakes what they need, and follows the files. Make
// it with [New].
type Certificates struct {
	name  string
	files Files
	own   *ownCertificate // nil: the operator's files
	log   *slog.Logger

	mu      sync.Mutex
	checked time.Time
	stamps  [3]fileStamp
	now     *tls.Config
}

// fileStamp tells one state of a file from another.
type fileStamp struct {
	size     int64
	modified time.Time
}

// New returns the certificates of a server; it opens nothing. log gets a line,
// which name begins, for each certificate that is taken into use.
func New(name string, f Files, log *slog.Logger) *Certificates {
	c := &Certificates{name: name, files: f, log: log}
	if f.CertFile == "" {
		c.own = newOwnCertificate(f.OwnFile, f.OwnNames, f.Unstored)
		c.files.CertFile, c.files.KeyFile = f.OwnFile, f.OwnFile
	}
	return c
}

// Open reads the files, or makes the own certificate, and returns the
// settings of a listener.
func (c *Certificates) Open() (*tls.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.load(time.Now()); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return c.current(time.Now()), nil
		},
	}, nil
}

// current returns the settings of a handshake. Files that cannot be read, such
// as half of a new pair, leave the old ones in use.
func (c *Certificates) current(now time.Time) *tls.Config {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := now.Sub(c.checked); age >= 0 && age < recheck {
		return c.now
	}
	c.checked = now
	if c.stamp() == c.stamps && (c.own == nil || !c.own.due(now)) {
		return c.now
	}
	if err := c.load(now); err != nil {
		c.log.Warn(c.name+" tls: the files have changed and cannot be read, the old ones stay in use", "error", err)
	}
	return c.now
}

func (c *Certificates) stamp() (stamps [3]fileStamp) {
	for i, path := range []string{c.files.CertFile, c.files.KeyFile, c.files.ClientCAFile} {
		if info, err := os.Stat(path); err == nil {
			stamps[i] = fileStamp{info.Size(), info.ModTime()}
		}
	}
	return stamps
}

// load makes what the files hold the settings of the next handshakes; mu is
// held.
func (c *Certificates) load(now time.Time) error {
	c.checked = now
	if c.own != nil {
		if err := c.own.ensure(now); err != nil {
			return err
		}
		if c.own.unstored != nil {
			c.log.Warn(c.name+" tls: the certificate is not stored, clients will see another one after a restart", "error", c.own.unstored)
		}
	}
	c.stamps = c.stamp() // before the reading: a later change is seen
	settings, err := c.read()
	if err != nil {
		return err
	}
	c.now = settings
	leaf := settings.Certificates[0].Leaf
	c.log.Info(c.name+" tls certificate", "subject", leaf.Subject.String(), "until", leaf.NotAfter)
	return nil
}

func (c *Certificates) read() (*tls.Config, error) {
	cert, key, err := c.pair()
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s and %s: %w", c.files.CertFile, c.files.KeyFile, err)
	}
	settings := &tls.Config{
		Certificates: []tls.Certificate{pair},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"},
	}
	if c.files.ClientCAFile == "" {
		return settings, nil
	}
	authorities, err := readFile(c.files.ClientCAFile)
	if err != nil {
		return nil, err
	}
	settings.ClientAuth = tls.RequireAndVerifyClientCert
	settings.SessionTicketsDisabled = true // an authority that is taken out counts at once
	settings.ClientCAs = x509.NewCertPool()
	if !settings.ClientCAs.AppendCertsFromPEM(authorities) {
		return nil, fmt.Errorf("%s holds no certificate", c.files.ClientCAFile)
	}
	return settings, nil
}

// pair returns the texts of the certificate and of its key.
func (c *Certificates) pair() (cert, key []byte, err error) {
	if c.own != nil {
		return c.own.text, c.own.text, nil
	}
	if cert, err = readFile(c.files.CertFile); err != nil {
		return nil, nil, err
	}
	key, err = readFile(c.files.KeyFile)
	return cert, key, err
}

var errFileSize = errors.New("the file is larger than 1 MiB")

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	_ = f.Close() // only read
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("%s: %w", path, errFileSize)
	}
	return b, err
}
