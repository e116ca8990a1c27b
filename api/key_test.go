package api_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/internal/config"
)

func TestNewKey(t *testing.T) {
	const keys = 4000
	seen := make(map[string]bool, keys)
	count := make(map[rune]int)
	for range keys {
		key := api.NewKey()
		require.Regexp(t, `^[A-Za-z0-9]{32}$`, key)
		require.False(t, seen[key], "the same key twice")
		seen[key] = true
		for _, c := range key {
			count[c]++
		}
	}
	assert.Len(t, count, 62, "every character occurs")
	// About 2065 each, deviation 45. A plain modulo would give the first 8
	// characters a quarter more (2500).
	for c, n := range count {
		assert.InDelta(t, keys*32/62, n, 300, "character %c", c)
	}
}

var hashForm = regexp.MustCompile(`^sha256:[0-9a-fA-F]{32}:[0-9a-fA-F]{64}$`)

func TestHashKey(t *testing.T) {
	first, err := api.HashKey(testKey)
	require.NoError(t, err)
	second, err := api.HashKey(testKey)
	require.NoError(t, err)
	assert.Regexp(t, hashForm, first.Reveal())
	assert.NotEqual(t, first.Reveal(), second.Reveal(), "each hash has its own salt")

	for name, key := range map[string]string{
		"empty":            "",
		"eleven":           strings.Repeat("k", 11),
		"too_long":         strings.Repeat("k", 257),
		"newline":          "twelve chars\nand more",
		"nul":              "twelve chars\x00and more",
		"not_ascii":        "zwölf Zeichen lang",
		"space_at_the_end": "twelve chars and more ",
	} {
		t.Run(name, func(t *testing.T) {
			hash, err := api.HashKey(key)
			require.ErrorContains(t, err, "api: hash key: the key ")
			assert.True(t, hash.IsZero())
			if key != "" {
				assert.NotContains(t, err.Error(), key)
			}
		})
	}
	for _, n := range []int{12, 256} {
		_, err := api.HashKey(strings.Repeat("k", n))
		assert.NoError(t, err, "%d characters", n)
	}
}

// The stored form is fixed: SHA-256 over the 16 bytes of salt, then the key.
// The digest was made with sha256sum.
func TestStoredHashOpens(t *testing.T) {
	c := allOn(t)
	c.Keys = []api.Key{{Name: "old", Hash: config.NewSecret(
		"sha256:000102030405060708090a0b0c0d0e0f:" + storedDigest)}}
	a := serve(t, c, new(device).options())
	assert.Equal(t, 200, a.get("/api/version").Status)
	a.client.Key = "correct horse batterz"
	assert.Equal(t, 401, a.get("/api/version").Status)
}

func TestEachKeyOpens(t *testing.T) {
	c := allOn(t)
	keys := []string{testKey, api.NewKey(), api.NewKey()}
	for i, key := range keys[1:] {
		hash, err := api.HashKey(key)
		require.NoError(t, err)
		c.Keys = append(c.Keys, api.Key{Name: []string{"second", "third"}[i], Hash: hash})
	}
	var d device
	a := serve(t, c, d.options())
	for _, key := range keys {
		a.client.Key = key
		assert.Equal(t, 200, a.get("/api/version").Status)
	}
	for _, name := range []string{"test", "second", "third"} {
		assert.Contains(t, d.log.String(), "key_name="+name)
	}
}

func FuzzKeyHash(f *testing.F) {
	hash, err := api.HashKey(testKey)
	require.NoError(f, err)
	for _, seed := range []string{hash.Reveal(), "", "sha256::", "sha256:00:00", "sha1:" + hash.Reveal(), hash.Reveal() + ":", strings.ToUpper(hash.Reveal())} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := api.Config{Keys: []api.Key{{Name: "a", Hash: config.NewSecret(text)}}}.Validate()
		assert.Equal(t, hashForm.MatchString(text), err == nil, "%q: %v", text, err)
	})
}

const storedDigest = "4707f011c00b1bdf67bbc391f4e982957953f59c5858f0cb7b87bc9d846242c4"
