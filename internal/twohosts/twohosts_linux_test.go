package twohosts_test

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/twohosts"
)

// pair returns two hosts until the end of the test.
func pair(t *testing.T) *twohosts.Pair {
	t.Helper()
	p, err := twohosts.New(twohosts.Options{})
	if errors.Is(err, twohosts.ErrUnavailable) && os.Getenv("CI") != "true" {
		t.Skip("skipped: ", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

// conf is one tunnel as swanctl.conf writes it.
const conf = `
connections {
  site {
    version = 2
    mobike = no
    local_addrs = LOCAL
    remote_addrs = REMOTE
    proposals = aes128-sha256-x25519
    local {
      auth = psk
      id = LOCAL
    }
    remote {
      auth = psk
    }
    children {
      site {
        local_ts = LOCALNET
        remote_ts = REMOTENET
        esp_proposals = aes128gcm16
      }
    }
  }
}
secrets {
  ike-site {
    secret = "a long secret"
  }
}
`

// The kit works without any of our code between the daemons: swanctl on both.
func TestIntegrationTwoHosts(t *testing.T) {
	p := pair(t)
	ctx := t.Context()
	for _, h := range []*twohosts.Host{p.A, p.B} {
		other := p.B
		remote := twohosts.PeerName
		if h == p.B {
			other, remote = p.A, p.A.Address.String()
		}
		require.NoError(t, h.Load(ctx, twohosts.Fill(conf, map[string]string{
			"LOCAL": h.Address.String(), "REMOTE": remote,
			"LOCALNET": h.LAN.Masked().String(), "REMOTENET": other.LAN.Masked().String(),
		})))
	}
	t.Run("tunnel", func(t *testing.T) {
		_, err := p.A.Swanctl(ctx, "--initiate", "--child", "site")
		require.NoError(t, err, "%s", p.A.Log())
		capture, err := p.A.Capture()
		require.NoError(t, err)
		require.NoError(t, p.A.Ping(ctx, p.A.LAN.Addr(), p.B.LAN.Addr(), 2))
		lines, err := capture.Stop(ctx)
		require.NoError(t, err)
		assert.Equal(t, 2, twohosts.Count(lines, "ESP(spi="), "%q", lines)
		assert.Zero(t, twohosts.Count(lines, "ICMP echo"), "%q", lines)

		sas, err := p.B.SAs(ctx)
		require.NoError(t, err)
		require.Len(t, sas, 1)
		assert.Equal(t, "site", sas[0].Name)
		assert.Equal(t, "ESTABLISHED", sas[0].Values["state"])
		assert.Equal(t, "CURVE_25519", sas[0].Values["dh-group"])
		require.Len(t, sas[0].Children, 1)
		assert.Equal(t, []string{"10.10.12.0/24"}, sas[0].Children[0].Lists["remote-ts"])
		children, err := p.B.Installed(ctx, "site")
		require.NoError(t, err)
		require.Len(t, children, 1)
		assert.Equal(t, "2", children[0].Values["packets-in"])
		children, err = p.B.Installed(ctx, "other")
		require.NoError(t, err)
		assert.Empty(t, children)
	})
	t.Run("blackhole", func(t *testing.T) {
		require.NoError(t, p.A.Ping(ctx, p.A.Address, p.B.Address, 1))
		require.NoError(t, p.Blackhole())
		require.Error(t, p.A.Ping(ctx, p.A.Address, p.B.Address, 1))
		require.NoError(t, p.Restore())
		require.NoError(t, p.A.Ping(ctx, p.A.Address, p.B.Address, 1))
	})
	t.Run("crash", func(t *testing.T) {
		require.NoError(t, p.A.Kill())
		_, err := os.Stat(p.A.Socket())
		require.NoError(t, err, "a crash leaves the socket's file")
		require.NoError(t, p.A.Start())
		require.Error(t, p.A.Start(), "it runs already")
		sas, err := p.A.SAs(ctx)
		require.NoError(t, err)
		assert.Empty(t, sas)
		_, err = p.A.Swanctl(ctx, "--initiate", "--child", "site")
		require.Error(t, err, "a new daemon knows nothing")
	})
	t.Run("hang", func(t *testing.T) {
		require.NoError(t, p.A.Freeze())
		require.NoError(t, p.A.Thaw())
		_, err := p.A.Swanctl(ctx, "--stats")
		require.NoError(t, err)
	})
	t.Run("reset", func(t *testing.T) {
		require.NoError(t, p.B.WriteFile("x509ca/none.pem", ""))
		require.NoError(t, p.B.Reset(ctx))
		sas, err := p.B.SAs(ctx)
		require.NoError(t, err)
		assert.Empty(t, sas)
		list, err := p.B.Swanctl(ctx, "--list-conns")
		require.NoError(t, err)
		assert.Empty(t, list)
		assert.NoFileExists(t, filepath.Join(p.B.Path("swanctl"), "x509ca", "none.pem"))
	})
	t.Run("goodbye", func(t *testing.T) {
		require.NoError(t, p.B.Stop())
		require.NoError(t, p.B.Stop(), "twice is as good")
		require.Error(t, p.B.Freeze())
		_, err := p.B.SAs(ctx)
		require.Error(t, err)
	})
}

// Names lead where the test says, and other names nowhere, at once.
func TestIntegrationNames(t *testing.T) {
	p := pair(t)
	ctx := t.Context()
	require.NoError(t, p.A.Load(ctx, twohosts.Fill(conf, map[string]string{
		"LOCALNET": "10.10.12.0/24", "REMOTENET": "10.10.10.0/24",
		"LOCAL": p.A.Address.String(), "REMOTE": "elsewhere.vpn.net",
	})))
	begun := time.Now()
	out, err := p.A.Swanctl(ctx, "--initiate", "--child", "site")
	require.Error(t, err)
	assert.Contains(t, out, "unable to resolve elsewhere.vpn.net")
	assert.Less(t, time.Since(begun), 20*time.Second)
	require.NoError(t, p.A.SetNames(map[string]netip.Addr{"elsewhere.vpn.net": p.B.Address}))
	out, err = p.A.Swanctl(ctx, "--initiate", "--child", "site")
	require.Error(t, err)
	assert.Contains(t, out, "NO_PROPOSAL_CHOSEN", "resolved, and B has nothing loaded: %s", out)
}
