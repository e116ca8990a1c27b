package pki_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/pki"
)

// An authority of openssl, as easy-rsa makes it, goes on here: what it issued
// is good, what it revoked is not, and what is revoked here is on one list
// with that.
func TestIntegrationImportAuthority(t *testing.T) {
	dir := t.TempDir()
	run := func(args string) {
		t.Helper()
		out, ok := openssl(t, dir, strings.Fields(args)...)
		require.True(t, ok, out)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ca.cnf"), []byte(`[ca]
default_ca = x
[x]
database = index.txt
new_certs_dir = .
serial = serial
crlnumber = crlnumber
default_md = sha256
default_days = 800
default_crl_days = 180
policy = p
x509_extensions = client
[p]
commonName = supplied
[client]
basicConstraints = CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid,issuer
extendedKeyUsage = clientAuth
keyUsage = digitalSignature
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical,CA:TRUE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always,issuer:always
keyUsage = cRLSign, keyCertSign
`), 0o600))
	for name, text := range map[string]string{"index.txt": "", "serial": "1000", "crlnumber": "07"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	run("req -x509 -config ca.cnf -extensions root -newkey rsa:2048 -nodes -subj /CN=Easy-RSA -days 3650 -keyout ca.key -out ca.crt")
	for _, name := range []string{"alice", "bob", "carol"} {
		run("req -config ca.cnf -newkey rsa:2048 -nodes -subj /CN=" + name + " -keyout " + name + ".key -out " + name + ".csr")
		run("ca -batch -config ca.cnf -cert ca.crt -keyfile ca.key -in " + name + ".csr -out " + name + ".crt -notext")
	}
	run("ca -config ca.cnf -cert ca.crt -keyfile ca.key -revoke bob.crt")
	run("ca -config ca.cnf -cert ca.crt -keyfile ca.key -revoke carol.crt")
	run("ca -config ca.cnf -cert ca.crt -keyfile ca.key -gencrl -out crl.pem")

	read := func(name string) []byte {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return text
	}
	root, err := pki.ParsePEM(read("ca.crt"), read("ca.key"))
	require.NoError(t, err)
	certs, err := pki.ParseCertificates(append(read("alice.crt"), read("bob.crt")...)) // carol's is lost
	require.NoError(t, err)
	a, err := pki.ImportAuthority(filepath.Join(dir, "new"), pki.Origin{CA: root, CRL: read("crl.pem"), Issued: certs})
	require.NoError(t, err)
	list, err := a.List()
	require.NoError(t, err)
	require.Len(t, list, 2)
	assert.Equal(t, "alice", list[0].Name)
	assert.Equal(t, pki.UseClient, list[0].Use)
	assert.Equal(t, pki.RSA2048, list[0].Key)
	assert.Equal(t, pki.StateValid, list[0].State(time.Now()))
	assert.Equal(t, pki.StateRevoked, list[1].State(time.Now()))
	_, err = a.Identity(list[0].Serial)
	require.ErrorIs(t, err, pki.ErrNotFound, "its key is elsewhere")

	dave, err := a.IssueClient(pki.Request{Name: "dave"})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dave.crt"), dave.CertificatePEM(), 0o600))
	verify := func(name string) bool {
		crl, err := a.CRL()
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "now.pem"), crl, 0o600))
		_, ok := openssl(t, dir, "verify", "-crl_check", "-CAfile", "ca.crt", "-CRLfile", "now.pem", "-purpose", "sslclient", name+".crt")
		return ok
	}
	for name, good := range map[string]bool{"alice": true, "bob": false, "carol": false, "dave": true} {
		assert.Equal(t, good, verify(name), name)
	}
	crl, err := a.CRL()
	require.NoError(t, err)
	parsed, err := pki.ParseCRL(crl)
	require.NoError(t, err)
	assert.Equal(t, int64(8), parsed.Number.Int64(), "it follows theirs")

	alice, err := a.Renew(list[0].Serial)
	require.NoError(t, err)
	assert.Equal(t, "alice", alice.Name())
	a, err = pki.OpenAuthority(filepath.Join(dir, "new"))
	require.NoError(t, err)
	assert.False(t, verify("alice"), "the old one")
	assert.False(t, verify("carol"))

	_, err = pki.ImportAuthority(filepath.Join(dir, "new"), pki.Origin{CA: root})
	require.ErrorIs(t, err, pki.ErrExists)
}

func TestImportAuthorityRefuses(t *testing.T) {
	m := &maker{t: t, now: time.Now()}
	root, other := m.root("root"), m.root("other")
	sub := m.sub(root, "sub")
	noList := m.root("no list", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign })
	old := m.root("old", func(c *x509.Certificate) { c.NotAfter = m.now.Add(-time.Hour) })
	leaf := m.leaf(root, "leaf")
	identity := func(key made, certs ...made) pki.Identity {
		list := make([]*x509.Certificate, len(certs))
		for n, c := range certs {
			list[n] = c.cert
		}
		id, err := pki.NewIdentity(key.key, list...)
		require.NoError(t, err)
		return id
	}
	for name, c := range map[string]struct {
		origin pki.Origin
		want   string
	}{
		"nothing":            {pki.Origin{}, "no certificate"},
		"key of another":     {pki.Origin{CA: identity(other, root)}, "private key does not belong"},
		"no CA":              {pki.Origin{CA: identity(leaf, leaf)}, "no CA"},
		"intermediate":       {pki.Origin{CA: identity(sub, sub, root)}, "only one that signed itself"},
		"no lists":           {pki.Origin{CA: identity(noList, noList)}, "cRLSign"},
		"expired":            {pki.Origin{CA: identity(old, old)}, "expired"},
		"foreign":            {pki.Origin{CA: identity(other, other), Issued: []*x509.Certificate{leaf.cert}}, `"leaf" is not issued by "other"`},
		"no revocation list": {pki.Origin{CA: identity(root, root), CRL: []byte("x")}, "revocation list"},
		"lifetime":           {pki.Origin{CA: identity(root, root), Config: pki.AuthorityConfig{CRLLifetime: 1}}, "crl_lifetime"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "new")
			_, err := pki.ImportAuthority(dir, c.origin)
			require.ErrorContains(t, err, c.want)
			assert.NoDirExists(t, dir)
		})
	}
}
