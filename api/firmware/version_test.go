package firmware_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api/firmware"
)

func TestVersionsInOrder(t *testing.T) {
	ordered := []string{
		"0", "0.9", "1.0-alpha", "1.0-alpha.1", "1.0-beta", "1.0-rc1", "1.0-rc2", "1.0-rc10", "1.0", "1.0.1-dev", "1.0.1", "1.2",
		"1.10-1-g0a1b", "1.10-2-g0a1b", "1.10", "2", "23.05.3", "23.5.4", "99999999999999999999.1", "100000000000000000000.0",
	}
	for i, a := range ordered {
		for j, b := range ordered {
			got, err := firmware.CompareVersions(a, b)
			require.NoError(t, err)
			want := min(max(i-j, -1), 1)
			assert.Equal(t, want, got, "%s and %s", a, b)
		}
	}
}

func TestSameVersions(t *testing.T) {
	for _, same := range [][2]string{{"1", "1.0.0"}, {"01.002", "1.2"}, {"0", "0.0"}, {"1-rc01", "1-rc1"}} {
		got, err := firmware.CompareVersions(same[0], same[1])
		require.NoError(t, err)
		assert.Zero(t, got, same)
	}
}

func TestNoVersions(t *testing.T) {
	for _, text := range []string{"", ".", "1.", ".1", "v1", "1..2", "1-", "1-a..b", "1-a_b", "1.0 ", "-1", "+1", "1,2", "SNAPSHOT", "any",
		strings.Repeat("1", 65)} {
		_, err := firmware.CompareVersions(text, "1")
		assert.Error(t, err, "%q", text)
	}
}

func FuzzVersion(f *testing.F) {
	f.Add("1.2.3", "1.2.3-rc1", "0.9")
	f.Add("1-a.1", "1-a.01", "1-a1b2")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		ab, err := firmware.CompareVersions(a, b)
		if err != nil {
			return
		}
		ba, err := firmware.CompareVersions(b, a)
		require.NoError(t, err)
		require.Equal(t, ab, -ba)
		bc, err := firmware.CompareVersions(b, c)
		if err != nil {
			return
		}
		ac, err := firmware.CompareVersions(a, c)
		require.NoError(t, err)
		if ab <= 0 && bc <= 0 {
			require.LessOrEqual(t, ac, 0, "%q <= %q <= %q", a, b, c)
		}
	})
}
