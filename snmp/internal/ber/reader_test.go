package ber_test

import (
	"bytes"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
)

func TestReaderLengths(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want error
	}{
		"short":                   {"0402aabb", nil},
		"empty":                   {"0400", nil},
		"long_form":               {"048102aabb", nil},
		"needlessly_long":         {"048400000002aabb", nil},
		"five_octets":             {"04850000000002aabb", ber.ErrLength},
		"126_octets":              {"04fe02aabb", ber.ErrLength},
		"reserved":                {"04ff02aabb", ber.ErrLength},
		"indefinite":              {"0480aabb0000", ber.ErrLength},
		"nothing":                 {"", ber.ErrTruncated},
		"tag_only":                {"04", ber.ErrTruncated},
		"length_missing":          {"0482", ber.ErrTruncated},
		"length_cut":              {"048200", ber.ErrTruncated},
		"lies":                    {"0403aabb", ber.ErrTruncated},
		"lies_by_a_lot":           {"0484ffffffffaabb", ber.ErrTruncated},
		"lies_beyond_31_bits":     {"048480000000aabb", ber.ErrTruncated},
		"wrong_tag":               {"0202aabb", ber.ErrTag},
		"constructed_string":      {"24040402aabb", ber.ErrTag},
		"tag_of_several_octets":   {"1f0402aabb", ber.ErrTruncated},
		"octets_after_the_string": {"0402aabbcc", ber.ErrTrailing},
	} {
		t.Run(name, func(t *testing.T) {
			r := ber.NewReader(unhex(c.in))
			got := r.Expect(ber.OctetString)
			require.Equal(t, c.want, r.Close())
			if c.want == nil && name != "empty" {
				assert.Equal(t, unhex("aabb"), got)
			}
		})
	}
}

// Who appends to an element does not overwrite the next.
func TestReaderPartsElements(t *testing.T) {
	r := ber.NewReader(unhex("0402aabb0402ccdd"))
	_ = append(r.Expect(ber.OctetString), 0, 0)
	assert.Equal(t, unhex("ccdd"), r.Expect(ber.OctetString))
	assert.NoError(t, r.Close())
}

func TestReaderStopsAtTheFirstError(t *testing.T) {
	r := ber.NewReader(unhex("020101040102020103"))
	assert.Equal(t, int32(1), r.Int32(0))
	assert.True(t, r.More())
	assert.Zero(t, r.Int32(0), "an OCTET STRING")
	assert.False(t, r.More())
	assert.Zero(t, r.Int32(0), "3 would be there")
	tag, contents := r.Next()
	assert.Zero(t, tag)
	assert.Nil(t, contents)
	r.Fail(ber.ErrLength)
	assert.Equal(t, ber.ErrTag, r.Err())
	assert.Equal(t, ber.ErrTag, r.Close())
}

func TestReaderInt32(t *testing.T) {
	for name, c := range map[string]struct {
		in    string
		least int32
		want  error
	}{
		"least":      {"0201ff", -1, nil},
		"below":      {"0201fe", -1, ber.ErrNumber},
		"not_number": {"0200", math.MinInt32, ber.ErrNumber},
		"counter":    {"410101", math.MinInt32, ber.ErrTag},
	} {
		t.Run(name, func(t *testing.T) {
			r := ber.NewReader(unhex(c.in))
			r.Int32(c.least)
			assert.Equal(t, c.want, r.Close())
		})
	}
}

func TestHeaderIsReadBack(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 255, 256, 65535, 65536, 1<<24 - 1, 1 << 24} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			octets := bytes.Repeat([]byte{7}, n)
			b := ber.AppendOctets(nil, ber.Opaque, octets)
			assert.Len(t, b, ber.Size(n))
			r := ber.NewReader(b)
			assert.True(t, bytes.Equal(octets, r.Expect(ber.Opaque)))
			assert.NoError(t, r.Close())
		})
	}
}
