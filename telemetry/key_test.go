package telemetry_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

// testKey is the bytes 00 to 1f, the key of the vectors.
const testKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

func key(t testing.TB) telemetry.Key {
	k, err := telemetry.ParseKey(testKey)
	require.NoError(t, err)
	return k
}

func TestDeriveKeyVector(t *testing.T) {
	assert.Equal(t, "0df810df5fd0c0bea56df8cfafd4071f52d7c2f1957002cf5010ffb6855555c0",
		telemetry.DeriveKey(key(t), serial).Reveal())
	assert.True(t, telemetry.DeriveKey(telemetry.Key{}, serial).IsZero())
	assert.True(t, telemetry.DeriveKey(key(t), "").IsZero())
	assert.False(t, telemetry.DeriveKey(key(t), strings.Repeat("x", telemetry.MaxSerial)).IsZero())
	assert.True(t, telemetry.DeriveKey(key(t), strings.Repeat("x", telemetry.MaxSerial+1)).IsZero())
}

func TestParseKey(t *testing.T) {
	k, err := telemetry.ParseKey("\n " + strings.ToUpper(testKey) + "\r\n")
	require.NoError(t, err)
	assert.Equal(t, testKey, k.Reveal())
	assert.True(t, k.Equal(key(t)))
	for name, text := range map[string]string{
		"empty":       "",
		"short":       testKey[2:],
		"long":        testKey + "00",
		"not hex":     strings.Repeat("zz", 32),
		"inner space": testKey[:31] + "  " + testKey[33:],
	} {
		t.Run(name, func(t *testing.T) {
			_, err := telemetry.ParseKey(text)
			require.Error(t, err)
			if text != "" {
				assert.NotContains(t, err.Error(), text)
			}
		})
	}
}

func TestKeyNeverPrintsItself(t *testing.T) {
	k := key(t)
	holder := struct {
		k      telemetry.Key
		Public telemetry.Key
		P      *telemetry.Key
	}{k, k, &k}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+" "+verb+" "+verb+"\n", k, &k, holder)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("key", "key", k, "holder", holder)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("key", "key", k, "holder", holder)
	text, err := json.Marshal(holder)
	require.NoError(t, err)
	out.Write(text)
	assert.Contains(t, out.String(), "[redacted]")
	for _, secret := range []string{testKey[:16], strings.ToUpper(testKey[:16]), "0 1 2 3", "0x0, 0x1, 0x2"} {
		assert.NotContains(t, out.String(), secret)
	}
	assert.Empty(t, telemetry.Key{}.String())
}

func TestKeysDiffer(t *testing.T) {
	a, b := telemetry.NewKey(), telemetry.NewKey()
	assert.False(t, a.Equal(b))
	assert.False(t, a.Equal(telemetry.Key{}))
	assert.True(t, telemetry.Key{}.Equal(telemetry.Key{}))
	again, err := telemetry.ParseKey(a.Reveal())
	require.NoError(t, err)
	assert.True(t, a.Equal(again))
}
