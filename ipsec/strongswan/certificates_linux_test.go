package strongswan_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
)

// authority signs certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
	pem  string
}

func newKey(t *testing.T, kind string) crypto.Signer {
	t.Helper()
	if kind == "rsa" {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		require.NoError(t, err)
		return key
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func newAuthority(t *testing.T, name, kind string) *authority {
	t.Helper()
	a := &authority{key: newKey(t, kind)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(10 * 365 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	a.cert, a.pem = sign(t, template, template, a.key.Public(), a.key)
	return a
}

func sign(t *testing.T, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, string) {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// credential is a certificate with its key, as PEM text.
type credential struct{ certificate, key string }

// issue makes a certificate for a host, valid until some time from now.
func (a *authority) issue(t *testing.T, host, kind string, life time.Duration) credential {
	t.Helper()
	key := newKey(t, kind)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(t, err)
	_, text := sign(t, &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: host, Organization: []string{"Example"}}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(life),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, key.Public(), a.key)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return credential{text, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))}
}

// set is a certificate set with the fields as text.
func (c credential) set(ca *authority) ipsec.CertificateSet {
	return ipsec.CertificateSet{Name: "plant", CA: ca.pem, Certificate: c.certificate, Key: ipsec.NewSecret(c.key)}
}

// year is how long certificates live that are to be good.
const year = 365 * 24 * time.Hour
