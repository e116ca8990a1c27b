package pki_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/pki"
)

// made is a certificate of a test with its key.
type made struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// maker makes certificates that differ from good ones by what a test changes.
type maker struct {
	t   testing.TB
	now time.Time
	n   int64
}

// root makes a self-signed CA.
func (m *maker) root(name string, change ...func(*x509.Certificate)) made {
	return m.make(nil, name, append([]func(*x509.Certificate){ca}, change...))
}

// sub makes an intermediate CA.
func (m *maker) sub(by made, name string, change ...func(*x509.Certificate)) made {
	return m.make(&by, name, append([]func(*x509.Certificate){ca}, change...))
}

// leaf makes a certificate for a TLS server and client.
func (m *maker) leaf(by made, name string, change ...func(*x509.Certificate)) made {
	return m.make(&by, name, change)
}

func ca(c *x509.Certificate) {
	c.IsCA, c.ExtKeyUsage = true, nil
	c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
}

func (m *maker) make(by *made, name string, change []func(*x509.Certificate)) made {
	m.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(m.t, err)
	m.n++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(m.n), Subject: pkix.Name{CommonName: name},
		NotBefore: m.now.Add(-time.Hour), NotAfter: m.now.AddDate(1, 0, 0), BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, f := range change {
		f(template)
	}
	parent, signer := template, crypto.Signer(key)
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	require.NoError(m.t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(m.t, err)
	return made{cert, key}
}

func certPEM(list ...made) []byte {
	var text []byte
	for _, m := range list {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.cert.Raw})...)
	}
	return text
}

func keyPEM(t testing.TB, m made) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(m.key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// authority makes one in a new folder, whose path it returns.
func authority(t testing.TB, c pki.AuthorityConfig) (*pki.Authority, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca")
	a, err := pki.CreateAuthority(path, c)
	require.NoError(t, err)
	return a, path
}

// client issues a certificate.
func client(t testing.TB, a *pki.Authority, name string) pki.Identity {
	t.Helper()
	id, err := a.IssueClient(pki.Request{Name: name})
	require.NoError(t, err)
	return id
}

// crl returns the revocation list on the disk.
func crl(t testing.TB, a *pki.Authority) *x509.RevocationList {
	t.Helper()
	text, err := a.CRL()
	require.NoError(t, err)
	list, err := pki.ParseCRL(text)
	require.NoError(t, err)
	require.NoError(t, list.CheckSignatureFrom(a.Certificate()))
	return list
}

// revoked returns the serial numbers of a list.
func revoked(list *x509.RevocationList) []pki.Serial {
	var serials []pki.Serial
	for _, e := range list.RevokedCertificateEntries {
		serials = append(serials, pki.SerialOf(&x509.Certificate{SerialNumber: e.SerialNumber}))
	}
	return serials
}
