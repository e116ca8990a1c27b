package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/internal/config"
)

func TestDefaultConfig(t *testing.T) {
	c := api.DefaultConfig()
	require.NoError(t, c.Validate())
	assert.False(t, c.Enabled)
	assert.Equal(t, api.AuthenticationKey, c.Authentication)
	assert.Equal(t, api.Endpoints{}, c.Endpoints)
	assert.Equal(t, api.Limits{MaxConnections: 64, MaxSyncBytes: 8 << 20, MaxFirmwareBytes: 64 << 20, WrongKeys: 10}, c.Limits)
	assert.False(t, c.TLS.Enabled)
	assert.Empty(t, c.Keys)
	assert.Empty(t, c.Warnings())
	require.NoError(t, api.Config{}.Validate(), "the zero value is valid too")
}

func TestValidateNamesEveryFault(t *testing.T) {
	good, err := api.HashKey(testKey)
	require.NoError(t, err)
	err = api.Config{
		Listen:         "here:70000",
		Authentication: "password",
		Keys: []api.Key{
			{Name: "a", Hash: good},
			{Name: "a", Hash: good},
			{Name: "b/c", Hash: config.NewSecret("sha256:00:11")},
			{Name: strings.Repeat("n", 33), Hash: config.NewSecret(testKey)},
			{},
			{Name: "limited", Hash: good, Endpoints: []string{"tags", "/api/tags", "all"}, Sources: []netip.Prefix{
				netip.MustParsePrefix("10.0.0.0/8"), {}, netip.MustParsePrefix("::ffff:10.0.0.0/104"),
			}},
		},
		TLS:    api.TLS{Enabled: true, KeyFile: "k.pem"},
		Limits: api.Limits{MaxConnections: -1, MaxSyncBytes: 1<<30 + 1, MaxFirmwareBytes: -1, RequestsPerSecond: 100_001, WrongKeys: -2},
	}.Validate()
	var faults api.ConfigError
	require.ErrorAs(t, err, &faults)
	assert.Equal(t, []string{
		"listen", "authentication", "keys[1].name", "keys[2].name", "keys[2].hash",
		"keys[3].name", "keys[3].hash", "keys[4].name", "keys[4].hash",
		"keys[5].endpoints[1]", "keys[5].endpoints[2]", "keys[5].sources[1]", "keys[5].sources[2]", "tls.cert_file",
		"limits.max_connections", "limits.max_sync_bytes", "limits.max_firmware_bytes", "limits.requests_per_second", "limits.wrong_keys",
	}, paths(faults))
	assert.NotContains(t, err.Error(), testKey, "a key put in place of its hash is not repeated")
	assert.NotContains(t, err.Error(), good.Reveal())
}

func paths(faults api.ConfigError) []string {
	var p []string
	for _, f := range faults {
		p = append(p, f.Path)
	}
	return p
}

func TestEnabledWithoutKey(t *testing.T) {
	for _, a := range []api.Authentication{"", api.AuthenticationKey} {
		err := api.Config{Enabled: true, Authentication: a}.Validate()
		assert.EqualError(t, err, `keys: required with authentication "key": make a key with NewKey and put here what HashKey returns for it`)
	}
	assert.NoError(t, api.Config{Enabled: true, Authentication: api.AuthenticationNone}.Validate())
}

func TestWarnings(t *testing.T) {
	c := api.Config{Authentication: api.AuthenticationNone}
	require.Len(t, c.Warnings(), 1)
	assert.Equal(t, "authentication", c.Warnings()[0].Path)
	c = api.Config{Limits: api.Limits{WrongKeys: -1}}
	require.Len(t, c.Warnings(), 1)
	assert.Equal(t, "limits.wrong_keys", c.Warnings()[0].Path)
}

// A key that crosses a network in the clear opens the device to whoever
// listens there.
func TestWarnsOfKeysInTheClear(t *testing.T) {
	for listen, warns := range map[string]bool{
		":8080": true, "0.0.0.0:8080": true, "[::]:8080": true, "192.0.2.7:8080": true, "gateway.local:80": true,
		"127.0.0.1:8080": false, "127.8.0.1:80": false, "[::1]:8080": false, "localhost:8080": false, "": false,
	} {
		t.Run(listen, func(t *testing.T) {
			c := allOn(t)
			c.Listen = listen
			if !warns {
				assert.Empty(t, c.Warnings())
				return
			}
			require.Len(t, c.Warnings(), 1)
			assert.Equal(t, "tls.enabled", c.Warnings()[0].Path)
			c.TLS.Enabled = true
			assert.Empty(t, c.Warnings())
			c.TLS.Enabled, c.Enabled = false, false
			assert.Empty(t, c.Warnings())
		})
	}
}

// What the program does not bring is reported together with what the
// operator did wrong.
func TestNewNamesEveryFault(t *testing.T) {
	c := allOn(t)
	c.Listen = ""
	c.Keys[0].Name = "no name"
	needs := []string{
		"endpoints.sync_version", "endpoints.sync", "endpoints.syslog", "endpoints.system_info", "endpoints.gsm_info",
		"endpoints.devices", "endpoints.device_info", "endpoints.device_tags", "endpoints.device_tag_value",
		"endpoints.tags", "endpoints.sysupgrade",
	}

	_, err := api.New(c, api.Options{})
	var faults api.ConfigError
	require.ErrorAs(t, err, &faults)
	assert.Equal(t, append([]string{"keys[0].name", "listen"}, needs...), paths(faults))

	_, err = api.NewHandler(c, api.Options{})
	require.ErrorAs(t, err, &faults)
	assert.Equal(t, append([]string{"keys[0].name"}, needs...), paths(faults), "a handler needs no address")
	assert.ErrorContains(t, err, "endpoints.syslog: this device brings no provider Syslog for /api/syslog, so it cannot be switched on")

	c = allOn(t)
	c.Enabled = false
	_, err = api.New(c, api.Options{})
	assert.NoError(t, err, "a disabled interface needs nothing")
}

func TestEndpointsOffNeedNoProvider(t *testing.T) {
	c := allOn(t)
	c.Endpoints = api.Endpoints{Version: true, Actions: true}
	_, err := api.New(c, api.Options{})
	require.NoError(t, err)
}

func TestAuthenticationText(t *testing.T) {
	var a api.Authentication
	require.NoError(t, a.UnmarshalText([]byte("none")))
	assert.Equal(t, api.AuthenticationNone, a)
	for _, word := range []string{"", "Key", "off"} {
		assert.ErrorContains(t, a.UnmarshalText([]byte(word)), "want key, none")
	}
}

func TestHashesDoNotPrint(t *testing.T) {
	c := allOn(t)
	hash := c.Keys[0].Hash.Reveal()
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "config", c)
	asJSON, err := json.Marshal(c)
	require.NoError(t, err)
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v %#v", c, c), string(asJSON), log.String()} {
		assert.NotContains(t, text, hash)
		assert.NotContains(t, text, hash[len(hash)-64:])
	}
	assert.Contains(t, string(asJSON), `"sync_version":true`)
}

func TestErrorsAreThoseOfTheContract(t *testing.T) {
	_, err := api.New(api.Config{Listen: "x"}, api.Options{})
	var fault *api.FieldError
	require.True(t, errors.As(err, &fault))
	assert.Equal(t, "listen", fault.Path)
}

func TestTLSNeedsACertificate(t *testing.T) {
	c := allOn(t)
	c.TLS.Enabled = true
	_, err := api.New(c, new(device).options())
	require.EqualError(t, err, "tls.cert_file: required: this device does not make certificates")
	_, err = api.NewHandler(c, new(device).options())
	require.NoError(t, err, "a handler serves no connections")
	c.TLS.CertFile = "c.pem"
	require.EqualError(t, c.Validate(), "tls.key_file: required with tls.cert_file")
}

func TestTooManyKeys(t *testing.T) {
	c := allOn(t)
	for i := range 64 {
		c.Keys = append(c.Keys, api.Key{Name: fmt.Sprint("key", i), Hash: c.Keys[0].Hash})
	}
	require.EqualError(t, c.Validate(), "keys: there are 65 keys, at most 64 are allowed")
}
