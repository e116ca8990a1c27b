package ber_test

import (
	"encoding/hex"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
)

func TestInt32(t *testing.T) {
	for contents, want := range map[string]int32{
		"00":                 0,
		"7f":                 127,
		"0080":               128,
		"80":                 -128,
		"ff":                 -1,
		"ff7f":               -129,
		"7fffffff":           math.MaxInt32,
		"80000000":           math.MinInt32,
		"0000000001":         1, // needless octets in front
		"007fffffff":         math.MaxInt32,
		"ff80000000":         math.MinInt32,
		"ffffffffffffffffff": -1,
	} {
		t.Run(contents, func(t *testing.T) {
			got, err := ber.Int32(unhex(contents))
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
	for name, contents := range map[string]string{
		"empty":            "",
		"2^31":             "0080000000",
		"2^32-1":           "00ffffffff",
		"below":            "ff7fffffff",
		"eight_octets":     "7fffffffffffffff",
		"passes_the_range": "0100000000000000ff",
		"too_long":         "00000000000000000000",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ber.Int32(unhex(contents))
			assert.Equal(t, ber.ErrNumber, err)
		})
	}
}

func TestUint(t *testing.T) {
	for contents, want := range map[string]uint64{
		"00":                 0,
		"0080":               128,
		"80":                 128, // the zero in front left out
		"00ffffffff":         math.MaxUint32,
		"ffffffff":           math.MaxUint32,
		"0100000000":         math.MaxUint32 + 1,
		"00ffffffffffffffff": math.MaxUint64,
		"ffffffffffffffff":   math.MaxUint64,
	} {
		t.Run(contents, func(t *testing.T) {
			got, err := ber.Uint64(unhex(contents))
			require.NoError(t, err)
			assert.Equal(t, want, got)
			small, err := ber.Uint32(unhex(contents))
			if want > math.MaxUint32 {
				assert.Equal(t, ber.ErrNumber, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, uint32(want), small)
		})
	}
	for name, contents := range map[string]string{"empty": "", "2^64": "010000000000000000", "too_long": "00000000000000000000"} {
		t.Run(name, func(t *testing.T) {
			_, err := ber.Uint64(unhex(contents))
			assert.Equal(t, ber.ErrNumber, err)
		})
	}
}

func TestAppendInt(t *testing.T) {
	for n, want := range map[int64]string{
		0: "020100", 127: "02017f", 128: "02020080", 255: "020200ff", 256: "02020100", 32767: "02027fff", 32768: "0203008000",
		-1: "0201ff", -128: "020180", -129: "0202ff7f", math.MaxInt32: "02047fffffff", math.MinInt32: "020480000000",
	} {
		t.Run(strconv.FormatInt(n, 10), func(t *testing.T) {
			assert.Equal(t, want, hex.EncodeToString(ber.AppendInt(nil, ber.Integer, n)))
			assert.Equal(t, len(want)/2-2, ber.IntSize(n))
		})
	}
}

func TestAppendUint(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "460100", 127: "46017f", 128: "46020080", math.MaxUint32: "460500ffffffff",
		math.MaxInt64: "46087fffffffffffffff", math.MaxUint64: "460900ffffffffffffffff",
	} {
		t.Run(strconv.FormatUint(n, 10), func(t *testing.T) {
			assert.Equal(t, want, hex.EncodeToString(ber.AppendUint(nil, ber.Counter64, n)))
			assert.Equal(t, len(want)/2-2, ber.UintSize(n))
		})
	}
}
