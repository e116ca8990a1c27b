package firmware_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aead.dev/minisign"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/firmware"
)

// golden is a file to upload that minisign 0.11 and GNU tar have made. Its
// secret key is gone, so nothing else will ever be signed with it.
func golden(t testing.TB) (file []byte, key minisign.PublicKey) {
	file, err := os.ReadFile(filepath.Join("testdata", "good.tar"))
	require.NoError(t, err)
	key, err = minisign.PublicKeyFromFile(filepath.Join("testdata", "vendor.pub"))
	require.NoError(t, err)
	return file, key
}

func goldenImage() []byte { return bytes.Repeat([]byte("firmware"), 40) }

func TestGolden(t *testing.T) {
	file, key := golden(t)
	image, err := firmware.ReadContainer(bytes.NewReader(file), key)
	require.NoError(t, err)
	assert.Equal(t, goldenImage(), image)
}

func FuzzContainer(f *testing.F) {
	good, key := golden(f)
	f.Add(good)
	f.Add(good[:1024])
	f.Add(goldenImage())
	f.Add(append(bytes.Clone(good), 0, 0, 1))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := firmware.ReadContainer(bytes.NewReader(file), key)
		if err != nil {
			require.ErrorIs(t, err, api.ErrRefused)
			return
		}
		require.Equal(t, goldenImage(), got, "nothing else was ever signed")
	})
}

func FuzzManifest(f *testing.F) {
	f.Add("board:wcc-lite version:1.9.0 size:6553600")
	f.Add("timestamp:1700000000\tfile:image.bin\thashed")
	f.Fuzz(func(t *testing.T, comment string) {
		board, version, size, err := firmware.ParseManifest(comment)
		if err != nil {
			require.ErrorIs(t, err, api.ErrRefused)
			return
		}
		require.Positive(t, size)
		require.Contains(t, strings.Fields(comment), "board:"+board)
		require.Contains(t, strings.Fields(comment), "version:"+version)
	})
}
