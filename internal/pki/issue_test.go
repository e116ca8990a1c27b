package pki_test

import (
	"crypto/x509"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/internal/pki"
)

func TestAuthorityIssues(t *testing.T) {
	for _, kind := range pki.KeyKinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			a, _ := authority(t, pki.AuthorityConfig{Name: "Plant 7 CA", Key: kind})
			ca := a.Certificate()
			assert.Equal(t, "Plant 7 CA", ca.Subject.CommonName)
			assert.True(t, ca.IsCA)
			assert.Equal(t, x509.KeyUsageCertSign|x509.KeyUsageCRLSign, ca.KeyUsage)
			assert.WithinDuration(t, now.Add(3650*day), ca.NotAfter, time.Minute)

			server, err := a.IssueServer(pki.Request{Name: "gate.example.org", Names: []string{"gate.example.org", "*.lan", "192.0.2.7", "2001:db8::7", "ops@example.org"}})
			require.NoError(t, err)
			assert.Equal(t, []string{"gate.example.org", "*.lan"}, server.Leaf().DNSNames)
			assert.Len(t, server.Leaf().IPAddresses, 2)
			assert.Equal(t, []string{"ops@example.org"}, server.Leaf().EmailAddresses)
			assert.WithinDuration(t, now.Add(825*day), server.Leaf().NotAfter, time.Minute)
			assert.WithinDuration(t, now.Add(-day), server.Leaf().NotBefore, time.Minute)
			client, err := a.IssueClient(pki.Request{Name: "Laptop 3", Lifetime: days(10)})
			require.NoError(t, err)
			assert.Empty(t, client.Leaf().DNSNames, "it is no host name")
			ike, err := a.IssueIKE(pki.Request{Name: "site-a.example.org"})
			require.NoError(t, err)
			assert.Equal(t, []string{"site-a.example.org"}, ike.Leaf().DNSNames)

			pool := x509.NewCertPool()
			pool.AddCert(ca)
			for use, id := range map[x509.ExtKeyUsage]pki.Identity{x509.ExtKeyUsageServerAuth: server, x509.ExtKeyUsageClientAuth: client} {
				_, err := id.Leaf().Verify(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{use}})
				require.NoError(t, err)
			}
			assert.Empty(t, server.Check(pki.UseServer, now))
			assert.Equal(t, []string{"fault: gate.example.org: it is no client's (extended key usage without clientAuth)"}, texts(server.Check(pki.UseClient, now)))
			assert.Equal(t, []string{"warning: Laptop 3: it ends on " + now.Add(10*day).UTC().Format(time.DateOnly) + ": renew it before"}, texts(client.Check(pki.UseClient, now)))
			assert.Empty(t, ike.Check(pki.UseIKE, now))
			assert.NotEqual(t, server.Serial(), client.Serial())

			again, err := a.Identity(client.Serial())
			require.NoError(t, err)
			assert.Equal(t, client.KeyPEM(), again.KeyPEM())
			assert.Equal(t, client.CertificatePEM(), again.CertificatePEM())
			assert.Equal(t, string(a.CAPEM()), string(again.CAPEM()))
		})
	}
}

func TestAuthorityRevokes(t *testing.T) {
	a, path := authority(t, pki.AuthorityConfig{})
	c1, c2 := client(t, a, "one"), client(t, a, "two")
	assert.Empty(t, revoked(crl(t, a)))
	number := crl(t, a).Number.Int64()

	require.NoError(t, a.Revoke(c1.Serial()))
	assert.Equal(t, []pki.Serial{c1.Serial()}, revoked(crl(t, a)))
	assert.Equal(t, number+1, crl(t, a).Number.Int64())
	require.NoError(t, a.Revoke(c1.Serial()), "again")
	assert.Equal(t, number+1, crl(t, a).Number.Int64())
	assert.ElementsMatch(t, []string{string(c2.Serial()) + ".pem"}, files(t, filepath.Join(path, "issued")), "the key is gone")
	_, err := a.Identity(c1.Serial())
	require.ErrorIs(t, err, pki.ErrRevoked)
	_, err = a.Identity(c2.Serial())
	require.NoError(t, err)

	require.ErrorIs(t, a.Revoke("00"), pki.ErrNotFound)
	_, err = a.Identity("../ca")
	require.ErrorIs(t, err, pki.ErrNotFound)
	again, err := a.IssueClient(pki.Request{Name: "one"})
	require.NoError(t, err, "the name is free")
	assert.NotEqual(t, c1.Serial(), again.Serial())
}

func TestAuthorityRenews(t *testing.T) {
	a, path := authority(t, pki.AuthorityConfig{})
	old, err := a.IssueServer(pki.Request{Name: "gate", Names: []string{"gate.example.org"}, Lifetime: days(90), Key: pki.P384})
	require.NoError(t, err)
	next, err := a.Renew(old.Serial())
	require.NoError(t, err)
	assert.Equal(t, []string{"gate.example.org"}, next.Leaf().DNSNames)
	assert.WithinDuration(t, time.Now().Add(90*day), next.Leaf().NotAfter, time.Minute)
	assert.NotEqual(t, old.KeyPEM(), next.KeyPEM(), "a new key")
	assert.Empty(t, next.Check(pki.UseServer, time.Now()))

	list := crl(t, a)
	assert.Equal(t, []pki.Serial{old.Serial()}, revoked(list))
	assert.Equal(t, 4, list.RevokedCertificateEntries[0].ReasonCode, "superseded")
	assert.Equal(t, []string{string(next.Serial()) + ".pem"}, files(t, filepath.Join(path, "issued")))
	issued, err := a.List()
	require.NoError(t, err)
	assert.Equal(t, next.Serial(), issued[0].Successor)
	assert.Equal(t, pki.P384, issued[1].Key)

	_, err = a.Renew(old.Serial())
	require.ErrorIs(t, err, pki.ErrRevoked)
	_, err = a.Renew("0A")
	require.ErrorIs(t, err, pki.ErrNotFound)
}

// An expired certificate is renewed too, unless somebody else has its name.
func TestAuthorityRenewsExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := authority(t, pki.AuthorityConfig{CertificateLifetime: days(10)})
		old, other := client(t, a, "one"), client(t, a, "two")
		time.Sleep(11 * day)
		_, err := a.Renew(old.Serial())
		require.NoError(t, err)
		client(t, a, "two")
		_, err = a.Renew(other.Serial())
		require.ErrorIs(t, err, pki.ErrExists)
	})
}

func TestAuthorityRefuses(t *testing.T) {
	a, path := authority(t, pki.AuthorityConfig{})
	client(t, a, "Pump")
	_, err := a.IssueServer(pki.Request{Name: "pUMP"})
	require.ErrorIs(t, err, pki.ErrExists)
	_, err = pki.CreateAuthority(path, pki.AuthorityConfig{})
	require.ErrorIs(t, err, pki.ErrExists)

	for _, name := range []string{"", " a", "a ", "-a", ".a", "a/b", "a\nb", "a\x00b", "é", "a,b", `a"b`, strings.Repeat("a", 65)} {
		_, err := a.IssueClient(pki.Request{Name: name})
		var faults config.Errors
		require.ErrorAs(t, err, &faults, name)
		assert.Equal(t, "name", faults[0].Path)
	}
	_, err = a.IssueClient(pki.Request{
		Name: "x", Names: []string{"a b", "-a.org", "fe80::1%eth0", "a@", "@b", "a..b", "ok.example.org"}, Key: "rsa-512", Lifetime: config.Duration(time.Minute),
	})
	var faults config.Errors
	require.ErrorAs(t, err, &faults)
	assert.Len(t, faults, 8)
	_, err = a.IssueClient(pki.Request{Name: "x", Names: make([]string, 17)})
	require.ErrorContains(t, err, "there are 17, 16 are allowed")

	list, err := a.List()
	require.NoError(t, err)
	assert.Len(t, list, 1)
}
