package ipsectest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest/suite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// definitions returns what a Config with n connections resolves to.
func definitions(t *testing.T, n int) []ipsec.Definition {
	c := ipsec.Config{
		Enabled: true,
		Phase1Proposals: []ipsec.Phase1Proposal{
			{Name: "ike", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group14},
		},
		Phase2Proposals: []ipsec.Phase2Proposal{
			{Name: "esp", Encryption: ipsec.EncryptionAES128, Hash: ipsec.HashSHA256},
		},
	}
	for i := range n {
		c.Connections = append(c.Connections, ipsec.Connection{
			Name: fmt.Sprintf("site%d", i), Enabled: true, Gateway: fmt.Sprintf("192.0.2.%d", 10+i),
			LocalSubnets: ipsec.Subnets{"10.10.12.0/24"}, RemoteSubnets: ipsec.Subnets{fmt.Sprintf("10.20.%d.0/24", i)},
			PreSharedKey: ipsec.NewSecret(fmt.Sprintf("the big secret %d", i)), LocalID: fmt.Sprintf("gate%d", i),
			Phase1: ipsec.Names{"ike"}, Phase2: ipsec.Names{"esp"},
		})
	}
	r, err := c.Resolve(time.Now())
	require.NoError(t, err)
	return r.Definitions
}

func TestBackend(t *testing.T) {
	suite.TestBackend(t, func(t *testing.T) suite.Rig {
		d := ipsectest.NewDaemon()
		list := definitions(t, 3)
		d.Expect(list...)
		all := func(p ipsectest.Peer) func() {
			return func() {
				for _, def := range list {
					d.SetPeer(def.Name, p)
				}
			}
		}
		t.Cleanup(func() { require.Zero(t, d.Sessions(), "sessions left open") })
		return suite.Rig{
			Backend: d.Backend("one"), Second: d.Backend("one"), Connections: list, Judges: true,
			Silence: all(ipsectest.PeerSilent), Answer: all(ipsectest.PeerAnswers),
			Close: d.PeerCloses, Die: d.PeerDies, Unload: d.Unload, Kill: d.Kill, Restart: d.Start, Rekeys: true,
			Foreign: func() func() bool {
				d.LoadForeign("other-tunnel")
				return func() bool { return d.HasForeign("other-tunnel") }
			},
		}
	})
}

// Faults line up, and those that wait can be taken back.
func TestFailNext(t *testing.T) {
	d := ipsectest.NewDaemon()
	d.FailNext(ipsectest.OpConnect, ipsec.ErrNotPermitted)
	d.FailNext(ipsectest.OpConnect, ipsec.ErrUnavailable)
	d.FailNext(ipsectest.OpSAs, ipsec.ErrUnavailable)
	d.FailNext(ipsectest.OpSAs, nil)
	_, err := d.Backend("one").Connect(t.Context())
	require.ErrorIs(t, err, ipsec.ErrNotPermitted)
	_, err = d.Backend("one").Connect(t.Context())
	require.ErrorIs(t, err, ipsec.ErrUnavailable)
	s, err := d.Backend("one").Connect(t.Context())
	require.NoError(t, err)
	_, err = s.SAs(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Close())
}
