package config_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/config"
)

func TestDurationReads(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"0":                     0,
		"90":                    90 * time.Second,
		"010":                   10 * time.Second,
		"9223372036":            math.MaxInt64 / time.Second * time.Second,
		"0s":                    0,
		"90s":                   90 * time.Second,
		"1.5s":                  1500 * time.Millisecond,
		".5s":                   500 * time.Millisecond,
		"20ms":                  20 * time.Millisecond,
		"7us":                   7 * time.Microsecond,
		"7µs":                   7 * time.Microsecond,
		"1m":                    time.Minute,
		"1h30m":                 90 * time.Minute,
		"2h":                    2 * time.Hour,
		"1d":                    day,
		"0d":                    0,
		"1d12h":                 36 * time.Hour,
		"30d0.5s":               30*day + 500*time.Millisecond,
		"106751d":               106751 * day,
		"106751d23h47m16s":      106751*day + 23*time.Hour + 47*time.Minute + 16*time.Second,
		"9223372036.854775807s": math.MaxInt64,
	} {
		t.Run(text, func(t *testing.T) {
			var d config.Duration
			require.NoError(t, d.UnmarshalText([]byte(text)))
			assert.Equal(t, want, d.Std())
		})
	}
}

func TestDurationRefuses(t *testing.T) {
	for text, why := range map[string]string{
		"":                      "it is empty",
		"-1":                    "it has a sign",
		"+1":                    "it has a sign",
		"-1s":                   "it has a sign",
		"1d-2h":                 "it has a sign",
		"9223372037":            "it is too long",
		"99999999999999999999":  "number and unit cannot be read",
		"9223372037s":           "number and unit cannot be read",
		"2562048h":              "number and unit cannot be read",
		"106752d":               "the number of days cannot be read",
		"99999999999999999999d": "the number of days cannot be read",
		"106751d24h":            "it is too long",
		"d":                     "the number of days cannot be read",
		"1.5d":                  "the number of days cannot be read",
		"2h1d":                  "the number of days cannot be read",
		"1d2d":                  "number and unit cannot be read",
		"1d30":                  "number and unit cannot be read",
		"1.5":                   "number and unit cannot be read",
		"s":                     "number and unit cannot be read",
		"5w":                    "number and unit cannot be read",
		"5 s":                   "number and unit cannot be read",
		" 5":                    "number and unit cannot be read",
		"1:30":                  "number and unit cannot be read",
		"0x10":                  "number and unit cannot be read",
		"1_000":                 "number and unit cannot be read",
		"1e3":                   "number and unit cannot be read",
		"NaN":                   "number and unit cannot be read",
		"\x00":                  "number and unit cannot be read",
	} {
		t.Run(text, func(t *testing.T) {
			d := config.Duration(time.Minute)
			err := d.UnmarshalText([]byte(text))
			require.ErrorContains(t, err, "is not a duration (such as 90, 90s, 1m30s, 2h, 1d): "+why)
			assert.Equal(t, time.Minute, d.Std(), "a refused text leaves the value alone")
		})
	}
}

func TestDurationPrints(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s":                     0,
		"0.000000001s":           1,
		"0.02s":                  20 * time.Millisecond,
		"1s":                     time.Second,
		"5400s":                  90 * time.Minute,
		"86400.5s":               24*time.Hour + 500*time.Millisecond,
		"9223372036.854775807s":  math.MaxInt64,
		"-0.5s":                  -500 * time.Millisecond,
		"-90s":                   -90 * time.Second,
		"-9223372036.854775808s": math.MinInt64,
	} {
		t.Run(want, func(t *testing.T) {
			assert.Equal(t, want, config.Duration(d).String())
			text, err := config.Duration(d).MarshalText()
			if d < 0 {
				require.EqualError(t, err, "a duration is never negative")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, want, string(text))
		})
	}
}

// period stands for the Config of a service.
type period struct {
	Period config.Duration `json:"period"`
}

func TestDurationInJSON(t *testing.T) {
	for text, want := range map[string]string{
		`90`: "90s", `"90"`: "90s", `"1m30s"`: "90s", `"0.02s"`: "0.02s", `0`: "0s", `null`: "7s",
	} {
		t.Run(text, func(t *testing.T) {
			c := period{config.Duration(7 * time.Second)}
			require.NoError(t, json.Unmarshal([]byte(`{"period":`+text+`}`), &c))
			assert.Equal(t, want, c.Period.String())
			out, err := json.Marshal(c)
			require.NoError(t, err)
			assert.JSONEq(t, `{"period":"`+want+`"}`, string(out))
		})
	}
	for _, text := range []string{`-5`, `1.5`, `1e3`, `true`, `[1]`, `{"a":1}`, `""`, `"soon"`, `"\"90\""`, `"1\u006d"`} {
		t.Run(text, func(t *testing.T) {
			var c period
			assert.ErrorContains(t, json.Unmarshal([]byte(`{"period":`+text+`}`), &c), "is not a duration")
		})
	}
	_, err := json.Marshal(period{-1})
	assert.ErrorContains(t, err, "a duration is never negative")
}

// What is read prints as a text that reads as the same value.
func FuzzDuration(f *testing.F) {
	for _, seed := range []string{
		"", "0", "90", "1.5s", "1h30m", "20ms", "1d12h", "106751d23h47m16.854775807s",
		"9223372036.854775807s", "9223372037", "-1", "1d-2h", "0.9999999999s", "5µs",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var d, again config.Duration
		if d.UnmarshalText([]byte(text)) != nil {
			require.Zero(t, d)
			return
		}
		require.GreaterOrEqual(t, d, config.Duration(0))
		out, err := d.MarshalText()
		require.NoError(t, err)
		require.NoError(t, again.UnmarshalText(out))
		require.Equal(t, d, again)
	})
}
