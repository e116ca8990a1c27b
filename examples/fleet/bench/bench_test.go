package main

import (
	"encoding/hex"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The bytes of the protocol's description: parts of a type, a length and
// their content.
func TestPackerWritesParts(t *testing.T) {
	p := packer{host: "gw", at: time.Unix(1, 500_000_000), interval: time.Minute}
	p.list("load", "", "load", "", gauge(1.5))
	p.list("load", "", "gauge", "", value{kindDerive, 258})
	require.Len(t, p.packets, 1)
	assert.Equal(t, strings.Join([]string{
		"0000" + "0007" + "677700",                           // host "gw"
		"0008" + "000c" + "0000000060000000",                 // time, 1.5 s
		"0009" + "000c" + "0000000f00000000",                 // interval, 60 s
		"0002" + "0009" + "6c6f616400",                       // plugin "load"
		"0004" + "0009" + "6c6f616400",                       // type "load"
		"0006" + "000f" + "0001" + "01" + "000000000000f83f", // a gauge, little-endian
		"0004" + "000a" + "676175676500",                     // type "gauge", the rest is as before
		"0006" + "000f" + "0001" + "02" + "0000000000000102", // a derive, big-endian
	}, ""), hex.EncodeToString(p.packets[0]))
}

// A snapshot takes two packets that stock collectd accepts, each of which
// says whose it is.
func TestCollectdPackets(t *testing.T) {
	all, err := samples(1, 5)
	require.NoError(t, err)
	packets, values := collectdPackets(all[0].message, time.Now())
	assert.Equal(t, 59, values)
	require.Len(t, packets, 2)
	for _, b := range packets {
		assert.LessOrEqual(t, len(sign(b, collectdUser, collectdPassword)), 1452)
		assert.Equal(t, "\x00\x00\x00\x10SIM00000000\x00", string(b[:16]))
	}
}

func TestRow(t *testing.T) {
	for want, r := range map[string]row{
		"size: ours=314 B peer=- ratio=- goal<=320 B ok":                {name: "size", unit: "B", ours: 314, side: atMost, goal: 320},
		"size: ours=321 B peer=- ratio=- goal<=320 B MISSED":            {name: "size", unit: "B", ours: 321, side: atMost, goal: 320},
		"allocs: ours=0 peer=- ratio=- goal<=0 ok":                      {name: "allocs", side: atMost},
		"allocs: ours=1 peer=- ratio=- goal<=0 MISSED":                  {name: "allocs", ours: 1, side: atMost},
		"rate: ours=50000 /s peer=- ratio=- goal>=50000 /s ok":          {name: "rate", unit: "/s", ours: 50000, side: atLeast, goal: 50000},
		"cpu: ours=7.12 us peer=536 us ratio=75.31 goal ratio>=50 ok":   {name: "cpu", unit: "us", ours: 7.12, peer: 536.2, side: ratioAtLeast, goal: 50},
		"cpu: ours=12 us peer=536 us ratio=44.68 goal ratio>=50 MISSED": {name: "cpu", unit: "us", ours: 12, peer: 536.2, side: ratioAtLeast, goal: 50},
		"time: ours=873 ns peer=- ratio=- (best of ten)":                {name: "time", unit: "ns", ours: 873.4, note: "best of ten"},
	} {
		assert.Equal(t, want, r.String())
	}
}

// The document that make bench-telemetry writes to has its marks.
func TestDocsHaveMarks(t *testing.T) {
	text, err := os.ReadFile("../../../docs/benchmarks.md")
	require.NoError(t, err)
	_, err = benchkit.Replace(string(text), target, "")
	assert.NoError(t, err)
}

func TestMeasureCountsAllocations(t *testing.T) {
	var keep []byte
	ns, allocs, err := measure(func() error { keep = make([]byte, 1000); return nil })
	require.NoError(t, err)
	assert.Len(t, keep, 1000)
	assert.Equal(t, 1.0, allocs)
	assert.Positive(t, ns)
}

// Collectd itself takes each of our packets and hands on each value.
func TestIntegrationCollectd(t *testing.T) {
	if _, err := exec.LookPath("collectd"); err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err)
		}
		t.Skip("needs collectd (make peers)")
	}
	for name, signed := range map[string]bool{"unsigned": false, "signed": true} {
		t.Run(name, func(t *testing.T) {
			run, err := measureCollectd(t.Context(), t.TempDir(), signed, 10, 40, time.Second)
			require.NoError(t, err)
			assert.Equal(t, 1.0, run.arrived)
			assert.Positive(t, run.cpu)
		})
	}
}
