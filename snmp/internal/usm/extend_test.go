package usm

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The keys of "maplesyrup" for the engine of RFC 3414, appendix A.3. The 32
// octets that Reeder's way makes of MD5 are those of its draft; the
// others were computed with Python's hashlib from the two drafts.
func TestExtend(t *testing.T) {
	engineID := []byte("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02")
	for _, c := range []struct {
		auth Auth
		priv Priv
		want string
	}{
		{MD5, DES, "526f5eed9fcce26f8964c2930787d82b"},
		{MD5, AES, "526f5eed9fcce26f8964c2930787d82b"},
		{MD5, AES256C, "526f5eed9fcce26f8964c2930787d82b79eff44a90650ee0a3a40abfac5acc12"},
		{MD5, AES192, "526f5eed9fcce26f8964c2930787d82bfa24a92467426c2f"},
		{MD5, AES256, "526f5eed9fcce26f8964c2930787d82bfa24a92467426c2f4b09192be10dfaec"},
		{MD5, AES192C, "526f5eed9fcce26f8964c2930787d82b79eff44a90650ee0"},
		{SHA1, AES, "6695febc9288e36282235fc7151f1284"},
		{SHA1, AES192, "6695febc9288e36282235fc7151f128497b38f3f505e07eb"},
		{SHA1, AES256, "6695febc9288e36282235fc7151f128497b38f3f505e07eb9af25568fa1f5dbe"},
		{SHA1, AES192C, "6695febc9288e36282235fc7151f128497b38f3f9b8b6d78"},
		{SHA1, AES256C, "6695febc9288e36282235fc7151f128497b38f3f9b8b6d78936ba6e7d19dfd9c"},
		{SHA224, AES192C, "0bd8827c6e29f8065e08e09237f177e410f69b90e1782be6"},
		{SHA224, AES256, "0bd8827c6e29f8065e08e09237f177e410f69b90e1782be682075674e82d9bf0"},
		{SHA224, AES256C, "0bd8827c6e29f8065e08e09237f177e410f69b90e1782be68207567422c34be4"},
		{SHA256, AES256, "8982e0e549e866db361a6b625d84cccc11162d453ee8ce3a6445c2d6776f0f8b"},
		{SHA256, AES256C, "8982e0e549e866db361a6b625d84cccc11162d453ee8ce3a6445c2d6776f0f8b"},
		{SHA512, AES, "22a5a36cedfcc085807a128d7bc6c238"},
		{SHA512, AES256, "22a5a36cedfcc085807a128d7bc6c2382167ad6c0dbc5fdff856740f3d84c099"},
	} {
		t.Run(string(c.auth+"_")+string(c.priv), func(t *testing.T) {
			key, err := passwordKey(c.auth, "maplesyrup", engineID)
			require.NoError(t, err)
			assert.Equal(t, c.want, hex.EncodeToString(extend(c.auth, c.priv, key, engineID)))
		})
	}
}
