package redispoints_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api/redispoints"
)

func TestDefaults(t *testing.T) {
	c := redispoints.DefaultConfig()
	assert.Equal(t, redispoints.Config{
		Address: "127.0.0.1:6379", ConnectTimeout: redispoints.Duration(5 * time.Second), ValueTopic: "rin",
	}, c)
	c.Devices = config().Devices
	require.NoError(t, c.Validate())
	require.NoError(t, redispoints.Config{Devices: c.Devices}.Validate(), "a zero field means its default")
	assert.Empty(t, c.Warnings())
}

func TestConfigInJSON(t *testing.T) {
	c := config()
	c.MaxAge, c.ValueTopic = redispoints.Duration(time.Minute), redispoints.TopicOut
	text, err := json.Marshal(c)
	require.NoError(t, err)
	var back redispoints.Config
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, c, back)
	require.Error(t, json.Unmarshal([]byte(`{"value_topic":"in"}`), &back))
}

func TestConfigFaults(t *testing.T) {
	long := strings.Repeat("x", 129)
	for name, c := range map[string]struct {
		change func(*redispoints.Config)
		want   []string
	}{
		"nothing":  {func(c *redispoints.Config) { *c = redispoints.Config{} }, []string{"devices"}},
		"no_port":  {func(c *redispoints.Config) { c.Address = "redis" }, []string{"address"}},
		"port_0":   {func(c *redispoints.Config) { c.Address = "redis:0" }, []string{"address"}},
		"no_host":  {func(c *redispoints.Config) { c.Address = ":6379" }, []string{"address"}},
		"username": {func(c *redispoints.Config) { c.Username = long }, []string{"username", "password"}},
		"times": {func(c *redispoints.Config) { c.ConnectTimeout, c.MaxAge = 1, redispoints.Duration(time.Millisecond) },
			[]string{"connect_timeout", "max_age"}},
		"minus":   {func(c *redispoints.Config) { c.ConnectTimeout, c.MaxAge = -1, -1 }, []string{"connect_timeout", "max_age"}},
		"topic":   {func(c *redispoints.Config) { c.ValueTopic = "in" }, []string{"value_topic"}},
		"tls_off": {func(c *redispoints.Config) { c.TLS.CAFile = "ca.pem" }, []string{"tls.enabled"}},
		"tls": {func(c *redispoints.Config) {
			c.TLS = redispoints.TLS{Enabled: true, CertFile: "c.pem", ServerName: "a b"}
		}, []string{"tls.key_file", "tls.server_name"}},
		"tls_on_a_socket": {func(c *redispoints.Config) { c.Address, c.TLS.Enabled = "/run/redis.sock", true }, []string{"tls.server_name"}},
		"aliases": {func(c *redispoints.Config) {
			c.Devices = []redispoints.Device{
				{Alias: "A"}, {Alias: "A"}, {Alias: "a/b"}, {},
				{Alias: strings.Repeat("x", 65), Tags: []redispoints.Tag{{Alias: "t"}, {Alias: "t"}, {Alias: "*"}, {Alias: "u", SourceDeviceAlias: "?"}}},
			}
		}, []string{"devices[1].alias", "devices[2].alias", "devices[3].alias", "devices[4].alias",
			"devices[4].tags[1].alias", "devices[4].tags[2].alias", "devices[4].tags[3].source_device_alias"}},
		"texts": {func(c *redispoints.Config) {
			c.Devices = []redispoints.Device{{Alias: "A", Name: long, Protocol: "\xff", Tags: []redispoints.Tag{{Alias: "t", Name: long}}}}
		}, []string{"devices[0].name", "devices[0].protocol", "devices[0].tags[0].name"}},
		"too_many": {func(c *redispoints.Config) {
			c.Devices = []redispoints.Device{{Alias: "A"}}
			for i := range 100_001 {
				c.Devices[0].Tags = append(c.Devices[0].Tags, redispoints.Tag{Alias: fmt.Sprint(i)})
			}
		}, []string{"devices"}},
	} {
		t.Run(name, func(t *testing.T) {
			config := config()
			c.change(&config)
			err := config.Validate()
			var faults redispoints.ConfigError
			require.ErrorAs(t, err, &faults)
			var paths []string
			for _, fault := range faults {
				paths = append(paths, fault.Path)
			}
			assert.Equal(t, c.want, paths, "%v", err)
			_, newErr := redispoints.New(config, redispoints.Options{})
			assert.Equal(t, err, newErr)
		})
	}
}

func TestWarnings(t *testing.T) {
	for address, warned := range map[string]bool{
		"127.0.0.1:6379": false, "[::1]:6379": false, "localhost:6379": false, "/run/redis.sock": false,
		"10.0.0.1:6379": true, "redis.example:6379": true,
	} {
		assert.Equal(t, warned, len(redispoints.Config{Address: address}.Warnings()) == 1, address)
	}
	assert.Empty(t, redispoints.Config{Address: "10.0.0.1:6379", TLS: redispoints.TLS{Enabled: true}}.Warnings())
}
