package telemetry_test

import (
	"context"
	"encoding/json"
	"net"
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

		"every word": {`{"key_file": "/etc/key", "ring": 32, "destinations": [{"host": "a", "port": 1, "encoding": "cbor", "transport": "udp"}, {"host": "b", "port": 1, "encoding": ""},
			{"host": "c", "port": 1, "encoding": "influx"}, {"host": "d", "port": 1, "encoding": "senml", "transport": "dtls", "identity": "GK1", "psk_file": "/etc/psk"}]}`, nil},
		"acks": {`{"key_file": "/etc/key", "acks": true, "destinations": [{"host": "a", "port": 1}]}`, nil},

		"ring too large": {`{"ring": 33}`, []string{"ring: 33 is out of range, allowed is 0 to 32"}},
		"ring negative":  {`{"ring": -1}`, []string{"ring: -1 is out of range"}},
		"acks bare":      {`{"acks": true}`, []string{"acks: they need key_file"}},
		"acks of another encoding": {
			`{"acks": true, "key_file": "k", "destinations": [{"host": "a", "port": 1}, {"host": "b", "port": 1, "encoding": "influx"}, {"host": "c", "port": 1, "encoding": "senml"}]}`,
			[]string{"destinations[1].encoding: influx has no acks", "destinations[2].encoding: senml has no acks"},
		},
		"dtls without its key": {
			`{"destinations": [{"host": "a", "port": 1, "transport": "dtls"}]}`,
			[]string{"destinations[0].identity: required with the transport dtls", "destinations[0].psk_file: required with the transport dtls"},
		},
		"identity too long": {
			`{"destinations": [{"host": "a", "port": 1, "transport": "dtls", "psk_file": "k", "identity": "` + strings.Repeat("x", 129) + `"}]}`,
			[]string{"destinations[0].identity: not a text of 1 to 128 bytes"},
		},
		"dtls settings with udp": {
			`{"destinations": [{"host": "a", "port": 1, "identity": "GK1", "psk_file": "k"}]}`,
			[]string{"destinations[0].identity: it is used with the transport dtls only", "destinations[0].psk_file: it is used with the transport dtls only"},
		},
		"no destination":  {`{"enabled": true}`, []string{"destinations: at least one is required while enabled"}},
		"period 1 ms":     {`{"period": "1ms"}`, []string{"period: 0.001s is out of range"}},
		"period too long": {`{"period": "86401s"}`, []string{"period: 86401s is out of range"}},
		"period uneven":   {`{"period": "1.5s"}`, []string{"period: 1.5s is not a whole number of seconds"}},
		"everything at once": {
			`{"enabled": true, "period": "25h", "destinations": [{"host": "", "port": 70000}, {"host": "a b"}, {"host": "ok", "port": -1}]}`,
			[]string{
				"destinations[0].host: required",
				"destinations[0].port: 70000 is out of range",
				`destinations[1].host: "a b" is neither`,
				"destinations[1].port: required",
				"destinations[2].port: -1 is out of range",
				"period: 90000s is out of range, allowed is 1s to 24h",
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
			o := options()
			o.Encoders = map[telemetry.Encoding]telemetry.Encoder{telemetry.EncodingInflux: telemetry.CBOR{}, telemetry.EncodingSenML: telemetry.CBOR{}}
			o.Dialers = map[telemetry.Transport]telemetry.DialFunc{telemetry.TransportDTLS: func(context.Context, telemetry.Destination) (net.Conn, error) { return nil, net.ErrClosed }}
			_, newErr := telemetry.New(config, o)
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
	require.NoError(t, telemetry.Config{}.Validate(), "the zero Config is off")
}

func TestConfigIsStored(t *testing.T) {
	want := telemetry.Config{
		Enabled: true,
		Destinations: []telemetry.Destination{{Host: "tele.example.net", Port: 5150}, {
			Host: "a", Port: 1, Encoding: telemetry.EncodingInflux,
			Transport: telemetry.TransportDTLS, Identity: "GK1", PSKFile: "/etc/psk",
		}},
		Period:  telemetry.Duration(90 * time.Second),
		KeyFile: "/etc/key",
		Ring:    32,
		Acks:    true,
	}
	text, err := json.Marshal(want)
	require.NoError(t, err)
	assert.JSONEq(t, `{"enabled": true, "destinations": [{"host": "tele.example.net", "port": 5150},
		{"host": "a", "port": 1, "encoding": "influx", "transport": "dtls", "identity": "GK1", "psk_file": "/etc/psk"}],
		"period": "90s", "key_file": "/etc/key", "ring": 32, "acks": true}`, string(text))
	var back telemetry.Config
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, want, back)
}

func TestUnknownWords(t *testing.T) {
	var d telemetry.Destination
	require.ErrorContains(t, json.Unmarshal([]byte(`{"encoding": "xml"}`), &d), "want cbor, influx, senml")
	require.ErrorContains(t, json.Unmarshal([]byte(`{"transport": "tcp"}`), &d), "want udp, dtls")
	c := telemetry.DefaultConfig()
	c.Destinations = []telemetry.Destination{{Host: "a", Port: 1, Encoding: "xml", Transport: "tcp"}}
	err := c.Validate()
	require.ErrorContains(t, err, `destinations[0].encoding: unknown word "xml", want cbor, influx, senml`)
	require.ErrorContains(t, err, `destinations[0].transport: unknown word "tcp", want udp, dtls`)
}

func TestWarnings(t *testing.T) {
	c := telemetry.DefaultConfig()
	assert.Empty(t, c.Warnings())
	c.Destinations = []telemetry.Destination{
		{Host: "a", Port: 1},
		{Host: "b", Port: 1, Transport: telemetry.TransportDTLS, Identity: "GK1", PSKFile: "k"},
	}
	require.Len(t, c.Warnings(), 1)
	assert.Contains(t, c.Warnings()[0].String(), "destinations[0]: nothing proves that messages come from this device")
	c.KeyFile = "k"
	assert.Empty(t, c.Warnings())
	c.Destinations[0].Encoding, c.Destinations[1].Encoding = telemetry.EncodingInflux, telemetry.EncodingInflux
	require.Len(t, c.Warnings(), 1)
	assert.Contains(t, c.Warnings()[0].String(), "destinations[0].encoding: key_file does not protect messages in influx")
}
