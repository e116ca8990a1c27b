package receiver_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

func keyFile(t *testing.T, mode os.FileMode, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600))
	require.NoError(t, os.Chmod(path, mode))
	return path
}

func keyOf(t *testing.T, k receiver.KeyStore, serial string) string {
	t.Helper()
	key, known, err := k.Key(t.Context(), serial)
	require.NoError(t, err)
	require.Equal(t, !key.IsZero(), known)
	return key.Reveal()
}

func TestKeyFile(t *testing.T) {
	one, two, master := telemetry.NewKey(), telemetry.NewKey(), telemetry.NewKey()
	path := keyFile(t, 0o600, "# the fleet", "", "GK0001 "+one.Reveal(), "\tGK0002\t"+strings.ToUpper(two.Reveal())+"\r")
	k, err := receiver.OpenKeyFile(path)
	require.NoError(t, err)
	assert.Equal(t, one.Reveal(), keyOf(t, k, "GK0001"))
	assert.Equal(t, two.Reveal(), keyOf(t, k, "GK0002"))
	assert.Empty(t, keyOf(t, k, "GK0003"))
	assert.Empty(t, keyOf(t, k, "*"))
	assert.Equal(t, 2, k.Len())
	assert.Equal(t, path+": 2 keys", k.String())

	require.NoError(t, os.WriteFile(path, []byte("* "+master.Reveal()+"\nGK0001 "+one.Reveal()), 0o600))
	require.NoError(t, k.Reload())
	assert.Equal(t, one.Reveal(), keyOf(t, k, "GK0001"), "its own line goes before the master")
	assert.Equal(t, telemetry.DeriveKey(master, "GK0003").Reveal(), keyOf(t, k, "GK0003"))
	assert.Equal(t, path+": 1 keys and a master", k.String())

	require.NoError(t, os.WriteFile(path, []byte("oops"), 0o600))
	require.ErrorIs(t, k.Reload(), receiver.ErrKeyFile)
	assert.Equal(t, one.Reveal(), keyOf(t, k, "GK0001"), "a bad file changes nothing")
}

func TestKeyFileRefuses(t *testing.T) {
	good := telemetry.NewKey().Reveal()
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"one word":       {[]string{"GK0001"}, "line 1: 1 words, want a serial and a key"},
		"three words":    {[]string{"", "GK0001 " + good + " x"}, "line 2: 3 words"},
		"short key":      {[]string{"GK0001 " + good[1:]}, "64 hexadecimal digits"},
		"no hexadecimal": {[]string{"GK0001 " + strings.Repeat("x", 64)}, "hexadecimal digits only"},
		"twice":          {[]string{"GK0001 " + good, "GK0001 " + good}, "line 2: GK0001 has a key already"},
		"master twice":   {[]string{"* " + good, "* " + good}, "line 2: * has a key already"},
		"long serial":    {[]string{strings.Repeat("x", 65) + " " + good}, "not text of 1 to 64 bytes"},
		"no UTF-8":       {[]string{"\xff " + good}, "not text of 1 to 64 bytes"},
		"long line":      {[]string{strings.Repeat("x", 1<<17)}, "line 1: bufio.Scanner: token too long"},
	} {
		t.Run(name, func(t *testing.T) {
			path := keyFile(t, 0o600, c.lines...)
			_, err := receiver.OpenKeyFile(path)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, path)
			require.ErrorIs(t, err, receiver.ErrKeyFile)
			assert.NotContains(t, err.Error(), good[1:20], "an error must not show a key")
		})
	}
}

func TestKeyFileOfOthers(t *testing.T) {
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o666} {
		_, err := receiver.OpenKeyFile(keyFile(t, mode))
		require.ErrorIs(t, err, receiver.ErrKeyFile)
		require.ErrorContains(t, err, "make it 0600")
	}
	_, err := receiver.OpenKeyFile(keyFile(t, 0o400))
	require.NoError(t, err)
	_, err = receiver.OpenKeyFile(t.TempDir())
	require.ErrorIs(t, err, receiver.ErrKeyFile)
	_, err = receiver.OpenKeyFile(filepath.Join(t.TempDir(), "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
