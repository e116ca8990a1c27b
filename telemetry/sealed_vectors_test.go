package telemetry_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

const sealedFolder = "testdata/sealed"

// sealedVectors are the datagrams of testdata/sealed by name, sealed with
// testKey. Those of a whole or split report have their message beside them;
// those called forged-... must be refused. They are published like [vectors].
func sealedVectors(t testing.TB) map[string][]byte {
	encode := func(m *telemetry.Message, parts int) [][]byte {
		datagrams, err := telemetry.CBOR{Key: key(t)}.Encode(m, telemetry.MaxDatagram)
		require.NoError(t, err)
		require.Len(t, datagrams, parts)
		return datagrams
	}
	split := encode(large(), 2)
	good := encode(snapshot(), 1)[0]
	v := map[string][]byte{
		"small": encode(small(), 1)[0], "snapshot": good, "full": encode(full(), 1)[0],
		"split-1": split[0], "split-2": split[1],
	}
	flip := func(name string, at int) {
		b := append([]byte(nil), good...)
		b[at] ^= 1
		v["forged-"+name] = b
	}
	flip("algorithm", 5) // the kid is not covered by the MAC: it chooses the key
	flip("payload", len(good)/2)
	flip("tag", len(good)-1)
	return v
}

func TestSealedGoldenVectors(t *testing.T) {
	all := sealedVectors(t)
	if *update {
		require.NoError(t, os.MkdirAll(sealedFolder, 0o755))
		for name, datagram := range all {
			base := filepath.Join(sealedFolder, name)
			require.NoError(t, os.WriteFile(base+".hex", []byte(hex.EncodeToString(datagram)+"\n"), 0o644))
			if !forged(name) {
				e, err := telemetry.ParseEnvelope(datagram)
				require.NoError(t, err)
				m, err := e.Decode()
				require.NoError(t, err)
				text, err := json.MarshalIndent(m, "", "  ")
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(base+".json", append(text, '\n'), 0o644))
			}
		}
	}
	files, err := filepath.Glob(sealedFolder + "/*.hex")
	require.NoError(t, err)
	require.Len(t, files, len(all))
	for name, datagram := range all {
		t.Run(name, func(t *testing.T) {
			base := filepath.Join(sealedFolder, name)
			if forged(name) {
				text, err := os.ReadFile(base + ".hex")
				require.NoError(t, err)
				assert.Equal(t, string(text), hex.EncodeToString(datagram)+"\n")
				e, err := telemetry.ParseEnvelope(datagram)
				assert.False(t, err == nil && e.Verify(key(t)))
				return
			}
			wantHex, wantJSON := golden(t, base)
			assert.Equal(t, wantHex, hex.EncodeToString(datagram))
			e, err := telemetry.ParseEnvelope(unhex(t, wantHex))
			require.NoError(t, err)
			assert.True(t, e.Verify(key(t)))
			m, err := e.Decode()
			require.NoError(t, err)
			text, err := json.MarshalIndent(m, "", "  ")
			require.NoError(t, err)
			assert.Equal(t, wantJSON, string(text))
		})
	}
}

func forged(name string) bool { return strings.HasPrefix(name, "forged-") }
