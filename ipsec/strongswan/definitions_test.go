package strongswan_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/strongswan"
)

// tunnel returns the i-th of several tunnels to one gateway, as a Config
// gives it.
func tunnel(i int, gateway string) ipsec.Connection {
	return ipsec.Connection{
		Name: fmt.Sprintf("site%d", i), Enabled: true, Gateway: gateway,
		LocalSubnets: ipsec.Subnets{"10.10.12.0/24"}, RemoteSubnets: ipsec.Subnets{fmt.Sprintf("10.10.%d.0/24", 10*i)},
		PreSharedKey: ipsec.NewSecret(fmt.Sprintf("thebigsecret%d", i)), LocalID: fmt.Sprintf("near%d", i),
		RemoteID: fmt.Sprintf("far%d", i), Phase1: ipsec.Names{"p1"}, Phase2: ipsec.Names{"p2"},
		StartAction: ipsec.StartNone,
	}
}

// resolve returns connections as a backend gets them.
func resolve(t testing.TB, change func(*ipsec.Config), connections ...ipsec.Connection) []ipsec.Definition {
	t.Helper()
	c := ipsec.Config{
		Enabled: true, Connections: connections,
		Phase1Proposals: []ipsec.Phase1Proposal{{Name: "p1", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group5}},
		Phase2Proposals: []ipsec.Phase2Proposal{{Name: "p2", Encryption: ipsec.EncryptionAES128, Hash: ipsec.HashSHA1}},
	}
	if change != nil {
		change(&c)
	}
	require.NoError(t, c.Validate())
	r, err := c.Resolve(time.Now())
	require.NoError(t, err)
	require.Empty(t, r.Refused)
	require.Len(t, r.Definitions, len(connections))
	return r.Definitions
}

// two are what the conformance suite wants.
func two(t testing.TB) []ipsec.Definition {
	return resolve(t, nil, tunnel(1, "192.0.2.2"), tunnel(2, "192.0.2.2"))
}

// backend returns the backend for a socket.
func backend(t testing.TB, socket string) *strongswan.Backend {
	t.Helper()
	b, err := strongswan.New(strongswan.Options{Socket: socket})
	require.NoError(t, err)
	return b
}
