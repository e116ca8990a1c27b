package strongswan_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// A program that was killed leaves keys and certificates in charon; the next
// one knows that they are its own.
func TestCredentialsOfAnEarlierProgram(t *testing.T) {
	d := fake(t)
	b, log := logging(t, d.Socket())
	all := append(two(t), withCertificates(t)...)
	s := connect(t, b)
	_, err := s.Apply(t.Context(), all)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.Contains(t, d.String(), "1 private keys, 2 certificates")

	t.Run("in use again", func(t *testing.T) {
		s := connect(t, b)
		out, err := s.Apply(t.Context(), all)
		require.NoError(t, err)
		assert.Len(t, out.Added, 3)
		assert.Contains(t, d.String(), "1 private keys, 2 certificates")
		require.NoError(t, s.Close())
	})
	t.Run("out of use", func(t *testing.T) {
		load(t, d.Socket(), "load-shared", new(vici.Message).Set("id", "fieldgate-stray").Set("type", "IKE").Set("data", "x"))
		load(t, d.Socket(), "load-pool", new(vici.Message).SetSection("fieldgate-stray", new(vici.Message).Set("addrs", "10.9.0.0/24")))
		s := connect(t, b)
		out, err := s.Apply(t.Context(), all[:2])
		require.NoError(t, err)
		assert.Equal(t, []string{"secure"}, out.Removed)
		assert.Contains(t, d.String(), "0 private keys, 0 certificates")
		assert.Equal(t, []string{"fieldgate-site1", "fieldgate-site2"}, d.Secrets())
		assert.NotContains(t, d.String(), "stray")
		require.NoError(t, s.Initiate(t.Context(), "site1"))
		require.NoError(t, s.Close())
	})
	assert.Empty(t, log.String())
}

// What is in the record and not in charon was of an earlier charon; what is in
// charon and not in the record is somebody else's.
func TestRecordOfAnotherCharon(t *testing.T) {
	d := fake(t)
	b, log := logging(t, d.Socket())
	all := withCertificates(t)
	s := connect(t, b)
	_, err := s.Apply(t.Context(), all)
	require.NoError(t, err)
	d.Kill()
	require.NoError(t, s.Close())
	require.NoError(t, d.Restart())
	foreign := withCertificates(t)[0].Set
	load(t, d.Socket(), "load-cert", new(vici.Message).Set("type", "X509").Set("flag", "CA").Set("data", foreign.CA))
	s = connect(t, b)
	_, err = s.Apply(t.Context(), all)
	require.NoError(t, err)
	require.Contains(t, d.String(), "1 private keys, 3 certificates")
	_, err = s.Apply(t.Context(), nil)
	require.NoError(t, err)
	assert.Contains(t, d.String(), "0 private keys, 3 certificates")
	assert.Contains(t, log.String(), "stays trusted")
	require.NoError(t, s.Close())
}

// A record is no secret, but not for everybody; and it may be damaged.
func TestRecordFile(t *testing.T) {
	d := fake(t)
	b := backend(t, d.Socket())
	path := d.Socket() + ".fieldgate.lock"
	s := connect(t, b)
	_, err := s.Apply(t.Context(), withCertificates(t))
	require.NoError(t, err)
	require.NoError(t, s.Close())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Regexp(t, `^(certificate [0-9a-f]{64}\n){2}key [0-9a-f]{40}\n$`, string(text))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	require.NoError(t, os.WriteFile(path, []byte("certificate\nkey\nkey xyz\n\x00\xff"), 0o600))
	s = connect(t, b)
	_, err = s.Apply(t.Context(), two(t))
	require.NoError(t, err)
	require.NoError(t, s.Close())

	require.NoError(t, os.Remove(path))
	victim := path + ".victim"
	require.NoError(t, os.WriteFile(victim, []byte("x"), 0o600))
	require.NoError(t, os.Symlink(victim, path))
	_, err = b.Connect(t.Context())
	require.Error(t, err, "no link is followed")
}
