package api

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

	"github.com/fieldgate/fieldgate/internal/config"
)

// TLS encrypts what a [Service] serves, with TLS 1.2 or 1.3.
type TLS struct {
	// Enabled switches encryption on.
	Enabled bool `yaml:"enabled" json:"enabled"`

	// CertFile and KeyFile are PEM files with the certificate (first its
	// own, then those of the authorities between) and its private key. A
	// file that is replaced takes effect within 10 s, for new connections.
	// With both empty the service makes a certificate of its own, which
	// needs [Options.TLSFolder]: ECDSA P-256, signed by itself, valid for two
	// years. It is made anew with the same private key when less than 30
	// days are left.
	CertFile string `yaml:"cert_file" json:"cert_file"`
	KeyFile  string `yaml:"key_file" json:"key_file"`

	// ClientCAFile is a PEM file with the authorities whose certificates
	// clients need, besides their key; replaced like CertFile. Empty means
	// that clients need none.
	ClientCAFile string `yaml:"client_ca_file" json:"client_ca_file"`
}

func (t TLS) check(faults *config.Errors) {
	switch {
	case t.CertFile != "" && t.KeyFile == "":
		faults.Addf("tls.key_file", "required with tls.cert_file")
	case t.CertFile == "" && t.KeyFile != "":
		faults.Addf("tls.cert_file", "required with tls.key_file")
	}
}

const (
	// tlsRecheck is how often files are looked at, by handshakes.
	tlsRecheck = 10 * time.Second
	// maxTLSFile bounds a file of certificates, in bytes.
	maxTLSFile = 1 << 20
)

// certificates gives handshakes what they need, and follows the files.
type certificates struct {
	files TLS
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

func newCertificates(t TLS, o Options, log *slog.Logger) *certificates {
	c := &certificates{files: t, log: log}
	if t.CertFile == "" {
		c.own = newOwnCertificate(o.TLSFolder, o.TLSNames)
		c.files.CertFile, c.files.KeyFile = c.own.path, c.own.path
	}
	return c
}

// open reads the files, or makes the own certificate, and returns the
// settings of a listener.
func (c *certificates) open() (*tls.Config, error) {
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
func (c *certificates) current(now time.Time) *tls.Config {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := now.Sub(c.checked); age >= 0 && age < tlsRecheck {
		return c.now
	}
	c.checked = now
	if c.stamp() == c.stamps && (c.own == nil || !c.own.due(now)) {
		return c.now
	}
	if err := c.load(now); err != nil {
		c.log.Warn("api tls: the files have changed and cannot be read, the old ones stay in use", "error", err)
	}
	return c.now
}

func (c *certificates) stamp() (stamps [3]fileStamp) {
	for i, path := range []string{c.files.CertFile, c.files.KeyFile, c.files.ClientCAFile} {
		if info, err := os.Stat(path); err == nil {
			stamps[i] = fileStamp{info.Size(), info.ModTime()}
		}
	}
	return stamps
}

// load makes what the files hold the settings of the next handshakes; mu is
// held.
func (c *certificates) load(now time.Time) error {
	c.checked = now
	if c.own != nil {
		if err := c.own.ensure(now); err != nil {
			return err
		}
	}
	c.stamps = c.stamp() // before the reading: a later change is seen
	settings, err := c.read()
	if err != nil {
		return err
	}
	c.now = settings
	leaf := settings.Certificates[0].Leaf
	c.log.Info("api tls certificate", "subject", leaf.Subject.String(), "until", leaf.NotAfter)
	return nil
}

func (c *certificates) read() (*tls.Config, error) {
	cert, err := readFile(c.files.CertFile)
	if err != nil {
		return nil, err
	}
	key, err := readFile(c.files.KeyFile)
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

var errFileSize = errors.New("the file is larger than 1 MiB")

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxTLSFile+1))
	_ = f.Close() // only read
	if err == nil && len(b) > maxTLSFile {
		err = fmt.Errorf("%s: %w", path, errFileSize)
	}
	return b, err
}
