package filestore_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/filestore"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest/suite"
)

func TestStore(t *testing.T) {
	suite.TestStore(t, func(t *testing.T) openvpn.Store {
		s, err := filestore.Open(filepath.Join(t.TempDir(), "a", "store"))
		require.NoError(t, err)
		return s
	})
}

func TestModes(t *testing.T) {
	root := filepath.Join(t.TempDir(), "store")
	s, err := filestore.Open(root)
	require.NoError(t, err)
	require.NoError(t, s.Put("office", "a.key", []byte("secret")))
	for path, mode := range map[string]os.FileMode{".": 0o700, "office": 0o700, "office/a.key": 0o600} {
		info, err := os.Stat(filepath.Join(root, path))
		require.NoError(t, err)
		assert.Equal(t, mode, info.Mode().Perm(), path)
	}
	require.NoError(t, os.Chmod(root, 0o755))
	_, err = filestore.Open(root)
	assert.ErrorContains(t, err, "make it 0700")
	_, err = filestore.Open("")
	assert.Error(t, err)
}

// Links that somebody puts into the store lead nowhere.
func TestLinks(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.Chmod(root, 0o700))
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret")
	require.NoError(t, os.WriteFile(secret, []byte("not yours"), 0o600))
	s, err := filestore.Open(root)
	require.NoError(t, err)
	require.NoError(t, s.Put("office", "a", []byte("1")))
	require.NoError(t, os.Symlink(secret, filepath.Join(root, "office", "link")))
	_, err = s.Get("office", "link")
	assert.ErrorContains(t, err, "no regular file")
	require.NoError(t, s.Put("office", "link", []byte("mine")))
	content, err := os.ReadFile(secret)
	require.NoError(t, err)
	assert.Equal(t, "not yours", string(content), "the link was replaced, not followed")
	require.NoError(t, os.Symlink(outside, filepath.Join(root, "away")))
	assert.Error(t, s.Put("away", "x", nil))
	_, err = s.Get("away", "secret")
	assert.Error(t, err)
	require.NoError(t, s.Delete("away"))
	assert.FileExists(t, secret)
}

func TestTooLong(t *testing.T) {
	s, err := filestore.Open(filepath.Join(t.TempDir(), "store"))
	require.NoError(t, err)
	assert.ErrorContains(t, s.Put("office", "a", make([]byte, filestore.MaxFile+1)), "too long")
}
