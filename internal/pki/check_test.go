package pki_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/pki"
)

func TestCheck(t *testing.T) {
	now := time.Date(2026, 5, 17, 12, 0, 0, 0, time.UTC)
	m := &maker{t: t, now: now}
	long := func(c *x509.Certificate) { c.NotAfter = now.AddDate(10, 0, 0) }
	root := m.root("root", long)
	sub := m.sub(root, "sub", long)
	twin := m.root("root", long, func(c *x509.Certificate) { c.SubjectKeyId = root.cert.SubjectKeyId })
	good := m.leaf(root, "gate")
	plain := func(c *x509.Certificate) { c.ExtKeyUsage, c.KeyUsage = nil, 0 }
	until := func(d time.Duration) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.NotAfter = now.Add(d) }
	}
	later := m.leaf(root, "gate", func(c *x509.Certificate) { c.NotBefore = now.Add(time.Hour) })
	unsigning := m.leaf(root, "gate", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })
	mail := m.leaf(root, "gate", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} })
	ike := m.leaf(root, "gate", func(c *x509.Certificate) {
		c.ExtKeyUsage, c.UnknownExtKeyUsage = nil, []asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 17}}
	})
	any := m.leaf(root, "gate", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} })
	noCA := m.make(nil, "no CA", nil)
	noSign := m.root("no sign", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign })
	day := 24 * time.Hour

	tests := []struct {
		name string
		leaf made
		with []made
		use  pki.Use
		want []string // findings as text
	}{
		{"all well", good, []made{root}, pki.UseServer, nil},
		{"all well, client", good, []made{root}, pki.UseClient, nil},
		{"all well, IKE", good, []made{root}, pki.UseIKE, nil},
		{"IKE only", ike, []made{root}, pki.UseIKE, nil},
		{"any usage", any, []made{root}, pki.UseServer, nil},
		{"intermediate", m.leaf(sub, "gate"), []made{root, sub}, pki.UseServer, nil},
		{"CA", root, nil, pki.UseAuthority, nil},
		{"ends in 31 days", m.leaf(root, "gate", until(31*day)), []made{root}, pki.UseServer, nil},
		{"ends in 29 days", m.leaf(root, "gate", until(29*day)), []made{root}, pki.UseServer,
			[]string{"warning: gate: it ends on 2026-06-15: renew it before"}},
		{"expired", m.leaf(root, "gate", until(-time.Second)), []made{root}, pki.UseServer,
			[]string{"fault: gate: it expired on 2026-05-17: renew it"}},
		{"not yet valid", later, []made{root}, pki.UseServer,
			[]string{"fault: gate: it is not valid before 2026-05-17: look at the clock of the system, or wait"}},
		{"CA ends in 179 days", good, []made{m.root("aging", until(179*day)), root}, pki.UseServer,
			[]string{"warning: aging: it ends on 2026-11-12: renew it before"}},
		{"other CA expired", good, []made{m.root("old", until(-time.Second)), root}, pki.UseServer,
			[]string{"warning: old: it expired on 2026-05-17: renew it"}},
		{"issuer unknown", good, []made{m.root("other", long)}, pki.UseServer,
			[]string{`warning: gate: its issuer "CN=root" is not among the CA certificates: the other end must have it`}},
		{"intermediate missing", m.leaf(sub, "gate"), []made{root}, pki.UseServer,
			[]string{`warning: gate: its issuer "CN=sub" is not among the CA certificates: the other end must have it`}},
		{"issuer of the same name", good, []made{twin}, pki.UseServer,
			[]string{`fault: gate: it is not signed by the CA certificate "root" that is here: that one has another key`}},
		{"no usage, server", m.leaf(root, "gate", plain), []made{root}, pki.UseServer,
			[]string{"warning: gate: it does not say that it is a server's (extended key usage serverAuth): clients with remote-cert-tls server refuse it"}},
		{"no usage, client", m.leaf(root, "gate", plain), []made{root}, pki.UseClient,
			[]string{"warning: gate: it does not say that it is a client's (extended key usage clientAuth): servers with remote-cert-tls client refuse it"}},
		{"no usage, IKE", m.leaf(root, "gate", plain), []made{root}, pki.UseIKE, nil},
		{"mail, server", mail, []made{root}, pki.UseServer, []string{"fault: gate: it is no server's (extended key usage without serverAuth)"}},
		{"mail, client", mail, []made{root}, pki.UseClient, []string{"fault: gate: it is no client's (extended key usage without clientAuth)"}},
		{"mail, IKE", mail, []made{root}, pki.UseIKE, []string{"warning: gate: it is for other things than IPsec (extended key usage): some peers refuse it"}},
		{"must not sign", unsigning, []made{root}, pki.UseServer, []string{"fault: gate: it must not sign (key usage without digitalSignature)"}},
		{"must not sign, IKE", unsigning, []made{root}, pki.UseIKE, []string{"warning: gate: it must not sign (key usage without digitalSignature)"}},
		{"CA as server", m.leaf(root, "gate", func(c *x509.Certificate) { c.IsCA = true }), []made{root}, pki.UseServer,
			[]string{"warning: gate: it is a CA's (basic constraints): what it is used for should have a certificate of its own"}},
		{"leaf among CAs", good, []made{root, noCA}, pki.UseServer,
			[]string{"fault: no CA: it stands among the CA certificates, and is no CA's (basic constraints)"}},
		{"CA must not sign", good, []made{root, noSign}, pki.UseServer,
			[]string{"fault: no sign: it is a CA that must not sign certificates (key usage)"}},
		{"leaf as CA", good, []made{root}, pki.UseAuthority,
			[]string{"fault: gate: it stands among the CA certificates, and is no CA's (basic constraints)"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			id, err := pki.ParsePEM(keyPEM(t, test.leaf), certPEM(test.leaf), certPEM(test.with...))
			require.NoError(t, err)
			assert.Equal(t, test.want, texts(id.Check(test.use, now)))
		})
	}
	t.Run("key of another", func(t *testing.T) {
		id, err := pki.ParsePEM(keyPEM(t, root), certPEM(good))
		require.NoError(t, err)
		assert.Contains(t, texts(id.Check(pki.UseServer, now)), "fault: gate: the private key does not belong to it")
	})
	t.Run("no key", func(t *testing.T) {
		id, err := pki.ParsePEM(certPEM(good, root))
		require.NoError(t, err)
		assert.Equal(t, []string{"fault: gate: its private key is missing"}, texts(id.Check(pki.UseServer, now)))
	})
	t.Run("CA only", func(t *testing.T) {
		id, err := pki.ParsePEM(certPEM(root))
		require.NoError(t, err)
		assert.Equal(t, []string{"fault: certificate: there is no certificate but those of CAs"}, texts(id.Check(pki.UseServer, now)))
	})
	t.Run("faults first, then by time", func(t *testing.T) {
		leaf := m.leaf(root, "gate", until(9*day), func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })
		id, err := pki.ParsePEM(keyPEM(t, leaf), certPEM(leaf, root), certPEM(m.root("soon", until(3*day))))
		require.NoError(t, err)
		got := id.Check(pki.UseServer, now)
		assert.Equal(t, []string{
			"fault: gate: it must not sign (key usage without digitalSignature)",
			"warning: soon: it ends on 2026-05-20: renew it before",
			"warning: gate: it ends on 2026-05-26: renew it before",
		}, texts(got))
		assert.True(t, got[2].At.Equal(now.Add(9*day)))
		assert.Equal(t, pki.SerialOf(leaf.cert), got[2].Serial)
	})
}

// Old algorithms work in places, and are told.
func TestCheckWeak(t *testing.T) {
	now := time.Now()
	m := &maker{t: t, now: now}
	root := m.root("root", func(c *x509.Certificate) { c.NotAfter = now.AddDate(9, 0, 0) })
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	template := m.leaf(root, "old").cert
	der, err := x509.CreateCertificate(rand.Reader, template, root.cert, key.Public(), root.key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	id, err := pki.NewIdentity(key, cert, root.cert)
	require.NoError(t, err)
	assert.Equal(t, []string{"warning: old: its RSA key has only 1024 bits, today's programs want 2048"}, texts(id.Check(pki.UseServer, now)))

	cert.SignatureAlgorithm = x509.ECDSAWithSHA1 // Go itself no longer signs so
	assert.Contains(t, texts(id.Check(pki.UseServer, now)), "warning: old: it is signed with ECDSA-SHA1, which today's programs refuse")

	root.cert.Version, root.cert.IsCA = 1, false // nor does it write such
	id, err = pki.NewIdentity(key, cert, root.cert)
	require.NoError(t, err)
	const old = ": root: it "
	assert.Contains(t, texts(id.Check(pki.UseServer, now)), "warning"+old+"is of the old version 1, which cannot say that it is a CA: many programs refuse it")
	assert.Contains(t, texts(id.Check(pki.UseIKE, now)), "fault"+old+"stands among the CA certificates, and is no CA's (basic constraints)")
}

func texts(list []pki.Finding) []string {
	var texts []string
	for _, f := range list {
		texts = append(texts, f.String())
	}
	return texts
}

func TestEnums(t *testing.T) {
	var kind pki.KeyKind
	require.NoError(t, kind.UnmarshalText([]byte("p384")))
	assert.Equal(t, pki.P384, kind)
	require.NoError(t, kind.UnmarshalText(nil))
	assert.Empty(t, kind)
	require.ErrorContains(t, kind.UnmarshalText([]byte("rsa-1024")), "p256, p384, p521, ed25519, rsa-2048, rsa-3072")
	var use pki.Use
	require.NoError(t, use.UnmarshalText([]byte("ike")))
	assert.Equal(t, pki.UseIKE, use)
	require.ErrorContains(t, use.UnmarshalText([]byte("mail")), "server, client, ike, authority")
}
