package strongswan_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/twohosts"
	"github.com/fieldgate/fieldgate/ipsec"
)

// patience is how long a test waits for what two real daemons agree on.
const patience = 45 * time.Second

// secret is the pre-shared key of the specification's walk-through.
const secret = "thebigsecret"

// site is a gateway on host A whose peer, on host B, is set up by swanctl. Its
// daemons serve many subtests, one after another.
type site struct {
	*twohosts.Pair
}

// newSite makes the hosts for a test and its subtests.
func newSite(t *testing.T, o twohosts.Options) *site {
	t.Helper()
	p, err := twohosts.New(o)
	if errors.Is(err, twohosts.ErrUnavailable) && os.Getenv("CI") != "true" {
		t.Skip("skipped: ", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return &site{p}
}

// peer gives B its configuration, until the end of the test.
func (s *site) peer(t *testing.T, conf string) {
	t.Helper()
	require.NoError(t, s.B.Load(t.Context(), conf), "%s", conf)
	t.Cleanup(func() { assert.NoError(t, s.B.Reset(context.Background())) })
}

// backend returns the backend under test.
func (s *site) backend(t *testing.T) ipsec.Backend { return backend(t, s.A.Socket()) }

// child returns the only data channel that B has for a connection of its own,
// once it has it: with IKEv1 the last message is ours, and B may still be busy
// with it.
func (s *site) child(t *testing.T, name string) (sa twohosts.SA, child twohosts.Child) {
	t.Helper()
	var sas []twohosts.SA
	eventually(t, func() bool {
		var err error
		sas, err = s.B.SAs(t.Context())
		require.NoError(t, err)
		found := 0
		for _, one := range sas {
			for _, c := range one.Children {
				if one.Name == name && c.Values["state"] == "INSTALLED" {
					found++
					sa, child = one, c
				}
			}
		}
		return found == 1
	}, func() string { return fmt.Sprintf("the peer is to have one data channel of %s: %+v", name, sas) })
	return sa, child
}

// installed returns how many data channels B has for a connection of its own.
func (s *site) installed(t *testing.T, name string) int {
	t.Helper()
	children, err := s.B.Installed(t.Context(), name)
	require.NoError(t, err)
	return len(children)
}

// ping pings from A's LAN to B's. With IKEv1 the first packets may come before
// the peer is ready.
func (s *site) ping(t *testing.T) {
	t.Helper()
	s.pingTo(t, s.A.LAN.Addr(), s.B.LAN.Addr())
}

func (s *site) pingTo(t *testing.T, from, to netip.Addr) {
	t.Helper()
	eventually(t, func() bool { return s.A.Ping(t.Context(), from, to, 1) == nil },
		func() string { return fmt.Sprintf("a ping from %s to %s", from, to) })
	require.NoError(t, s.A.Ping(t.Context(), from, to, 2))
}

// eventually waits for a fact.
func eventually(t *testing.T, fact func() bool, otherwise func() string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !fact(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			require.Fail(t, "it took too long", "%s", otherwise())
		}
	}
}
