package strongswan_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/twohosts"
	"github.com/fieldgate/fieldgate/ipsec"
)

// The names in the certificates of both ends.
const (
	ourName  = "gateway.example.com"
	peerName = "plant.example.com"
)

// withSet is a configuration with certificates.
func withSet(set ipsec.CertificateSet, changes ...func(*ipsec.Connection)) ipsec.Config {
	c := demo(append([]func(*ipsec.Connection){func(c *ipsec.Connection) {
		c.Authentication, c.CertificateSet, c.PreSharedKey = ipsec.AuthRSA, "plant", ipsec.Secret{}
		c.LocalID, c.RemoteID = ourName, peerName
	}}, changes...)...)
	c.CertificateSets = []ipsec.CertificateSet{set}
	return c
}

// peerWith gives B a connection with a certificate, and the authority that it
// trusts, as files of swanctl.
func (s *site) peerWith(t *testing.T, ca *authority, own credential, p peerConn) {
	t.Helper()
	require.NoError(t, s.B.WriteFile("x509ca/ca.pem", ca.pem))
	require.NoError(t, s.B.WriteFile("x509/own.pem", own.certificate))
	require.NoError(t, s.B.WriteFile("private/own.pem", own.key))
	p.auth, p.localID, p.remoteID = "pubkey", peerName, ourName
	p.local = []string{"certs = own.pem"}
	s.peer(t, peerConf(p))
}

func TestIntegrationCertificates(t *testing.T) {
	t.Parallel()
	s := newSite(t, twohosts.Options{})
	ca, stranger := newAuthority(t, "Example CA", "rsa"), newAuthority(t, "Stranger CA", "rsa")
	ours, theirs := ca.issue(t, ourName, "rsa", year), ca.issue(t, peerName, "rsa", year)
	good := ours.set(ca)

	for name, c := range map[string]struct {
		change func(*ipsec.Connection)
		peer   peerConn
	}{
		"ikev2":      {func(*ipsec.Connection) {}, peerConn{}},
		"main":       {ikev1, peerConn{version: "1"}},
		"aggressive": {func(c *ipsec.Connection) { c.KeyExchange, c.ExchangeMode = ipsec.IKEv1, ipsec.ModeAggressive }, peerConn{version: "1", conn: []string{"aggressive = yes"}}},
		"fragments":  {func(c *ipsec.Connection) { c.Fragmentation = ipsec.FragmentationYes }, peerConn{conn: []string{"fragmentation = yes"}}},
	} {
		t.Run(name, func(t *testing.T) {
			s.peerWith(t, ca, theirs, c.peer)
			g := s.start(t, withSet(good, c.change))
			g.initiate(t, "demo0")
			ike, _ := s.child(t, "site")
			assert.Equal(t, ourName, ike.Values["remote-id"])
			s.checkStatus(t, g, "demo0", "site")
			s.ping(t)
		})
	}
	t.Run("ecdsa_from_files", func(t *testing.T) {
		ca := newAuthority(t, "Curve CA", "ecdsa")
		ours := ca.issue(t, ourName, "ecdsa", year)
		s.peerWith(t, ca, ca.issue(t, peerName, "ecdsa", year), peerConn{})
		folder := t.TempDir()
		for name, text := range map[string]string{"ca": ca.pem, "certificate": ours.certificate, "key": ours.key} {
			require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
		}
		g := s.start(t, withSet(ipsec.CertificateSet{
			Name: "plant", CA: folder + "/ca", Certificate: folder + "/certificate", Key: ipsec.NewSecret(folder + "/key"),
		}))
		g.initiate(t, "demo0")
		s.ping(t)
	})
	t.Run("pinned", func(t *testing.T) {
		set := good
		set.CA, set.PeerCertificate = "", theirs.certificate
		s.peerWith(t, ca, theirs, peerConn{})
		g := s.start(t, withSet(set))
		g.initiate(t, "demo0")
		s.ping(t)
	})
	t.Run("pinned_other", func(t *testing.T) {
		set := good
		set.PeerCertificate = theirs.certificate
		s.peerWith(t, ca, ca.issue(t, peerName, "rsa", year), peerConn{})
		g := s.start(t, withSet(set))
		failure := g.fails(t, "demo0")
		assert.Contains(t, []ipsec.Cause{ipsec.CauseCertificate, ipsec.CauseAuthentication}, failure.Cause, "%+v", failure)
		assert.Zero(t, s.installed(t, "site"))
	})
	t.Run("peer_of_another_authority", func(t *testing.T) {
		s.peerWith(t, ca, stranger.issue(t, peerName, "rsa", year), peerConn{})
		g := s.start(t, withSet(good))
		failure := g.fails(t, "demo0")
		assert.Equal(t, ipsec.CauseCertificate, failure.Cause, "%+v", failure)
		assert.Zero(t, s.installed(t, "site"))
	})
	t.Run("peer_expired", func(t *testing.T) {
		s.peerWith(t, ca, ca.issue(t, peerName, "rsa", -year/365), peerConn{})
		g := s.start(t, withSet(good))
		failure := g.fails(t, "demo0")
		assert.Equal(t, ipsec.CauseCertificate, failure.Cause, "%+v", failure)
		assert.Zero(t, s.installed(t, "site"))
	})
	t.Run("ours_of_another_authority", func(t *testing.T) {
		s.peerWith(t, ca, theirs, peerConn{})
		set := stranger.issue(t, ourName, "rsa", year).set(ca)
		set.CA += stranger.pem // or the set itself would be refused
		g := s.start(t, withSet(set))
		failure := g.fails(t, "demo0")
		assert.Equal(t, ipsec.CauseAuthentication, failure.Cause, "%+v", failure)
	})
	t.Run("ours_expired", func(t *testing.T) {
		s.peer(t, peerConf(peerConn{}))
		c := withSet(ca.issue(t, ourName, "rsa", -year/365).set(ca))
		neighbour := demo().Connections[0]
		c.Connections[0].Name = "expired"
		c.Connections[0].RemoteSubnets = ipsec.Subnets{"10.99.0.0/16"}
		c.Connections = append(c.Connections, neighbour)
		g := s.launch(t, c)
		refused := g.until(t, "expired", ipsec.StateRefused)
		require.NotNil(t, refused.LastError)
		assert.Equal(t, ipsec.CauseCertificate, refused.LastError.Cause)
		assert.False(t, refused.Configured)
		g.until(t, "demo0", ipsec.StateArmed)
		g.initiate(t, "demo0") // it holds up no other
		s.ping(t)
	})
	// The daemon has no command to forget a certificate.
	t.Run("authority_withdrawn", func(t *testing.T) {
		s.peerWith(t, ca, theirs, peerConn{})
		g := s.start(t, withSet(good))
		g.initiate(t, "demo0")
		set := good
		set.CA = stranger.pem
		set.Certificate, set.Key = "", ipsec.Secret{}
		other := stranger.issue(t, ourName, "rsa", year)
		set.Certificate, set.Key = other.certificate, ipsec.NewSecret(other.key)
		_, err := g.Apply(t.Context(), withSet(set))
		require.NoError(t, err)
		failure := g.fails(t, "demo0")
		assert.Contains(t, []ipsec.Cause{ipsec.CauseCertificate, ipsec.CauseAuthentication}, failure.Cause, "%+v", failure)
		assert.Zero(t, s.installed(t, "site"))
		_, err = g.Apply(t.Context(), withSet(good))
		require.NoError(t, err)
		g.initiate(t, "demo0")
		s.ping(t)
		list, err := s.A.Swanctl(t.Context(), "--list-certs")
		require.NoError(t, err)
		assert.NotContains(t, list, "Stranger CA", "it is trusted no more")
	})
	t.Run("set_of_a_removed_connection", func(t *testing.T) {
		s.peerWith(t, ca, theirs, peerConn{})
		g := s.start(t, withSet(good))
		g.initiate(t, "demo0")
		empty := withSet(good)
		empty.Connections = nil
		_, err := g.Apply(t.Context(), empty)
		require.NoError(t, err)
		eventually(t, func() bool {
			list, err := s.A.Swanctl(t.Context(), "--list-certs")
			require.NoError(t, err)
			return !strings.Contains(list, "Example CA")
		}, func() string { return "an authority is not trusted longer than a connection needs it" })
	})
}
