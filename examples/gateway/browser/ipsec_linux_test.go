package browser_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/twohosts"
)

// other is what the administrator of the other end of the walk-through typed.
const other = `
connections {
  site {
    version = 2
    local_addrs = 192.0.2.2
    remote_addrs = 192.0.2.1
    proposals = aes256-sha256-modp1536
    local {
      auth = psk
      id = 192.0.2.2
    }
    remote {
      auth = psk
      id = wcclite
    }
    children {
      site {
        local_ts = 10.10.10.0/24
        remote_ts = 10.10.12.0/24
        esp_proposals = aes128-sha1
      }
    }
  }
}
secrets {
  ike-site {
    secret = thebigsecret
    id-1 = 192.0.2.2
    id-2 = wcclite
  }
}
`

// TestIntegrationWalkThrough clicks the walk-through of the specification,
// step by step and in its words, until pings go through the tunnel.
func TestIntegrationWalkThrough(t *testing.T) {
	needs(t, "chromium")
	hosts, err := twohosts.New(twohosts.Options{})
	if errors.Is(err, twohosts.ErrUnavailable) {
		skip(t, err.Error())
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, hosts.Close()) })
	require.NoError(t, hosts.B.Load(t.Context(), other))
	b := open(t, start(t, "-charon", hosts.A.Socket()))

	b.follow("IPsec")
	b.follow("Add a phase 1 proposal")
	b.fill("Name", "aes256-sha256-dh5")
	b.choose("Encryption algorithm", "aes256")
	b.choose("Hash algorithm", "sha256")
	b.choose("DH exponentiation", "5")
	b.follow("Save")
	b.follow("Add a phase 2 proposal")
	b.fill("Name", "aes128-sha1")
	b.choose("Encryption algorithm", "aes128")
	b.choose("Hash algorithm", "sha1")
	b.follow("Save")

	b.follow("Add a connection")
	b.fill("Name", "demo0")
	b.fill("Gateway", twohosts.PeerName)
	b.choose("Type", "tunnel")
	b.fill("Local subnet", "10.10.12.0/24")
	b.fill("Remote subnet", "10.10.10.10/24")
	b.choose("Authentication", "psk")
	b.fill("Pre-shared key", "thebigsecret")
	b.choose("Phase 1 proposal (IKE)", "aes256-sha256-dh5")
	b.choose("Phase 2 proposal (ESP)", "aes128-sha1")
	b.press("Additional fields")
	b.fill("Local ID", "wcclite")
	b.follow("Save")
	b.row("demo0", "psk", "aes256-sha256-dh5", "aes128-sha1")

	b.tick("Enabled demo0")
	b.follow("Save & Apply what is ticked")
	b.until("heading", "Applied")
	b.follow("IPsec")
	b.row("demo0", "yes", "armed") // enabled, configured, and comes up on demand
	configured, err := hosts.A.Swanctl(t.Context(), "--list-conns")
	require.NoError(t, err)
	assert.Contains(t, configured, "demo0: IKEv2")
	installed, err := hosts.B.Installed(t.Context(), "site")
	require.NoError(t, err)
	require.Empty(t, installed)

	b.press("start demo0")
	b.row("demo0", "up")
	require.NoError(t, hosts.A.Ping(t.Context(), hosts.A.LAN.Addr(), hosts.B.LAN.Addr(), 2), "%s", hosts.A.Log())
	installed, err = hosts.B.Installed(t.Context(), "site")
	require.NoError(t, err)
	require.Len(t, installed, 1)
	assert.Equal(t, "2", installed[0].Values["packets-in"])

	b.press("stop demo0")
	b.row("demo0", "stopped")
	eventually(t, "the peer is told", func() bool {
		installed, err := hosts.B.Installed(t.Context(), "site")
		return err == nil && len(installed) == 0
	})
	b.visit("/ipsec/connections/demo0")
	secret, err := b.ask("holds", "Pre-shared key", "")
	require.NoError(t, err)
	assert.Empty(t, secret, "the page has the secret")
}
