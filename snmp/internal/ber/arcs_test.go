package ber_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func arcsOf(n int) []uint32 {
	arcs := make([]uint32, n)
	for i := range arcs {
		arcs[i] = 1
	}
	return arcs
}

func TestArcs(t *testing.T) {
	for name, c := range map[string]struct {
		contents string
		arcs     []uint32
	}{
		"sysDescr":               {"2b06010201010100", []uint32{1, 3, 6, 1, 2, 1, 1, 1, 0}},
		"two_octets":             {"2b8100", []uint32{1, 3, 128}},
		"net-snmp":               {"2b06010401bf08", []uint32{1, 3, 6, 1, 4, 1, 8072}},
		"largest_arc":            {"2b8fffffff7f", []uint32{1, 3, 4294967295}},
		"zero":                   {"00", []uint32{0, 0}},
		"end_of_0":               {"27", []uint32{0, 39}},
		"begin_of_1":             {"28", []uint32{1, 0}},
		"begin_of_2":             {"50", []uint32{2, 0}},
		"2.999":                  {"8837", []uint32{2, 999}},
		"largest_first":          {"90808080" + "4f", []uint32{2, 4294967295}},
		"nearly_largest_in_four": {"2bffffff7f", []uint32{1, 3, 268435455}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ber.Arcs([]uint32{7}, unhex(c.contents))
			require.NoError(t, err)
			assert.Equal(t, append([]uint32{7}, c.arcs...), got)
			assert.Equal(t, "ff"+c.contents, hex.EncodeToString(ber.AppendArcs([]byte{0xff}, c.arcs)))
			assert.Equal(t, len(c.contents)/2, ber.ArcsSize(c.arcs))
		})
	}
}

func TestArcsOfMostLength(t *testing.T) {
	longest := arcsOf(ber.MaxArcs)
	longest[2], longest[ber.MaxArcs-1] = 4294967295, 4294967295
	got, err := ber.Arcs(nil, ber.AppendArcs(nil, longest))
	require.NoError(t, err)
	assert.Equal(t, longest, got)

	_, err = ber.Arcs(nil, ber.AppendArcs(nil, arcsOf(ber.MaxArcs+1)))
	assert.Equal(t, ber.ErrObjectID, err)
}

func TestArcsRefuses(t *testing.T) {
	for name, contents := range map[string]string{
		"empty":               "",
		"ends_in_first":       "80",
		"ends_in_second":      "2b81",
		"padded_first":        "802b",
		"padded":              "2b8001",
		"over_32_bits":        "2b9080808000",
		"far_over_32_bits":    "2bffffffffffffffffffff7f",
		"first_over_32_bits":  "9080808050",
		"between_first_other": "2b90808080" + "4f", // fits only as the first
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ber.Arcs([]uint32{7}, unhex(contents))
			assert.Equal(t, ber.ErrObjectID, err)
			assert.Equal(t, []uint32{7}, got)
		})
	}
}

// What no handler should serve, but could, is at least encoded as something.
func TestAppendArcsWithoutEncoding(t *testing.T) {
	for name, c := range map[string]struct {
		arcs     []uint32
		contents string
	}{
		"root":   {nil, "00"},
		"iso":    {[]uint32{1}, "28"},
		"3.5":    {[]uint32{3, 5}, "7d"},
		"larger": {[]uint32{4294967295, 4294967295}, "858fffffff57"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.contents, hex.EncodeToString(ber.AppendArcs(nil, c.arcs)))
			assert.Equal(t, len(c.contents)/2, ber.ArcsSize(c.arcs))
		})
	}
}
