package document

import (
	"bytes"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("gateway.json", doc))
	s, err := c.Compile("gateway.json")
	require.NoError(t, err)
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	var value any
	require.NoError(t, yaml.Load([]byte(text), &value))
	return s.Validate(value)
}

func TestSchemaTakesWhatTheGatewayTakes(t *testing.T) {
	s := compiled(t)
	assert.NoError(t, validate(t, s, string(FirstFile("salt$hash", "/etc/openvpn"))))
	every, err := Dump(Default(), nil, nil)
	require.NoError(t, err)
	assert.NoError(t, validate(t, s, string(every)))
	for name, text := range map[string]string{
		"empty_groups":     "telemetry:\n",
		"empty_lists":      "telemetry:\n  destinations:\n",
		"number_as_text":   "device:\n  serial: 123\n",
		"seconds":          "telemetry:\n  period: 10\n",
		"words_of_numbers": "ser2net:\n  ports:\n  - {name: a, listen: ':4001', device: /dev/ttyS0, mode: {stop_bits: 2}}\n",
		"one_for_a_list":   "ipsec:\n  connections:\n  - {name: a, gateway: g.example, local_subnets: 10.0.0.0/8, pre_shared_key: 12345678}\n",
		"map":              "openvpn:\n  instances:\n  - {name: a, files: {ca: ca.pem}}\n",
		"inline":           "upgrade:\n  enabled: false\n  max_size_mib: 64\n",
	} {
		t.Run(name, func(t *testing.T) { assert.NoError(t, validate(t, s, text)) })
	}
}

func TestSchemaRefuses(t *testing.T) {
	s := compiled(t)
	for name, text := range map[string]string{
		"unknown_section":  "telemetri: {}\n",
		"unknown_key":      "telemetry:\n  perod: 10\n",
		"unknown_in_list":  "ipsec:\n  connections:\n  - {name: a, gatway: g}\n",
		"list_for_group":   "web: []\n",
		"group_for_list":   "ipsec:\n  connections: {name: a}\n",
		"text_for_number":  "telemetry:\n  destinations:\n  - {host: h, port: many}\n",
		"part_of_a_number": "telemetry:\n  destinations:\n  - {host: h, port: 51.5}\n",
		"text_for_switch":  "snmp:\n  enabled: perhaps\n",
		"word_of_a_type":   "ipsec:\n  connections:\n  - {name: a, key_exchange: ikev3}\n",
		"own_word":         "web:\n  tls: maybe\n",
		"group_for_secret": "ipsec:\n  connections:\n  - {name: a, pre_shared_key: {file: /x}}\n",
		"inline":           "upgrade:\n  max_size: 64\n",
	} {
		t.Run(name, func(t *testing.T) {
			assert.Error(t, validate(t, s, text))
			_, faults := Parse([]byte(text))
			assert.NotEmpty(t, faults, "the gateway takes it")
		})
	}
}

// The words that the schema knows are those that the gateway takes.
func TestSchemaWordsOfTheGatewayItself(t *testing.T) {
	for path, words := range ownWords() {
		section, key, _ := strings.Cut(path, ".")
		for _, word := range append(words, "other") {
			_, faults := Parse([]byte(section + ":\n  " + key + ": " + word + "\n"))
			at := ""
			for _, f := range faults {
				at += f.Path + " "
			}
			assert.Equal(t, word == "other", strings.Contains(at, path), "%s: %s", path, word)
		}
	}
}

// Whoever writes a configuration with an editor reads the help there.
func TestSchemaExplains(t *testing.T) {
	web := compiled(t).Properties["web"]
	assert.Contains(t, web.Properties["tls"].Description, "encrypt on every address")
	connection := compiled(t).Properties["ipsec"].Properties["connections"].Items2020
	assert.True(t, connection.Properties["pre_shared_key"].WriteOnly)
	assert.Contains(t, connection.Properties["key_exchange"].Description, "ikev2")
}
