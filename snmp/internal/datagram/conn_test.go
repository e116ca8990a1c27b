//go:build linux && !386 && !s390x

package datagram_test

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/snmp/internal/datagram"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen returns a Conn and its address.
func listen(t *testing.T, address string) (*datagram.Conn, *net.UDPAddr) {
	t.Helper()
	c, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Skip("this host cannot listen there: " + err.Error())
	}
	conn, err := datagram.New(c.(*net.UDPConn))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, conn.Close()) })
	return conn, c.LocalAddr().(*net.UDPAddr)
}

// ask sends a datagram from a socket of its own.
func ask(t *testing.T, to *net.UDPAddr, text string) *net.UDPConn {
	t.Helper()
	c, err := net.DialUDP("udp", nil, to)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	_, err = c.Write([]byte(text))
	require.NoError(t, err)
	return c
}

func TestAnswer(t *testing.T) {
	for name, c := range map[string]struct{ listen, dial string }{
		"IPv4":           {"127.0.0.1:0", "127.0.0.1"},
		"IPv6":           {"[::1]:0", "::1"},
		"IPv4 over IPv6": {":0", "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, at := listen(t, c.listen)
			at.IP = net.ParseIP(c.dial)
			buf, oob := make([]byte, 100), make([]byte, 64)
			for _, text := range []string{"one", "", "three"} {
				client := ask(t, at, text)
				n, _, from, err := conn.Receive(buf, oob)
				require.NoError(t, err)
				assert.Equal(t, text, string(buf[:n]))
				want := client.LocalAddr().(*net.UDPAddr).AddrPort()
				assert.Equal(t, netip.AddrPortFrom(want.Addr().Unmap(), want.Port()), netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
				require.NoError(t, conn.Answer([]byte("answer to "+text), nil))
				require.NoError(t, client.SetReadDeadline(time.Now().Add(10*time.Second)))
				got := make([]byte, 100)
				n, err = client.Read(got)
				require.NoError(t, err)
				assert.Equal(t, "answer to "+text, string(got[:n]))
			}
		})
	}
}

// A datagram that does not fit is cut.
func TestReceiveCuts(t *testing.T) {
	conn, at := listen(t, "127.0.0.1:0")
	ask(t, at, "longer than that")
	buf := make([]byte, 6)
	n, _, _, err := conn.Receive(buf, make([]byte, 64))
	require.NoError(t, err)
	assert.Equal(t, "longer", string(buf[:n]))
}

// Close ends a Receive that waits, and the next one too.
func TestClose(t *testing.T) {
	for name, pause := range map[string]time.Duration{"while it waits": 20 * time.Millisecond, "before": 0} {
		t.Run(name, func(t *testing.T) {
			conn, at := listen(t, "127.0.0.1:0")
			var all sync.WaitGroup
			all.Go(func() {
				for range 2 {
					_, _, _, err := conn.Receive(make([]byte, 100), make([]byte, 64))
					assert.ErrorIs(t, err, net.ErrClosed)
				}
			})
			time.Sleep(pause) // either order must do
			require.NoError(t, conn.Close())
			require.NoError(t, conn.Close(), "again")
			all.Wait()
			again, err := net.ListenUDP("udp", at)
			require.NoError(t, err, "the address is free")
			require.NoError(t, again.Close())
			assert.Error(t, conn.Answer([]byte("x"), nil))
		})
	}
}

func TestNothingIsAllocated(t *testing.T) {
	conn, at := listen(t, "127.0.0.1:0")
	client := ask(t, at, "x")
	buf, oob, got, text := make([]byte, 100), make([]byte, 64), make([]byte, 100), []byte("x")
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if _, _, _, err := conn.Receive(buf, oob); err != nil {
			t.Error(err)
		}
		if err := conn.Answer(text, nil); err != nil {
			t.Error(err)
		}
		if _, err := client.Read(got); err != nil {
			t.Error(err)
		}
		if _, err := client.Write(text); err != nil {
			t.Error(err)
		}
	}))
}
