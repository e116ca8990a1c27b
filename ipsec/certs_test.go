package ipsec_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
)

// pair is a certificate with its key.
type pair struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue makes a certificate; without an issuer a CA's.
func issue(t *testing.T, by *pair, edit func(*x509.Certificate)) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		Subject: pkix.Name{Country: []string{"LT"}, Organization: []string{"Example"}, CommonName: "gateway"},
	}
	if by == nil {
		template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
		template.Subject.CommonName = "CA of the test"
	} else {
		template.KeyUsage = x509.KeyUsageDigitalSignature
		template.DNSNames = []string{"gate.example.org"}
	}
	if edit != nil {
		edit(template)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return pair{cert, key}
}

func (p pair) certPEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw}))
}

func (p pair) keyPEM(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// certified returns a Config with a connection that uses a set.
func certified(set ipsec.CertificateSet) ipsec.Config {
	c := site(1)
	c.Authentication, c.PreSharedKey = ipsec.AuthRSA, ipsec.Secret{}
	c.CertificateSet, c.LocalID, c.RemoteID = "own-certs", "gate.example.org", "peer.example.org"
	set.Name = "own_certs"
	cfg := config(c)
	cfg.CertificateSets = []ipsec.CertificateSet{set}
	return cfg
}
