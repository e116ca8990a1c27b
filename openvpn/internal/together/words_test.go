package together_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/fieldgate/fieldgate/openvpn"
)

// A wrong word in a file is told with its line.
func TestWrongWordsOfYAML(t *testing.T) {
	for field, line := range map[string]string{
		"role: sever":                  "line 4",
		"protocol: tcp-client":         "line 4",
		"remotes: [{protocol: sctp}]":  "line 4",
		"files: {certificate: me.crt}": "line 4",
	} {
		t.Run(field, func(t *testing.T) {
			var c openvpn.Config
			err := yaml.Unmarshal([]byte("enabled: true\ninstances:\n- name: a\n  "+field+"\n"), &c)
			require.ErrorContains(t, err, "unknown word")
			assert.ErrorContains(t, err, line)
		})
	}
	var c openvpn.Config
	require.NoError(t, yaml.Unmarshal([]byte("instances:\n- name: a\n  role: peer\n  files: {tls-crypt: k, ca: ca.crt}\n"), &c))
	assert.Equal(t, openvpn.RolePeer, c.Instances[0].Role)
	assert.Equal(t, "k", c.Instances[0].Files[openvpn.FileTLSCrypt])
	text, err := yaml.Marshal(c)
	require.NoError(t, err)
	var again openvpn.Config
	require.NoError(t, yaml.Unmarshal(text, &again))
	assert.Equal(t, c.Instances[0].Files, again.Instances[0].Files)
}
