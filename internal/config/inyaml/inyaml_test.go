// Package inyaml_test reads and writes the types of config as YAML, which is
// how a program stores them. It is a folder of its own because the YAML
// module would otherwise stand in the go.sum of everyone who imports a
// service.
package inyaml_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/fieldgate/fieldgate/internal/config"
)

// settings stands for the Config of a service.
type settings struct {
	Period config.Duration `yaml:"period,omitempty"`
	Key    config.Secret   `yaml:"key,omitempty"`
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]string{
		"90": "90s", `"90"`: "90s", "1m30s": "90s", "0.02s": "0.02s", "1d": "86400s",
		"null": "7s", "": "7s", // no value leaves the default
	} {
		t.Run(text, func(t *testing.T) {
			s := settings{Period: config.Duration(7 * time.Second)}
			require.NoError(t, yaml.Unmarshal([]byte("period: "+text), &s))
			assert.Equal(t, want, s.Period.String())
			out, err := yaml.Marshal(s)
			require.NoError(t, err)
			assert.Equal(t, "period: "+want+"\n", string(out))
		})
	}
	for _, text := range []string{"-5", "1.5", "true", "[1]", "{a: 1}", "soon"} {
		t.Run(text, func(t *testing.T) {
			var s settings
			assert.ErrorContains(t, yaml.Unmarshal([]byte("# first line\nperiod: "+text), &s), "line 2")
		})
	}
	_, err := yaml.Marshal(settings{Period: -1})
	assert.ErrorContains(t, err, "a duration is never negative")
}

func TestSecret(t *testing.T) {
	for text, want := range map[string]string{
		"hunter2": "hunter2", `""`: "", `"two\nlines"`: "two\nlines", "päss": "päss", `"[redacted] "`: "[redacted] ",
		// A scalar of another YAML type is the text that stands in the file.
		"007": "007", "0x1F": "0x1F", "on": "on", "1e3": "1e3", "2026-01-01": "2026-01-01",
	} {
		t.Run(text, func(t *testing.T) {
			var s settings
			require.NoError(t, yaml.Unmarshal([]byte("key: "+text), &s))
			assert.Equal(t, want, s.Key.Reveal())
		})
	}
	s := settings{Key: config.NewSecret("before")}
	err := yaml.Unmarshal([]byte("# first line\nkey: '[redacted]'"), &s)
	require.ErrorContains(t, err, "line 2: this is a redacted secret, put the secret itself here")
	assert.Equal(t, "before", s.Key.Reveal(), "a refused text leaves the secret alone")
}

func TestSecretIsNeverWritten(t *testing.T) {
	key := config.NewSecret("hunter2")
	out, err := yaml.Marshal(map[string]any{
		"a_value": key, "b_pointer": &key, "c_list": []config.Secret{key}, "d_key": map[config.Secret]int{key: 1},
		"e_field": settings{Key: key}, "f_empty": settings{},
	})
	require.NoError(t, err)
	assert.Equal(t, `a_value: '[redacted]'
b_pointer: '[redacted]'
c_list:
    - '[redacted]'
d_key:
    '[redacted]': 1
e_field:
    key: '[redacted]'
f_empty: {}
`, string(out))
}
