package telemetry_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

func TestDefaultConfig(t *testing.T) {
	c := telemetry.DefaultConfig()
	require.NoError(t, c.Validate())
	assert.Equal(t, telemetry.Config{Period: telemetry.Duration(time.Minute)}, c)
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		config string // JSON over the default
		want   []string
	}{
		"good":                  {`{"enabled": true, "period": 1, "destinations": [{"host": "tele.example.net", "port": 1}, {"host": "::1", "port": 65535}]}`, nil},
		"a day":                 {`{"period": "24h"}`, nil},
		"disabled":              {`{"destinations": [{"host": "10.0.0.1", "port": 5150}]}`, nil},
		"same host, other port": {`{"destinations": [{"host": "a", "port": 1}, {"host": "a", "port": 2}]}`, nil},

		"no destination":  {`{"enabled": true}`, []string{"destinations: at least one is required while enabled"}},
		"period 0":        {`{"period": 0}`, []string{"period: 0s is out of range, allowed is 1s to 24h"}},
		"period 1 ms":     {`{"period": "1ms"}`, []string{"period: 0.001s is out of range"}},
		"period too long": {`{"period": "86401s"}`, []string{"period: 86401s is out of range"}},
		"period uneven":   {`{"period": "1.5s"}`, []string{"period: 1.5s is not a whole number of seconds"}},
		"everything at once": {
			`{"enabled": true, "period": 0, "destinations": [{"host": "", "port": 70000}, {"host": "a b"}, {"host": "ok", "port": -1}]}`,
			[]string{
				"destinations[0].host: required",
				"destinations[0].port: 70000 is out of range",
				`destinations[1].host: "a b" is neither`,
				"destinations[1].port: required",
				"destinations[2].port: -1 is out of range",
				"period: 0s is out of range",
			},
		},
		"twice": {
			`{"destinations": [{"host": "Tele.example.net", "port": 5}, {"host": "tele.EXAMPLE.net.", "port": 5}, {"host": "::1", "port": 5}, {"host": "0:0::1", "port": 5}]}`,
			[]string{"destinations[1]: tele.EXAMPLE.net.:5 is destinations[0] already", "destinations[3]: [0:0::1]:5 is destinations[2] already"},
		},
		"too many": {
			`{"destinations": [` + strings.TrimSuffix(strings.Repeat(`{"host": "same", "port": 5},`, 9), ",") + `]}`,
			append([]string{"destinations: 9 are too many, allowed are 8"}, func() (twice []string) {
				for _, i := range "12345678" {
					twice = append(twice, "destinations["+string(i)+"]: same:5 is destinations[0] already")
				}
				return twice
			}()...),
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := telemetry.DefaultConfig()
			require.NoError(t, json.Unmarshal([]byte(c.config), &config))
			err := config.Validate()
			_, newErr := telemetry.New(config, options())
			if c.want == nil {
				require.NoError(t, err)
				require.NoError(t, newErr)
				return
			}
			var faults telemetry.ConfigError
			require.ErrorAs(t, err, &faults)
			require.Equal(t, err, newErr)
			require.Len(t, faults, len(c.want), "%v", err)
			for i, want := range c.want {
				assert.Contains(t, faults[i].Error(), want)
			}
		})
	}
	require.ErrorContains(t, telemetry.Config{}.Validate(), "period", "the zero Config has no period")
}

func TestConfigIsStored(t *testing.T) {
	want := telemetry.Config{
		Enabled:      true,
		Destinations: []telemetry.Destination{{Host: "tele.example.net", Port: 5150}},
		Period:       telemetry.Duration(90 * time.Second),
	}
	text, err := json.Marshal(want)
	require.NoError(t, err)
	assert.JSONEq(t, `{"enabled": true, "destinations": [{"host": "tele.example.net", "port": 5150}], "period": "90s"}`, string(text))
	var back telemetry.Config
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, want, back)
}
