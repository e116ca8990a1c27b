package openvpn_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
)

// A wrong word is told before anything else is looked at.
func TestWrongWords(t *testing.T) {
	for field, want := range map[string]string{
		`"role":"sever"`:                   "client, server, peer",
		`"protocol":"tcp-client"`:          "udp, udp4, udp6, tcp, tcp4, tcp6",
		`"device_type":"wg"`:               "tun, tap",
		`"topology":"star"`:                "subnet, net30, p2p",
		`"tls_role":"both"`:                "server, client",
		`"proxy":{"kind":"ftp"}`:           "http, socks",
		`"remotes":[{"protocol":"sctp"}]`:  "udp, udp4",
		`"files":{"certificate":"me.crt"}`: "ca, cert, key, pkcs12",
	} {
		t.Run(field, func(t *testing.T) {
			var i openvpn.Instance
			err := json.Unmarshal([]byte("{"+field+"}"), &i)
			require.ErrorContains(t, err, "unknown word")
			assert.ErrorContains(t, err, want)
		})
	}
}

func TestWords(t *testing.T) {
	const text = `{"name":"a","role":"peer","protocol":"tcp6","device_type":"tap","topology":"","tls_role":"client","files":{"tls-crypt":"k"}}`
	var i, again openvpn.Instance
	require.NoError(t, json.Unmarshal([]byte(text), &i))
	assert.Equal(t, openvpn.ProtocolTCP6, i.Protocol)
	assert.Empty(t, i.Topology, "nothing is the default")
	assert.Equal(t, "k", i.Files[openvpn.FileTLSCrypt])
	stored, err := json.Marshal(i)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(stored, &again))
	assert.Equal(t, i.Files, again.Files)
	assert.Equal(t, i.Role, again.Role)
}

func TestDefaultConfig(t *testing.T) {
	c := openvpn.DefaultConfig()
	require.NoError(t, c.Validate())
	assert.False(t, c.Enabled)
	assert.Equal(t, openvpn.Folder{Path: "/etc/openvpn"}, c.Folder)
}
