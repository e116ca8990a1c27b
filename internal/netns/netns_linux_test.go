package netns_test

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/netns"
)

// namespace returns a namespace until the end of the test.
func namespace(t *testing.T) *netns.Namespace {
	n, err := netns.New()
	if errors.Is(err, netns.ErrUnavailable) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	return n
}

func TestIntegrationTwoNamespaces(t *testing.T) {
	a, b := namespace(t), namespace(t)
	require.NoError(t, a.Connect("up", b, "down"))
	require.NoError(t, a.IP("addr", "add", "10.0.0.1/24", "dev", "up"))
	require.NoError(t, b.IP("addr", "add", "10.0.0.2/24", "dev", "down"))

	server, err := b.ListenPacket(t.Context(), "udp", "10.0.0.2:5150")
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	client, err := a.Dial(t.Context(), "udp", "10.0.0.2:5150")
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	_, err = client.Write([]byte("hello"))
	require.NoError(t, err)
	require.NoError(t, server.SetReadDeadline(time.Now().Add(20*time.Second)))
	buf := make([]byte, 16)
	size, from, err := server.ReadFrom(buf)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(buf[:size]))
	assert.Equal(t, client.LocalAddr().String(), from.String())

	out, err := a.Command(t.Context(), "ip", "-o", "addr", "show", "dev", "up").CombinedOutput()
	require.NoError(t, err)
	assert.Contains(t, string(out), "10.0.0.1/24")
}

// A namespace is apart: it has no interface of the host, and the host none of
// its own; and Do leaves nobody behind in it.
func TestIntegrationIsolation(t *testing.T) {
	a, b := namespace(t), namespace(t)
	require.NoError(t, a.Connect("up", b, "down"))
	var inside []net.Interface
	require.NoError(t, a.Do(func() (err error) {
		inside, err = net.Interfaces()
		return err
	}))
	outside, err := net.Interfaces()
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"lo", "up"}, names(inside))
	assert.NotContains(t, names(outside), "up")
}

func names(list []net.Interface) (all []string) {
	for _, i := range list {
		all = append(all, i.Name)
	}
	return all
}

func TestIntegrationErrors(t *testing.T) {
	a := namespace(t)
	err := a.IP("addr", "add", "10.0.0.1/24", "dev", "none")
	require.ErrorContains(t, err, "none")
	broken := errors.New("broken")
	require.ErrorIs(t, a.Do(func() error { return broken }), broken)
	gone, err := netns.New()
	require.NoError(t, err)
	require.NoError(t, gone.Close())
	require.ErrorContains(t, gone.Do(func() error { return nil }), gone.String())
	require.Error(t, gone.Close())
}
