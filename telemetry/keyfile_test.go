package telemetry_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

func TestReadKeyFile(t *testing.T) {
	for name, text := range map[string]string{"bare": testKey, "line": testKey + "\n", "spaced": "\r\n " + testKey + " \r\n"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			for _, mode := range []fs.FileMode{0o600, 0o400} {
				require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
				require.NoError(t, os.Chmod(path, mode))
				k, err := telemetry.ReadKeyFile(path)
				require.NoError(t, err)
				assert.Equal(t, testKey, k.Reveal())
			}
		})
	}
}

func TestReadKeyFileRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		mode fs.FileMode
		want string
	}{
		"group reads":  {testKey, 0o640, "its mode is 0640, others than its owner may use it: make it 0600"},
		"others read":  {testKey, 0o604, "its mode is 0604"},
		"group writes": {testKey, 0o620, "its mode is 0620"},
		"empty":        {"", 0o600, "64 hexadecimal digits, this has 0 characters"},
		"short":        {testKey[2:], 0o600, "64 hexadecimal digits, this has 62 characters"},
		"not hex":      {strings.Repeat("zz", 32), 0o600, "hexadecimal digits only"},
		"two keys":     {testKey + "\n" + testKey, 0o600, "64 hexadecimal digits"},
		"huge":         {strings.Repeat("a", 1<<20), 0o600, "longer than 4096 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
			require.NoError(t, os.Chmod(path, c.mode))
			_, err := telemetry.ReadKeyFile(path)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "telemetry: key file "+path+": ")
			assert.NotContains(t, err.Error(), testKey[:16])
		})
	}
	dir := t.TempDir()
	_, err := telemetry.ReadKeyFile(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = telemetry.ReadKeyFile(dir)
	require.ErrorContains(t, err, "it is no regular file")
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	_, err = telemetry.ReadKeyFile(pipe)
	require.ErrorContains(t, err, "it is no regular file")
}

// With a key file every message is sealed; the file is read at Start, and
// again at the next try after it was refused.
func TestKeyFileSeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network{key: key(t)}
		c := config(time.Minute, "a")
		c.KeyFile = filepath.Join(t.TempDir(), "key")
		o := options()
		o.Dial = n.Dial
		s, err := telemetry.New(c, o)
		require.NoError(t, err, "New does not look at files")
		err = s.Start(t.Context())
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, "key file "+c.KeyFile)
		require.NoError(t, os.WriteFile(c.KeyFile, []byte(testKey), 0o600))
		require.NoError(t, s.Start(t.Context()))
		pass(2 * time.Minute)
		got := n.received("")
		require.Len(t, got, 2)
		for _, d := range got {
			assert.Equal(t, byte(0xd1), d.raw[0])
			assert.Equal(t, serial, d.message.Serial)
		}
		require.NoError(t, s.Stop(t.Context()))
	})
}
