package strongswan_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/strongswan"
)

// tunnel returns the i-th of several tunnels to one gateway, as a Config
// gives it.
func tunnel(i int, gateway string) ipsec.Connection {
	return ipsec.Connection{
		Name: fmt.Sprintf("site%d", i), Enabled: true, Gateway: gateway,
		LocalSubnets: ipsec.Subnets{"10.10.12.0/24"}, RemoteSubnets: ipsec.Subnets{fmt.Sprintf("10.10.%d.0/24", 10*i)},
		PreSharedKey: ipsec.NewSecret(fmt.Sprintf("thebigsecret%d", i)), LocalID: fmt.Sprintf("near%d", i),
		RemoteID: fmt.Sprintf("far%d", i), Phase1: ipsec.Names{"p1"}, Phase2: ipsec.Names{"p2"},
		StartAction: ipsec.StartNone,
	}
}

// resolve returns connections as a backend gets them.
func resolve(t testing.TB, change func(*ipsec.Config), connections ...ipsec.Connection) []ipsec.Definition {
	t.Helper()
	c := ipsec.Config{
		Enabled: true, Connections: connections,
		Phase1Proposals: []ipsec.Phase1Proposal{{Name: "p1", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group5}},
		Phase2Proposals: []ipsec.Phase2Proposal{{Name: "p2", Encryption: ipsec.EncryptionAES128, Hash: ipsec.HashSHA1}},
	}
	if change != nil {
		change(&c)
	}
	require.NoError(t, c.Validate())
	r, err := c.Resolve(time.Now())
	require.NoError(t, err)
	require.Empty(t, r.Refused)
	require.Len(t, r.Definitions, len(connections))
	return r.Definitions
}

// two are what the conformance suite wants.
func two(t testing.TB) []ipsec.Definition {
	return resolve(t, nil, tunnel(1, "192.0.2.2"), tunnel(2, "192.0.2.2"))
}

// backend returns the backend for a socket.
func backend(t testing.TB, socket string) *strongswan.Backend {
	t.Helper()
	b, err := strongswan.New(strongswan.Options{Socket: socket})
	require.NoError(t, err)
	return b
}

// withCertificates returns a connection with a certificate set of its own.
func withCertificates(t testing.TB) []ipsec.Definition {
	t.Helper()
	now := time.Now()
	ca, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, authority, authority, ca.Public(), ca)
	require.NoError(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "near"}, DNSNames: []string{"near.example"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, authority, key.Public(), ca)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	text := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	c := tunnel(3, "192.0.2.3")
	c.Name, c.Authentication, c.PreSharedKey, c.CertificateSet = "secure", ipsec.AuthRSA, ipsec.Secret{}, "set"
	c.LocalID, c.RemoteID = "near.example", "far.example"
	return resolve(t, func(c *ipsec.Config) {
		c.CertificateSets = []ipsec.CertificateSet{{
			Name: "set", CA: text("CERTIFICATE", caDER), Certificate: text("CERTIFICATE", der),
			Key: ipsec.NewSecret(text("PRIVATE KEY", keyDER)),
		}}
	}, c)
}
