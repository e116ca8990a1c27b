package api

import (
	"log/slog"
	"path/filepath"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/internal/servercert"
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

// ownCertFile is the certificate that the service makes for itself, in
// [Options.TLSFolder].
const ownCertFile = "api-tls.pem"

func newCertificates(t TLS, o Options, log *slog.Logger) *servercert.Certificates {
	return servercert.New("api", servercert.Files{
		CertFile: t.CertFile, KeyFile: t.KeyFile, ClientCAFile: t.ClientCAFile,
		OwnFile: filepath.Join(o.TLSFolder, ownCertFile), OwnNames: o.TLSNames,
	}, log)
}
