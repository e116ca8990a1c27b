package memnet_test

import (
	"context"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/memnet"
)

func TestPackets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n memnet.Network
		a, err := n.ListenPacket(t.Context(), "udp", "192.0.2.1:5150")
		require.NoError(t, err)
		b, err := n.ListenPacket(t.Context(), "udp", "[2001:db8::1]:0")
		require.NoError(t, err)
		_, err = n.ListenPacket(t.Context(), "udp", "192.0.2.1:5150")
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		_, err = n.ListenPacket(t.Context(), "udp", "nonsense")
		require.Error(t, err)
		assert.Equal(t, 2, n.Open())

		_, err = b.WriteTo([]byte("one"), a.LocalAddr())
		require.NoError(t, err)
		_, err = b.WriteTo([]byte("two"), a.LocalAddr())
		require.NoError(t, err)
		_, err = b.WriteTo([]byte("to nobody"), &net.UDPAddr{IP: net.IPv4(192, 0, 2, 9), Port: 1})
		require.NoError(t, err)
		buf := make([]byte, 10)
		for _, want := range []string{"one", "two"} {
			k, from, err := a.ReadFrom(buf)
			require.NoError(t, err)
			assert.Equal(t, want, string(buf[:k]))
			assert.Equal(t, b.LocalAddr(), from)
		}

		began := time.Now()
		require.NoError(t, a.SetReadDeadline(began.Add(time.Second)))
		_, _, err = a.ReadFrom(buf)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began))

		require.NoError(t, a.SetDeadline(time.Time{}))
		go func() {
			time.Sleep(time.Second)
			assert.NoError(t, a.SetReadDeadline(time.Unix(1, 0)))
		}()
		_, _, err = a.ReadFrom(buf)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded, "a deadline wakes who reads")

		require.NoError(t, b.Close())
		require.NoError(t, b.Close())
		_, _, err = b.ReadFrom(buf)
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = b.WriteTo(nil, a.LocalAddr())
		require.ErrorIs(t, err, net.ErrClosed)
		require.NoError(t, a.Close())
		assert.Zero(t, n.Open())

		n.Refuse(syscall.EACCES)
		_, err = n.ListenPacket(t.Context(), "udp", "192.0.2.1:5150")
		require.ErrorIs(t, err, syscall.EACCES)
		n.Hold()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = n.ListenPacket(ctx, "udp", "192.0.2.1:5150")
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}
