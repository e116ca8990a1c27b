package snmp_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
)

func TestParseOID(t *testing.T) {
	for text, want := range map[string]snmp.OID{
		"":                        {},
		".":                       {},
		".1.3.6.1":                {1, 3, 6, 1},
		"1.3.6.1":                 {1, 3, 6, 1},
		".0":                      {0},
		".1.4294967295":           {1, 4294967295},
		".1.007":                  {1, 7},
		strings.Repeat(".1", 128): slices.Repeat(snmp.OID{1}, 128),
	} {
		t.Run(text, func(t *testing.T) {
			got, err := snmp.ParseOID(text)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			again, err := snmp.ParseOID(got.String())
			require.NoError(t, err)
			assert.Equal(t, want, again)
			assert.Equal(t, want, snmp.MustParseOID(text))
		})
	}
	for text, reason := range map[string]string{
		"..1":                       `arc 1 is ""`,
		".1.":                       `arc 2 is ""`,
		".1..3":                     `arc 2 is ""`,
		".1.4294967296":             `arc 2 is "4294967296"`,
		".1.-1":                     `arc 2 is "-1"`,
		".1.+1":                     `arc 2 is "+1"`,
		".1.0x1":                    `arc 2 is "0x1"`,
		" .1":                       `arc 1 is " "`,
		"iso.3":                     `arc 1 is "iso"`,
		strings.Repeat(".1", 129):   "has 129 arcs",
		strings.Repeat("1.", 1<<16): "has 65537 arcs",
	} {
		t.Run(reason, func(t *testing.T) {
			_, err := snmp.ParseOID(text)
			assert.ErrorContains(t, err, reason)
			assert.Panics(t, func() { snmp.MustParseOID(text) })
		})
	}
}

func TestOIDText(t *testing.T) {
	var o snmp.OID
	require.NoError(t, json.Unmarshal([]byte(`".1.3.6"`), &o))
	assert.Equal(t, snmp.OID{1, 3, 6}, o)
	text, err := json.Marshal(o)
	require.NoError(t, err)
	assert.Equal(t, `".1.3.6"`, string(text))
	assert.Error(t, json.Unmarshal([]byte(`".1.x"`), &o))
	assert.Empty(t, snmp.OID(nil).String())
}

func TestOIDCompare(t *testing.T) {
	// Each is before the next.
	order := []snmp.OID{
		nil, {0}, {0, 0}, {1}, {1, 2}, {1, 2, 0}, {1, 2, 4294967295}, {1, 3}, {1, 10}, {2}, {4294967295},
	}
	for i, a := range order {
		for j, b := range order {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			assert.Equal(t, want, a.Compare(b), "%v with %v", a, b)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		a, b := make(snmp.OID, random.IntN(4)), make(snmp.OID, random.IntN(4))
		for i := range a {
			a[i] = random.Uint32N(3)
		}
		for i := range b {
			b[i] = random.Uint32N(3)
		}
		require.Equal(t, slices.Compare(a, b), a.Compare(b), "%v with %v", a, b)
	}
}

func TestOIDHasPrefix(t *testing.T) {
	o := snmp.OID{1, 3, 6}
	for _, prefix := range []snmp.OID{nil, {1}, {1, 3}, {1, 3, 6}} {
		assert.True(t, o.HasPrefix(prefix), "%v", prefix)
	}
	for _, other := range []snmp.OID{{2}, {1, 4}, {1, 3, 6, 0}, {1, 3, 5}} {
		assert.False(t, o.HasPrefix(other), "%v", other)
	}
}

func TestOIDAppend(t *testing.T) {
	o := make(snmp.OID, 2, 8)
	o[0], o[1] = 1, 3
	a, b := o.Append(6), o.Append(7, 8)
	assert.Equal(t, snmp.OID{1, 3, 6}, a)
	assert.Equal(t, snmp.OID{1, 3, 7, 8}, b)
	assert.Equal(t, snmp.OID{1, 3}, o)
}

func FuzzParseOID(f *testing.F) {
	for _, seed := range []string{"", ".1.3.6.1", "1..2", ".4294967296", ".1.3.6.1.4.1.8072"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := snmp.ParseOID(text)
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(o), snmp.MaxArcs)
		again, err := snmp.ParseOID(o.String())
		require.NoError(t, err)
		require.Zero(t, o.Compare(again))
	})
}
