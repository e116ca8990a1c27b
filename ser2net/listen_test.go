package ser2net_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/memnet"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
)

// errTrouble is what a socket fails with for a while, such as too many open
// files.
var errTrouble = errors.New("trouble")

// troubledListener fails so often before it accepts.
type troubledListener struct {
	net.Listener
	failures, calls int
}

func (l *troubledListener) Accept() (net.Conn, error) {
	if l.calls++; l.calls <= l.failures {
		return nil, errTrouble
	}
	return l.Listener.Accept()
}

// A listener that fails goes on, without keeping the processor busy.
func TestListenerInTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, hardware := new(memnet.Network), new(ser2nettest.Opener)
		hardware.Add(device, ser2nettest.Hardware{})
		l := &troubledListener{failures: 10}
		failed := 0
		s, err := ser2net.New(config(port()), ser2net.Options{
			Opener: hardware,
			Listen: func(ctx context.Context, kind, addr string) (net.Listener, error) {
				inner, err := network.Listen(ctx, kind, addr)
				l.Listener = inner
				return l, err
			},
			OnEvent: func(e ser2net.Event) { failed += boolToInt(e.Kind == ser2net.EventFailed) },
		})
		require.NoError(t, err)
		begun := time.Now()
		require.NoError(t, s.Start(t.Context()))
		conn, err := network.Dial(t.Context(), "tcp", "127.0.0.1:1")
		require.NoError(t, err)
		assert.Greater(t, time.Since(begun), time.Second, "it pauses, longer each time")
		assert.Less(t, time.Since(begun), 10*time.Second)
		synctest.Wait()
		assert.Equal(t, ser2net.StateOpen, s.Status().Ports[0].State)
		assert.Equal(t, 1, failed, "told once")
		assert.Equal(t, "trouble", s.Status().Ports[0].LastError)
		_ = conn.Close()
		require.NoError(t, s.Stop(t.Context()))
	})
}

// troubledSocket fails once before it reads.
type troubledSocket struct {
	net.PacketConn
	failed bool
}

func (s *troubledSocket) ReadFrom(p []byte) (int, net.Addr, error) {
	if !s.failed {
		s.failed = true
		return 0, nil, errTrouble
	}
	return s.PacketConn.ReadFrom(p)
}

// So does a socket of UDP, to which the kernel reports what others did.
func TestUDPSocketInTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, hardware := new(memnet.Network), new(ser2nettest.Opener)
		line := hardware.Add(device, ser2nettest.Hardware{})
		s, err := ser2net.New(config(port(udp)), ser2net.Options{
			Opener: hardware,
			ListenPacket: func(ctx context.Context, kind, addr string) (net.PacketConn, error) {
				inner, err := network.ListenPacket(ctx, kind, addr)
				return &troubledSocket{PacketConn: inner}, err
			},
		})
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		client, err := network.ListenPacket(t.Context(), "udp", "127.0.0.1:9")
		require.NoError(t, err)
		_, err = client.WriteTo([]byte("x"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:1")))
		require.NoError(t, err)
		got := make([]byte, 1)
		_, err = line.Far().Read(got)
		require.NoError(t, err)
		assert.Equal(t, "x", string(got))
		require.NoError(t, client.Close())
		require.NoError(t, s.Stop(t.Context()))
	})
}
