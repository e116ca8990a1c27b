package ipsec_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
)

func TestIdentities(t *testing.T) {
	good := []string{
		"", "wcclite", "gate.example.org", "@gate", "@@me", "@#0a0B", "10.0.0.1", "fe80::1", "2001:db8::1", "me@example.org",
		"fqdn:gate", "email:me@example.org", "keyid:7", "ipv4:10.0.0.1", "ipv6:::1", "C=CH, O=Example, CN=gate", "asn1dn:#3000",
		"100%", strings.Repeat("x", 255),
	}
	bad := []string{
		"%any", "%any6", "*", "0.0.0.0", "::", "fqdn:*", "@", "@@", "@#", "@#zz", "@#012", "fqdn:", "keyid:", "keyid:#", "email:",
		"ipv4:", "ipv4:x", "ipv4:::1", "ipv6:10.0.0.1", "asn1dn:x", "bücher", "a\x00b", "a\nb", " a", "a ", strings.Repeat("x", 256),
	}
	validate := func(set func(*ipsec.Connection)) error {
		c := site(1)
		set(&c)
		return config(c).Validate()
	}
	for _, id := range good {
		require.NoError(t, validate(func(c *ipsec.Connection) { c.LocalID = id }), id)
		require.NoError(t, validate(func(c *ipsec.Connection) { c.RemoteID = id }), id)
	}
	for _, id := range bad {
		require.ErrorContains(t, validate(func(c *ipsec.Connection) { c.LocalID = id }), "connections[0].local_id", id)
		require.ErrorContains(t, validate(func(c *ipsec.Connection) { c.RemoteID = id }), "connections[0].remote_id", id)
	}
	for _, id := range []string{"*.example.org", "C=CH, O=*"} {
		require.ErrorContains(t, validate(func(c *ipsec.Connection) { c.LocalID = id }), "wildcard")
		require.NoError(t, validate(func(c *ipsec.Connection) { c.RemoteID = id }), id)
	}
}

// A peer that may have any name of a domain leaves open which key is meant.
func TestWildcardsLeaveTheKeyOpen(t *testing.T) {
	one, two := site(1), site(2)
	one.LocalID, two.LocalID = "gate", "gate"
	one.RemoteID, two.RemoteID = "*.example.org", "two.example.org"
	require.ErrorContains(t, config(one, two).Validate(), "connections[1].remote_id")
	one.RemoteID = "one.example.org"
	require.NoError(t, config(one, two).Validate())
}

// Keys are bytes; what other programs read as hexadecimal is warned of.
func TestKeysAreTakenAsTheyAre(t *testing.T) {
	for key, warned := range map[string]bool{
		"0x0123456789abcdef": true, "0sAAAAAAAAAAAA": true, "\x00\xff\x01 long enough": false, strings.Repeat("ü", 2048): false,
	} {
		c := site(1)
		c.PreSharedKey = ipsec.NewSecret(key)
		require.NoError(t, config(c).Validate())
		found := false
		for _, w := range config(c).Warnings() {
			found = found || strings.Contains(w.Text, "taken as it stands")
			assert.NotContains(t, w.String(), key)
		}
		assert.Equal(t, warned, found)
	}
}
