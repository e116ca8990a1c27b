package ipsec_test

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
)

func TestCertificateSets(t *testing.T) {
	ca, other := issue(t, nil, nil), issue(t, nil, nil)
	own, stranger := issue(t, &ca, nil), issue(t, &ca, nil)
	expired := issue(t, &ca, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	early := issue(t, &ca, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) })
	ending := issue(t, &ca, func(c *x509.Certificate) { c.NotAfter = time.Now().AddDate(0, 0, 7) })
	good := ipsec.CertificateSet{CA: ca.certPEM(), Certificate: own.certPEM(), Key: ipsec.NewSecret(own.keyPEM(t))}

	for name, c := range map[string]struct {
		edit    func(c *ipsec.Config, s *ipsec.CertificateSet)
		invalid string // part of Validate's error
		refused string // part of Resolve's refusal
		notice  string // part of a notice
	}{
		"good": {},
		"no references": {edit: func(_ *ipsec.Config, s *ipsec.CertificateSet) { *s = ipsec.CertificateSet{} },
			invalid: "certificate_sets[0].ca: required"},
		"neither PEM nor path": {edit: func(_ *ipsec.Config, s *ipsec.CertificateSet) { s.Key = ipsec.NewSecret("keys/own.key") },
			invalid: "certificate_sets[0].key: it is neither PEM text"},
		"certificate is no certificate": {edit: func(_ *ipsec.Config, s *ipsec.CertificateSet) { s.Certificate = own.keyPEM(t) },
			invalid: "certificate_sets[0].certificate: "},
		"key is no key": {edit: func(_ *ipsec.Config, s *ipsec.CertificateSet) { s.Key = ipsec.NewSecret(own.certPEM()) },
			invalid: "certificate_sets[0].key: there is no private key in it"},
		"key of another": {edit: func(_ *ipsec.Config, s *ipsec.CertificateSet) { s.Key = ipsec.NewSecret(stranger.keyPEM(t)) },
			invalid: "the private key does not belong to it"},
		"two peers": {edit: func(_ *ipsec.Config, s *ipsec.CertificateSet) { s.PeerCertificate = own.certPEM() + stranger.certPEM() },
			invalid: "certificate_sets[0].peer_certificate: it holds 2 certificates"},
		"a leaf as CA": {edit: func(_ *ipsec.Config, s *ipsec.CertificateSet) { s.CA = stranger.certPEM() },
			invalid: "is no CA's"},
		"local id of another": {edit: func(c *ipsec.Config, _ *ipsec.CertificateSet) { c.Connections[0].LocalID = "wcclite" },
			invalid: `connections[0].local_id: the certificate does not prove "wcclite", but only: gate.example.org`},
		"local id by address": {edit: func(c *ipsec.Config, _ *ipsec.CertificateSet) { c.Connections[0].LocalID = "192.0.2.7" },
			invalid: "does not prove"},
		"local id as subject": {edit: func(c *ipsec.Config, _ *ipsec.CertificateSet) {
			c.Connections[0].LocalID = "C=LT, O=Example, CN=gateway"
		}},
		"local id as wrong subject": {edit: func(c *ipsec.Config, _ *ipsec.CertificateSet) {
			c.Connections[0].LocalID = "C=LT, O=Example, CN=other"
		}, invalid: "does not prove"},
		"no local id":              {edit: func(c *ipsec.Config, _ *ipsec.CertificateSet) { c.Connections[0].LocalID = "" }},
		"another CA for the peers": {edit: func(_ *ipsec.Config, s *ipsec.CertificateSet) { s.CA = other.certPEM() }},
		"peer certificate without CA": {edit: func(_ *ipsec.Config, s *ipsec.CertificateSet) {
			s.CA, s.PeerCertificate = "", stranger.certPEM()
		}},
		"expired": {edit: func(_ *ipsec.Config, s *ipsec.CertificateSet) {
			s.Certificate, s.Key = expired.certPEM(), ipsec.NewSecret(expired.keyPEM(t))
		}, refused: "it expired on"},
		"not yet valid": {edit: func(_ *ipsec.Config, s *ipsec.CertificateSet) {
			s.Certificate, s.Key = early.certPEM(), ipsec.NewSecret(early.keyPEM(t))
		}, refused: "it is not valid before"},
		"ends soon": {edit: func(_ *ipsec.Config, s *ipsec.CertificateSet) {
			s.Certificate, s.Key = ending.certPEM(), ipsec.NewSecret(ending.keyPEM(t))
		}, notice: "it ends on"},
		"peer expired": {edit: func(_ *ipsec.Config, s *ipsec.CertificateSet) { s.PeerCertificate = expired.certPEM() },
			refused: "it expired on"},
		"file missing": {edit: func(_ *ipsec.Config, s *ipsec.CertificateSet) { s.CA = "/no/such/file.pem" },
			refused: "/no/such/file.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			set := good
			cfg := certified(set)
			if c.edit != nil {
				c.edit(&cfg, &cfg.CertificateSets[0])
				cfg.CertificateSets[0].Name = "own_certs"
			}
			res, err := cfg.Resolve(time.Now())
			if c.invalid != "" {
				require.ErrorContains(t, err, c.invalid)
				assert.NotContains(t, err.Error(), "PRIVATE KEY")
				return
			}
			require.NoError(t, err)
			if c.refused != "" {
				require.Contains(t, res.Refused, "site1")
				assert.Contains(t, res.Refused["site1"].Detail, c.refused)
				assert.Equal(t, ipsec.CauseCertificate, res.Refused["site1"].Cause)
				assert.Empty(t, res.Definitions)
				return
			}
			require.Empty(t, res.Refused)
			require.Len(t, res.Definitions, 1)
			d := res.Definitions[0]
			require.NotNil(t, d.Set)
			assert.NotContains(t, fmt.Sprintf("%+v", d.Set.Key), "PRIVATE KEY")
			if c.notice != "" {
				assert.Contains(t, fmt.Sprint(res.Notices["site1"]), c.notice)
			}
		})
	}
}

func TestCertificateFiles(t *testing.T) {
	ca := issue(t, nil, nil)
	own := issue(t, &ca, nil)
	dir := t.TempDir()
	path := func(name, text string, mode os.FileMode) string {
		full := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(full, []byte(text), mode))
		require.NoError(t, os.Chmod(full, mode))
		return full
	}
	cfg := certified(ipsec.CertificateSet{
		CA: path("ca.pem", ca.certPEM(), 0o644), Certificate: path("own.pem", own.certPEM(), 0o644),
		Key: ipsec.NewSecret(path("own.key", own.keyPEM(t), 0o600)),
	})
	require.NoError(t, cfg.Validate())
	res, err := cfg.Resolve(time.Now())
	require.NoError(t, err)
	require.Len(t, res.Definitions, 1, "%v", res.Refused)
	assert.Equal(t, own.certPEM(), res.Definitions[0].Set.Certificate)
	assert.Equal(t, own.keyPEM(t), res.Definitions[0].Set.Key.Reveal())

	for name, spoil := range map[string]func(){
		"readable key":    func() { path("own.key", own.keyPEM(t), 0o644) },
		"junk in the key": func() { path("own.key", "junk", 0o600) },
		"a key too long":  func() { path("own.key", string(make([]byte, 300<<10)), 0o600) },
		"CA too long":     func() { path("ca.pem", string(make([]byte, 300<<10)), 0o600) },
		"CA is a folder":  func() { cfg.CertificateSets[0].CA = dir },
	} {
		t.Run(name, func(t *testing.T) {
			path("own.key", own.keyPEM(t), 0o600)
			path("ca.pem", ca.certPEM(), 0o644)
			before := cfg.CertificateSets[0]
			spoil()
			res, err := cfg.Resolve(time.Now())
			cfg.CertificateSets[0] = before
			require.NoError(t, err)
			require.Contains(t, res.Refused, "site1")
			assert.NotContains(t, res.Refused["site1"].Detail, "PRIVATE")
		})
	}
}

func TestRefusedCertificateHoldsUpNothing(t *testing.T) {
	ca := issue(t, nil, nil)
	own := issue(t, &ca, nil)
	cfg := certified(ipsec.CertificateSet{CA: ca.certPEM(), Certificate: own.certPEM(), Key: ipsec.NewSecret(own.keyPEM(t))})
	cfg.Connections = append(cfg.Connections, site(2))
	// In the time of the bubble the certificate is not valid yet.
	bubble(t, cfg, func(r *rig) {
		r.start()
		r.state("site1", ipsec.StateRefused)
		r.state("site2", ipsec.StateArmed)
		c := r.conn("site1")
		assert.False(r, c.Configured)
		assert.Contains(r, c.LastError.Detail, "look at the clock")
		var f *ipsec.Failure
		require.ErrorAs(r, r.s.Initiate(r.Context(), "site1"), &f)
		out, err := r.s.Apply(r.Context(), cfg)
		require.NoError(r, err)
		require.Error(r, out.Refused["site1"])
		assert.NotContains(r, r.logged()+fmt.Sprintf("%+v", r.s.Status()), "PRIVATE")
	})
}
