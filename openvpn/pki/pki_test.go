package pki_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn/pki"
)

// An authority moves to another device: what its files hold is read, and what
// it issued stays good.
func TestAuthorityMoves(t *testing.T) {
	old, err := pki.CreateAuthority(filepath.Join(t.TempDir(), "old"), pki.AuthorityConfig{Name: "plant"})
	require.NoError(t, err)
	issued, err := old.IssueClient(pki.Request{Name: "alice"})
	require.NoError(t, err)
	alice, err := pki.ParsePEM(issued.KeyPEM(), issued.CertificatePEM(), old.CAPEM())
	require.NoError(t, err)
	assert.Equal(t, issued.Fingerprint(), alice.Fingerprint())
	again, err := pki.NewIdentity(alice.Key, append(alice.Chain, alice.CAs...)...)
	require.NoError(t, err)
	assert.Equal(t, issued.Fingerprint(), again.Fingerprint())

	_, err = pki.ImportAuthority(filepath.Join(t.TempDir(), "new"), pki.Origin{CA: pki.Identity{Chain: alice.CAs}})
	require.ErrorContains(t, err, "plant: its private key is missing")
}

func TestTLSCryptV2(t *testing.T) {
	server := pki.NewTLSCryptV2ServerKey()
	client, err := server.NewClientKey(time.Now())
	require.NoError(t, err)
	require.NoError(t, server.Check(client))
	require.Error(t, pki.NewTLSCryptV2ServerKey().Check(client), "another server's")
}
