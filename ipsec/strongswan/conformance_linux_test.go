package strongswan_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/twohosts"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest/suite"
)

// hosts returns two hosts until the end of the test.
func hosts(t testing.TB) *twohosts.Pair {
	t.Helper()
	p, err := twohosts.New(twohosts.Options{})
	if errors.Is(err, twohosts.ErrUnavailable) && os.Getenv("CI") != "true" {
		t.Skip("skipped: ", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

// farEnd is one of the tunnels as the peer has it.
const farEnd = `
  site%[1]d {
    version = 2
    mobike = no
    local_addrs = 192.0.2.2
    remote_addrs = 192.0.2.1
    proposals = aes256-sha256-modp1536
    local {
      auth = psk
      id = far%[1]d
    }
    remote {
      auth = psk
      id = near%[1]d
    }
    children {
      site%[1]d {
        local_ts = 10.10.%[1]d0.0/24
        remote_ts = 10.10.12.0/24
        esp_proposals = aes128-sha1
      }
    }
  }
`

// farKey is the peer's key of a tunnel.
const farKey = `
  ike-site%[1]d {
    secret = thebigsecret%[1]d
    id-1 = far%[1]d
    id-2 = near%[1]d
  }
`

func farConf() string {
	var conns, keys strings.Builder
	for i := range 2 {
		fmt.Fprintf(&conns, farEnd, i+1)
		fmt.Fprintf(&keys, farKey, i+1)
	}
	return "connections {" + conns.String() + "}\nsecrets {" + keys.String() + "}\n"
}

func TestIntegrationConformance(t *testing.T) {
	suite.TestBackend(t, func(t *testing.T) suite.Rig {
		p := hosts(t)
		require.NoError(t, p.B.AddLAN(netip.MustParsePrefix("10.10.20.1/24")))
		require.NoError(t, p.B.Load(t.Context(), farConf()))
		return suite.Rig{
			Backend: backend(t, p.A.Socket()), Second: backend(t, p.A.Socket()),
			Connections: two(t), Judges: true, Rekeys: true,
			Silence: func() { require.NoError(t, p.Blackhole()) },
			Answer:  func() { require.NoError(t, p.Restore()) },
			Close: func(name string) {
				_, err := p.B.Swanctl(t.Context(), "--terminate", "--ike", name)
				require.NoError(t, err)
			},
			Unload: func(string) { // as it does with all that is not in its files
				require.NoError(t, p.A.Load(t.Context(), "connections {\n"+fmt.Sprintf(farEnd, 7)+"}\n"))
			},
			Kill:    func() { require.NoError(t, p.A.Kill()) },
			Restart: func() { require.NoError(t, p.A.Start()) },
			Foreign: func() func() bool {
				require.NoError(t, p.A.Load(t.Context(), "connections {\n"+fmt.Sprintf(farEnd, 7)+"}\n"))
				return func() bool {
					out, err := p.A.Swanctl(t.Context(), "--list-conns")
					require.NoError(t, err)
					return strings.Contains(out, "site7:")
				}
			},
		}
	})
}
