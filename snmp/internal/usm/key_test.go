package usm_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// rfcEngine is the engine of the examples in RFC 3414, appendix A.3.
var rfcEngine = unhex("000000000000000000000002")

// The keys of "maplesyrup": those of MD5 and SHA-1 are in RFC 3414, appendix
// A.3; RFC 7860 has no examples, so those of SHA-2 were computed with Python's
// hashlib.
func TestKeysOfRFC(t *testing.T) {
	for auth, want := range map[usm.Auth][2]string{
		usm.MD5:    {"9faf3283884e92834ebc9847d8edd963", "526f5eed9fcce26f8964c2930787d82b"},
		usm.SHA1:   {"9fb5cc0381497b3793528939ff788d5d79145211", "6695febc9288e36282235fc7151f128497b38f3f"},
		usm.SHA224: {"282a5867ee9aac639ad59df9572c7d3ac0fbc13a905b6df07dbbf00b", "0bd8827c6e29f8065e08e09237f177e410f69b90e1782be682075674"},
		usm.SHA256: {"ab51014d1e077f6017df2b12bee5f5aa72993177e9bb569c4dff5a4ca0b4afac", "8982e0e549e866db361a6b625d84cccc11162d453ee8ce3a6445c2d6776f0f8b"},
		usm.SHA384: {"e06eccdf2c68a06ed034723c9c26e0db3b669e1e2efed49150b55377a2e98f383c86fb836857444654b287c93f51ff64", "3b298f16164a11184279d5432bf169e2d2a48307de02b3d3f7e2b4f36eb6f0455a53689a3937eea07319a633d2ccba78"},
		usm.SHA512: {"7e4396de5aadc77be853819b98c9406265b3a9c37cc3176569847a4e4f6fba63dd3a73d04924d31a63f95a601f9385af6be4ed1b37f87d040f7c6ed6f8d38a91", "22a5a36cedfcc085807a128d7bc6c2382167ad6c0dbc5fdff856740f3d84c099ad1ea87a8db096714d9788bd544047c9021e4229ce27e4c0a69250adfcffbb0b"},
	} {
		t.Run(string(auth), func(t *testing.T) {
			key := usm.PasswordKey(auth, "maplesyrup")
			assert.Equal(t, want[0], hex.EncodeToString(key))
			assert.Equal(t, want[1], hex.EncodeToString(usm.Localize(auth, key, rfcEngine)))
			assert.Len(t, key, auth.KeySize())
		})
	}
}

// RFC 3414, section 11.2: repeated passwords have the same key.
func TestRepeatedPassword(t *testing.T) {
	assert.Equal(t, usm.PasswordKey(usm.SHA1, "bertbert"), usm.PasswordKey(usm.SHA1, "bertbertbert"))
	assert.NotEqual(t, usm.PasswordKey(usm.SHA1, "bertbert"), usm.PasswordKey(usm.SHA1, "bertberta"))
}

// A password of a length that fits no block, and one over a mebibyte.
func TestPasswordLengths(t *testing.T) {
	assert.Equal(t, "c6623c15ce4deafc66f81ff027816cd94cdf6ace8e08ddd6f4e2b222cb08b49f", hex.EncodeToString(usm.PasswordKey(usm.SHA256, "thirteen char")))
	assert.Equal(t, "8816f31ba2861e2a7ad907085905efdea5b458d26ed6fe4929ae21467ba1fa97", hex.EncodeToString(usm.PasswordKey(usm.SHA256, huge())))
}

func huge() string {
	b := make([]byte, 1<<20+5)
	for i := range b {
		b[i] = byte('a' + i%26)
	}
	return string(b)
}

func TestNewUser(t *testing.T) {
	const password = "maplesyrup"
	for name, c := range map[string]struct {
		in   usm.Credentials
		want error
	}{
		"no_protocols":        {usm.Credentials{}, nil},
		"auth":                {usm.Credentials{Auth: usm.SHA1, AuthPassword: password}, nil},
		"priv_password_alike": {usm.Credentials{Auth: usm.SHA1, Priv: usm.AES, AuthPassword: password}, nil},
		"keys":                {usm.Credentials{Auth: usm.SHA1, Priv: usm.AES192, AuthKey: make([]byte, 20), PrivKey: make([]byte, 24)}, nil},
		"key_and_password":    {usm.Credentials{Auth: usm.SHA1, Priv: usm.AES, AuthKey: make([]byte, 20), PrivPassword: password}, nil},
		"unknown_auth":        {usm.Credentials{Auth: "sha3", AuthPassword: password}, usm.ErrProtocol},
		"unknown_priv":        {usm.Credentials{Auth: usm.SHA1, Priv: "aes512", AuthPassword: password}, usm.ErrProtocol},
		"priv_alone":          {usm.Credentials{Priv: usm.AES, PrivPassword: password}, usm.ErrPrivAlone},
		"no_password":         {usm.Credentials{Auth: usm.SHA1}, usm.ErrShortPassword},
		"7_characters":        {usm.Credentials{Auth: usm.SHA1, AuthPassword: "1234567"}, usm.ErrShortPassword},
		"7_characters_priv":   {usm.Credentials{Auth: usm.SHA1, Priv: usm.AES, AuthPassword: password, PrivPassword: "1234567"}, usm.ErrShortPassword},
		"no_password_priv":    {usm.Credentials{Auth: usm.SHA1, Priv: usm.AES, AuthKey: make([]byte, 20)}, usm.ErrShortPassword},
		"auth_key_length":     {usm.Credentials{Auth: usm.SHA1, AuthKey: make([]byte, 16)}, usm.ErrKeySize},
		"priv_key_length":     {usm.Credentials{Auth: usm.SHA1, Priv: usm.AES, AuthPassword: password, PrivKey: make([]byte, 20)}, usm.ErrKeySize},
	} {
		t.Run(name, func(t *testing.T) {
			c.in.Name = "user"
			u, err := usm.NewUser(c.in, rfcEngine)
			require.Equal(t, c.want, err)
			if c.want != nil {
				assert.Nil(t, u)
				return
			}
			assert.Equal(t, "user", u.Name())
			assert.Equal(t, c.in.Auth, u.Auth())
			assert.Equal(t, c.in.Priv, u.Priv())
			assert.True(t, u.Supports(usm.NoAuthNoPriv))
			assert.Equal(t, c.in.Auth != "", u.Supports(usm.AuthNoPriv))
			assert.Equal(t, c.in.Priv != "", u.Supports(usm.AuthPriv))
		})
	}
}
