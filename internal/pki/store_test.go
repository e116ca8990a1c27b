package pki_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/pki"
)

func TestStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "identities")
	s, err := pki.OpenStore(path)
	require.NoError(t, err)
	list, err := s.List()
	require.NoError(t, err)
	assert.Empty(t, list)

	m := &maker{t: t, now: time.Now()}
	root := m.root("root")
	sub := m.sub(root, "sub")
	leaf := m.leaf(sub, "gate")
	id, err := pki.ParsePEM(certPEM(root, leaf, sub), keyPEM(t, leaf))
	require.NoError(t, err)
	trust, err := pki.ParsePEM(certPEM(root))
	require.NoError(t, err)
	require.NoError(t, s.Put("site_a", id))
	require.NoError(t, s.Put("trust", trust))
	require.ErrorIs(t, s.Put("Site_A", id), pki.ErrExists)
	require.NoError(t, s.Put("trust", trust), "again")

	again, err := s.Get("site_a")
	require.NoError(t, err)
	assert.Equal(t, id.KeyPEM(), again.KeyPEM())
	assert.Equal(t, id.CertificatePEM(), again.CertificatePEM())
	assert.Equal(t, id.CAPEM(), again.CAPEM())
	private(t, path)

	require.NoError(t, os.WriteFile(filepath.Join(path, "bad.pem"), []byte("junk"), 0o600))
	list, err = s.List()
	require.NoError(t, err)
	require.Len(t, list, 3)
	assert.Contains(t, list[0].Problem, "there is no certificate")
	assert.Equal(t, pki.Stored{
		Name: "site_a", Subject: "gate", Serial: pki.SerialOf(leaf.cert), Fingerprint: id.Fingerprint(), Key: "EC P-256",
		NotBefore: leaf.cert.NotBefore, NotAfter: leaf.cert.NotAfter, Chain: 2, CAs: 2,
	}, list[1])
	assert.Equal(t, "root", list[2].Subject)
	assert.Empty(t, list[2].Key)

	require.NoError(t, s.Delete("site_a"))
	require.ErrorIs(t, s.Delete("site_a"), pki.ErrNotFound)
	_, err = s.Get("site_a")
	require.ErrorIs(t, err, pki.ErrNotFound)
	require.Error(t, s.Put("none", pki.Identity{}))

	require.NoError(t, os.Chmod(path, 0o750))
	_, err = pki.OpenStore(path)
	require.ErrorContains(t, err, "make it 0700")
}

// No name leads out of the folder.
func TestStoreNames(t *testing.T) {
	s, err := pki.OpenStore(filepath.Join(t.TempDir(), "identities"))
	require.NoError(t, err)
	m := &maker{t: t, now: time.Now()}
	id, err := pki.ParsePEM(certPEM(m.root("root")))
	require.NoError(t, err)
	for _, name := range []string{"", ".", "..", "../x", "a/b", "a.b", "a b", "-a", "a\x00", "é", strings.Repeat("a", 65), "a\n"} {
		require.ErrorContains(t, s.Put(name, id), "a name has 1 to 64", "%q", name)
		_, err := s.Get(name)
		require.ErrorContains(t, err, "a name has 1 to 64", "%q", name)
		require.ErrorContains(t, s.Delete(name), "a name has 1 to 64", "%q", name)
	}
	require.NoError(t, s.Put(strings.Repeat("a", 64), id))
}

func TestStoreDiskFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("needs /dev/full")
	}
	path := filepath.Join(t.TempDir(), "identities")
	s, err := pki.OpenStore(path)
	require.NoError(t, err)
	m := &maker{t: t, now: time.Now()}
	one, err := pki.ParsePEM(certPEM(m.root("one")))
	require.NoError(t, err)
	two, err := pki.ParsePEM(certPEM(m.root("two")))
	require.NoError(t, err)
	require.NoError(t, s.Put("a", one))
	require.NoError(t, os.Symlink("/dev/full", filepath.Join(path, "a.pem.new")))
	require.ErrorIs(t, s.Put("a", two), syscall.ENOSPC)
	got, err := s.Get("a")
	require.NoError(t, err)
	assert.Equal(t, one.CAPEM(), got.CAPEM(), "the old one stays")
}
