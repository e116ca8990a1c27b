package xl2tpd

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lastPeer is a peer that expects a certain message next, and loses every
// third.
func lastPeer(t *testing.T, next uint16, silent bool) (conn net.Conn, stopped chan []byte) {
	listener, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	conn, err = net.Dial("udp4", listener.LocalAddr().String())
	require.NoError(t, err)
	stopped = make(chan []byte, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 100)
		for i := 1; ; i++ {
			n, from, err := listener.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			if silent || i%3 == 0 {
				continue
			}
			if binary.BigEndian.Uint16(b[8:]) == next {
				next++
				stopped <- append([]byte(nil), b[:n]...)
			}
			answer := binary.BigEndian.AppendUint16([]byte{0xc8, 2, 0, 12, 0, 7, 0, 0, 0, 4}, next)
			for _, datagram := range [][]byte{{1}, append([]byte{0xc8, 2, 0, 12, 0, 8, 0, 0, 0, 4}, 0, 9), answer} {
				_, _ = listener.WriteToUDPAddrPort(datagram, from)
			}
		}
	}()
	t.Cleanup(func() {
		require.NoError(t, conn.Close())
		require.NoError(t, listener.Close())
		<-done
	})
	return conn, stopped
}

func TestFarewell(t *testing.T) {
	for _, next := range []uint16{2, 4, 300, 65535} {
		conn, stopped := lastPeer(t, next, false)
		require.NoError(t, farewell(t.Context(), conn, tunnel{ours: 7, theirs: 515}), next)
		select {
		case b := <-stopped:
			assert.Equal(t, []byte{0xc8, 2, 0, 36, 2, 3, 0, 0, byte(next >> 8), byte(next), 0, 4}, b[:12])
			assert.Equal(t, []byte{0x80, 8, 0, 0, 0, 0, 0, 4, 0x80, 8, 0, 0, 0, 9, 0, 7, 0x80, 8, 0, 0, 0, 1, 0, 1}, b[12:])
		default:
			assert.Fail(t, "it was not told")
		}
	}
	conn, _ := lastPeer(t, 4, true)
	require.ErrorContains(t, farewell(t.Context(), conn, tunnel{7, 515}), "let go of the tunnel 515")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, farewell(ctx, conn, tunnel{7, 515}), context.DeadlineExceeded)
}

func TestTunnelOf(t *testing.T) {
	peer := netip.MustParseAddr("192.0.2.2")
	log := []string{
		"xl2tpd[1]: Connection established to 192.0.2.2, 1701.  Local: 1, Remote: 2 (ref=0/0).",
		"xl2tpd[1]: Connection established to 192.0.2.2, 1701.  Local: 58937, Remote: 4902 (ref=0/0).",
		"xl2tpd[1]: Connection established to 192.0.2.22, 1701.  Local: 3, Remote: 4 (ref=0/0).",
	}
	got, found := tunnelOf(peer, log)
	assert.True(t, found)
	assert.Equal(t, tunnel{58937, 4902}, got)
	for _, log := range [][]string{nil, log[2:], {"Connection established to 192.0.2.2, 1701.  Local: 99999, Remote: 4"}} {
		_, found := tunnelOf(peer, log)
		assert.False(t, found)
	}
}
