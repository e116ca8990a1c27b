package telemetry_test

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

var update = flag.Bool("update", false, "write the golden vectors anew")

// vectors are the messages of testdata by name. They are published: other
// readers of the format test themselves on them, so a change of an existing
// file is a change of the wire format.
func vectors(t testing.TB) map[string]*telemetry.Message {
	v := map[string]*telemetry.Message{"minimal": minimal(), "snapshot": snapshot(), "full": full()}
	parts, err := telemetry.Split(large(), telemetry.MaxDatagram)
	require.NoError(t, err)
	require.Len(t, parts, 2)
	v["split-1"], v["split-2"] = &parts[0], &parts[1]
	return v
}

func TestGoldenVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/*.hex")
	require.NoError(t, err)
	all := vectors(t)
	if !*update {
		require.Len(t, files, len(all))
	}
	for name, m := range all {
		t.Run(name, func(t *testing.T) {
			datagram, err := telemetry.AppendMessage(nil, m)
			require.NoError(t, err)
			text, err := json.MarshalIndent(m, "", "  ")
			require.NoError(t, err)
			base := filepath.Join("testdata", name)
			if *update {
				require.NoError(t, os.WriteFile(base+".hex", []byte(hex.EncodeToString(datagram)+"\n"), 0o644))
				require.NoError(t, os.WriteFile(base+".json", append(text, '\n'), 0o644))
			}
			wantHex, wantJSON := golden(t, base)
			assert.Equal(t, wantHex, hex.EncodeToString(datagram))
			assert.Equal(t, wantJSON, string(text))

			raw, err := hex.DecodeString(wantHex)
			require.NoError(t, err)
			decoded, err := telemetry.Decode(raw)
			require.NoError(t, err)
			assert.Equal(t, m, decoded)

			var fromJSON telemetry.Message
			require.NoError(t, json.Unmarshal([]byte(wantJSON), &fromJSON))
			assert.Equal(t, m, &fromJSON, "the JSON form loses something")
		})
	}
}

func golden(t *testing.T, base string) (hexText, jsonText string) {
	h, err := os.ReadFile(base + ".hex")
	require.NoError(t, err)
	j, err := os.ReadFile(base + ".json")
	require.NoError(t, err)
	return strings.TrimSpace(string(h)), strings.TrimSpace(string(j))
}

// The example in the package documentation is taken apart byte by byte; the
// bytes there must be those of the message that it shows.
func TestDocumentedExample(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	_, example, found := strings.Cut(string(doc), "# Worked example")
	require.True(t, found)
	blocks := regexp.MustCompile(`(?m)(?:^//\t.*\n)+`).FindAllString(example, -1)
	require.Len(t, blocks, 3)
	var bytes [3]strings.Builder
	for i, block := range blocks {
		for _, line := range regexp.MustCompile(`(?m)^//\t((?:[0-9a-f]{2} )*[0-9a-f]{2})  +\S`).FindAllStringSubmatch(block, -1) {
			bytes[i].WriteString(strings.ReplaceAll(line[1], " ", ""))
		}
	}
	assert.Equal(t, sealedVector, bytes[1].String())
	assert.Equal(t, ackVector, bytes[2].String())
	derived := telemetry.DeriveKey(key(t), serial)
	assert.Contains(t, example, derived.Reveal())
	raw, err := hex.DecodeString(bytes[0].String())
	require.NoError(t, err)
	got, err := telemetry.Decode(raw)
	require.NoError(t, err)
	assert.Equal(t, &telemetry.Message{
		Version: 1,
		Serial:  "GK0001",
		Boot:    telemetry.Known(uint32(97)),
		Seq:     5,
		Time:    num(1794993408),
		Sample: telemetry.Sample{
			Uptime: num(1000),
			Load:   telemetry.Load{One: num(150), Fifteen: num(9)},
			Disks:  []telemetry.Disk{{Mount: "/", Total: num(8192), Used: num(4100)}},
			Modem:  telemetry.Modem{SignalDBm: telemetry.Known(int64(-87))},
		},
		Period: 60,
	}, got)
	again, err := telemetry.AppendMessage(nil, got)
	require.NoError(t, err)
	assert.Equal(t, hex.EncodeToString(raw), hex.EncodeToString(again))
}
