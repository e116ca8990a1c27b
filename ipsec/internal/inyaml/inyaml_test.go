// Package inyaml_test reads and writes a Config as YAML. It is a folder of
// its own because the YAML module would otherwise stand in the go.sum of
// everyone who imports package ipsec.
package inyaml_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/fieldgate/fieldgate/ipsec"
)

// walkThrough is the site-to-site tunnel of the reference device, in the
// words of its forms.
const walkThrough = `
enabled: true
phase1_proposals:
  - {name: aes256-sha256-dh5, encryption: AES256, hash: SHA256, dh: 5}
phase2_proposals:
  - {name: aes128-sha1, encryption: AES128, hash: SHA1}
connections:
  - name: demo0
    enabled: true
    gateway: ipsec.vpn.net
    type: Tunnel
    local_subnets: 10.10.12.0/24
    remote_subnets: 10.10.10.10/24
    authentication: Shared secret
    pre_shared_key: thebigsecret
    phase1: aes256_sha256_dh5
    phase2: [aes128_sha1]
    local_id: wcclite
    dpd_delay: 30
    key_lifetime: 3h
`

func TestWalkThrough(t *testing.T) {
	var c ipsec.Config
	require.NoError(t, yaml.Unmarshal([]byte(walkThrough), &c))
	require.NoError(t, c.Validate())
	var texts []string
	for _, w := range c.Warnings() {
		texts = append(texts, w.String())
	}
	assert.Equal(t, []string{
		"phase1_proposals[0].dh: group 5 (modp1536) is weak: choose 14 or higher",
		"phase2_proposals[0].hash: sha1 is weak: choose sha256",
		"connections[0].remote_subnets[0]: 10.10.10.10/24 has bits behind its mask, the network 10.10.10.0/24 is meant",
		"connections[0].key_lifetime: the keys of the data channel live longer, 10800s, than those of the keying channel, 3600s: commonly it is the other way round",
	}, texts)

	r, err := c.Resolve(time.Now())
	require.NoError(t, err)
	require.Len(t, r.Definitions, 1)
	d := r.Definitions[0]
	assert.Equal(t, "aes256-sha256-modp1536", d.Phase1[0].String())
	assert.Equal(t, "aes128-sha1", d.Phase2[0].String())
	assert.Equal(t, ipsec.Subnets{"10.10.10.0/24"}, d.RemoteSubnets)
	assert.Equal(t, ipsec.StartTrap, d.StartAction)
	assert.Empty(t, d.RemoteID, "a host name is no identity to guess")
	assert.Equal(t, "thebigsecret", d.PreSharedKey.Reveal())

	out, err := yaml.Marshal(c)
	require.NoError(t, err)
	assert.NotContains(t, string(out), "thebigsecret")
	assert.Contains(t, string(out), "local_subnets:")
}

func TestOneOrMore(t *testing.T) {
	for text, want := range map[string]ipsec.Subnets{
		"10.0.0.0/8":                  {"10.0.0.0/8"},
		"[10.0.0.0/8, 172.16.0.0/12]": {"10.0.0.0/8", "172.16.0.0/12"},
		`""`:                          nil,
		"[]":                          {},
	} {
		t.Run(text, func(t *testing.T) {
			var c ipsec.Connection
			require.NoError(t, yaml.Unmarshal([]byte("local_subnets: "+text), &c))
			assert.Equal(t, want, c.LocalSubnets)
		})
	}
	var c ipsec.Connection
	assert.Error(t, yaml.Unmarshal([]byte("phase1: {a: 1}"), &c))
	assert.ErrorContains(t, yaml.Unmarshal([]byte("dpd_action: reboot"), &c), `unknown word "reboot", want none, clear, hold, restart`)
}
