// Package suite holds what every backend of package openvpn has to do: the
// fakes of openvpntest and the real ones run it alike.
package suite

import (
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
)

// TestStore runs every case on a fresh, empty store.
func TestStore(t *testing.T, open func(t *testing.T) openvpn.Store) {
	for name, f := range map[string]func(*testing.T, openvpn.Store){
		"empty": emptyStore, "put_get_replace": putGetReplace, "delete": deleteInstance,
		"bad_names": badNames, "case": caseClash, "copies": copies, "concurrent": concurrent,
	} {
		t.Run(name, func(t *testing.T) { f(t, open(t)) })
	}
}

func emptyStore(t *testing.T, s openvpn.Store) {
	list, err := s.List("office")
	require.NoError(t, err)
	assert.Empty(t, list)
	_, err = s.Get("office", "ca.crt")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, s.Delete("office"))
}

func putGetReplace(t *testing.T, s openvpn.Store) {
	require.NoError(t, s.Put("office", "b.key", []byte("one")))
	require.NoError(t, s.Put("office", "a.crt", nil))
	require.NoError(t, s.Put("office", "b.key", []byte("two\x00\xff")))
	require.NoError(t, s.Put("home", "b.key", []byte("other")))
	content, err := s.Get("office", "b.key")
	require.NoError(t, err)
	assert.Equal(t, "two\x00\xff", string(content))
	content, err = s.Get("office", "a.crt")
	require.NoError(t, err)
	assert.Empty(t, content)
	assert.NotNil(t, content, "an empty file is there")
	list, err := s.List("office")
	require.NoError(t, err)
	assert.Equal(t, []string{"a.crt", "b.key"}, list)
}

func deleteInstance(t *testing.T, s openvpn.Store) {
	require.NoError(t, s.Put("office", "a", []byte("1")))
	require.NoError(t, s.Put("home", "a", []byte("2")))
	require.NoError(t, s.Delete("office"))
	_, err := s.Get("office", "a")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = s.Get("home", "a")
	require.NoError(t, err)
}

// No name leads out of the store.
func badNames(t *testing.T, s openvpn.Store) {
	for _, name := range []string{
		"", ".", "..", "../x", "a/b", "/etc/passwd", `a\b`, "a b", "a\n", "a\x00b", ".hidden", "-dash", "x.new", "ü", strings.Repeat("a", 300),
	} {
		assert.Error(t, s.Put(name, "a", nil), "instance %q", name)
		assert.Error(t, s.Put("office", name, nil), "file %q", name)
		_, err := s.Get(name, "a")
		assert.Error(t, err, "instance %q", name)
		_, err = s.Get("office", name)
		assert.Error(t, err, "file %q", name)
		_, err = s.List(name)
		assert.Error(t, err, "instance %q", name)
		assert.Error(t, s.Delete(name), "instance %q", name)
	}
}

// Names that differ only in case are not two files on every system.
func caseClash(t *testing.T, s openvpn.Store) {
	require.NoError(t, s.Put("office", "ca.crt", []byte("1")))
	assert.ErrorContains(t, s.Put("office", "CA.crt", []byte("2")), "case")
	assert.ErrorContains(t, s.Put("Office", "ca.crt", []byte("2")), "case")
	content, err := s.Get("office", "ca.crt")
	require.NoError(t, err)
	assert.Equal(t, "1", string(content))
}

// The store shares no memory with its callers.
func copies(t *testing.T, s openvpn.Store) {
	mine := []byte("mine")
	require.NoError(t, s.Put("office", "a", mine))
	mine[0] = 'X'
	yours, err := s.Get("office", "a")
	require.NoError(t, err)
	require.Equal(t, "mine", string(yours))
	yours[0] = 'X'
	yours, err = s.Get("office", "a")
	require.NoError(t, err)
	assert.Equal(t, "mine", string(yours))
}

func concurrent(t *testing.T, s openvpn.Store) {
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			text := strings.Repeat(string(rune('a'+n)), 1000)
			assert.NoError(t, s.Put("office", "shared", []byte(text)))
			content, err := s.Get("office", "shared")
			assert.NoError(t, err)
			assert.Equal(t, strings.Repeat(string(content[:1]), 1000), string(content), "half a file")
		})
	}
	wg.Wait()
}
