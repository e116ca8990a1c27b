package ser2net_test

import (
	"bytes"
	"context"
	"fmt"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
)

// sender is a peer by UDP.
type sender struct {
	t    *testing.T
	conn net.PacketConn
	in   chan string
}

func (r *rig) sender(addr string) *sender {
	r.t.Helper()
	conn, err := r.network.ListenPacket(r.t.Context(), "udp", addr)
	require.NoError(r.t, err)
	s := &sender{r.t, conn, make(chan string, 100)}
	r.t.Cleanup(func() { _ = conn.Close() })
	go func() {
		for {
			buf := make([]byte, 2000)
			n, _, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			s.in <- string(buf[:n])
		}
	}()
	return s
}

func (s *sender) send(text string) {
	s.t.Helper()
	_, err := s.conn.WriteTo([]byte(text), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:1")))
	require.NoError(s.t, err)
	synctest.Wait()
}

// heard returns the datagrams that came.
func (s *sender) heard() (all []string) {
	synctest.Wait()
	for {
		select {
		case one := <-s.in:
			all = append(all, one)
		default:
			return all
		}
	}
}

func udp(p *ser2net.PortConfig) { p.Network = ser2net.NetworkUDP }

func TestUDP(t *testing.T) {
	c := config(port(udp, func(p *ser2net.PortConfig) { p.NetworkTimeout = seconds(10) }))
	bubble(t, c, func(t *testing.T, r *rig) {
		one, two := r.sender("192.0.2.1:1000"), r.sender("192.0.2.2:1000")
		r.say("nobody is there")
		assert.Empty(t, one.heard())
		one.send("first")
		two.send("ignored")
		one.send("more")
		assert.Equal(t, "firstmore", r.hear())
		r.say("answer")
		assert.Equal(t, []string{"answer"}, one.heard())
		assert.Empty(t, two.heard())
		assert.Equal(t, "192.0.2.1:1000", r.service.Status().Ports[0].Clients[0].Remote)
		assert.EqualValues(t, 1, r.service.Status().Ports[0].Refused)
		sleep(t, "11s")
		assert.Zero(t, r.hardware.InUse(), "the first has timed out")
		two.send("mine now")
		assert.Equal(t, "mine now", r.hear())
		one.send("ignored")
		assert.Empty(t, r.hear())
	})
}

func TestUDPTwoPeersAndKick(t *testing.T) {
	c := config(port(udp, func(p *ser2net.PortConfig) { p.MaxClients, p.OnBusy = 2, ser2net.OnBusyKick }))
	bubble(t, c, func(t *testing.T, r *rig) {
		one, two, three := r.sender("192.0.2.1:1000"), r.sender("192.0.2.2:1000"), r.sender("192.0.2.3:1000")
		one.send("1")
		two.send("2")
		r.say("a")
		assert.Equal(t, []string{"a"}, one.heard())
		assert.Equal(t, []string{"a"}, two.heard())
		three.send("3")
		r.say("b")
		assert.Empty(t, one.heard())
		assert.Equal(t, []string{"b"}, two.heard())
		assert.Equal(t, []string{"b"}, three.heard())
	})
}

func TestUDPAllowAndPacking(t *testing.T) {
	c := config(port(udp, func(p *ser2net.PortConfig) {
		p.Allow = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/30")}
		p.Packing.Delimiter = ";"
	}))
	bubble(t, c, func(t *testing.T, r *rig) {
		foreign, known := r.sender("192.0.2.9:1000"), r.sender("192.0.2.1:1000")
		foreign.send("x")
		assert.Empty(t, r.hear())
		known.send("y")
		assert.Equal(t, "y", r.hear())
		r.say("on")
		r.say("e;two;thr")
		assert.Equal(t, []string{"one;", "two;"}, known.heard())
	})
}

// A datagram longer than the buffer goes to the device whole.
func TestUDPLongDatagram(t *testing.T) {
	bubble(t, config(port(udp)), func(t *testing.T, r *rig) {
		s := r.sender("192.0.2.1:1000")
		want := pattern(20_000)
		s.send(want)
		assert.Equal(t, want, r.hear())
	})
}

// onDataUDP starts a port that dials a socket of the test once the device has
// sent something, and cannot before the test says so.
func onDataUDP(t *testing.T, change func(*ser2net.PortConfig)) (s *ser2net.Service, line *ser2nettest.Line, socket net.PacketConn, connect func()) {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = socket.Close() })
	require.NoError(t, socket.SetReadDeadline(time.Now().Add(20*time.Second)))
	hardware := new(ser2nettest.Opener)
	line = hardware.Add(device, ser2nettest.Hardware{})
	may := make(chan struct{})
	s, err = ser2net.New(config(port(udp, dials(socket.LocalAddr().String()), func(p *ser2net.PortConfig) {
		p.Connect.When = ser2net.WhenOnData
		change(p)
	})), ser2net.Options{Opener: hardware, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		select {
		case <-may:
			return new(net.Dialer).DialContext(ctx, network, addr)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, s.Stop(context.Background())) })
	require.Eventually(t, line.InUse, 20*time.Second, time.Millisecond)
	return s, line, socket, func() { close(may) }
}

// Packets that waited for a connection are datagrams each.
func TestUDPKeepsPackets(t *testing.T) {
	s, line, socket, connect := onDataUDP(t, func(p *ser2net.PortConfig) { p.Packing.Delimiter = ";" })
	_, err := line.Far().Write([]byte("one;two;three"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return s.Status().Ports[0].ToNetwork == 13 }, 20*time.Second, time.Millisecond)
	connect()
	buf := make([]byte, 100)
	for _, want := range []string{"one;", "two;"} {
		n, _, err := socket.ReadFrom(buf)
		require.NoError(t, err)
		assert.Equal(t, want, string(buf[:n]))
	}
}

// Of more than the queue holds the latest stays, in whole datagrams.
func TestUDPLongQueue(t *testing.T) {
	const queue = 32 << 10
	s, line, socket, connect := onDataUDP(t, func(p *ser2net.PortConfig) { p.Queue = queue })
	var text []byte
	for i := range 20_000 {
		text = fmt.Appendf(text, "%05d", i)
	}
	_, err := line.Far().Write(text)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return s.Status().Ports[0].ToNetwork == uint64(len(text)) }, 20*time.Second, time.Millisecond)
	connect()
	var got []byte
	buf := make([]byte, 1<<16)
	for !bytes.HasSuffix(got, []byte("19999")) {
		n, _, err := socket.ReadFrom(buf)
		require.NoError(t, err, "after %d bytes", len(got))
		got = append(got, buf[:n]...)
	}
	assert.LessOrEqual(t, len(got), queue)
	assert.Greater(t, len(got), queue/2)
	assert.True(t, bytes.HasSuffix(text, got), "all that was kept, in order")
	assert.EqualValues(t, len(text)-len(got), s.Status().Ports[0].Clients[0].Dropped)
}

// stuckSocket takes nothing until it is closed.
type stuckSocket struct {
	net.PacketConn
	closed chan struct{}
}

func (s stuckSocket) WriteTo([]byte, net.Addr) (int, error) {
	<-s.closed
	return 0, net.ErrClosed
}

func (s stuckSocket) Close() error {
	close(s.closed)
	return s.PacketConn.Close()
}

func TestUDPStuckSocket(t *testing.T) {
	hardware := new(ser2nettest.Opener)
	line := hardware.Add(device, ser2nettest.Hardware{})
	s, err := ser2net.New(config(port(udp, func(p *ser2net.PortConfig) { p.Listen = "127.0.0.1:0" })), ser2net.Options{
		Opener: hardware,
		ListenPacket: func(_ context.Context, network, addr string) (net.PacketConn, error) {
			socket, err := net.ListenPacket(network, addr)
			return stuckSocket{socket, make(chan struct{})}, err
		},
	})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	conn, err := net.Dial("udp", s.Status().Ports[0].Listening)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = conn.Write([]byte("x"))
	require.NoError(t, err)
	_, err = io.ReadFull(line.Far(), make([]byte, 1))
	require.NoError(t, err)
	_, err = line.Far().Write([]byte("answer"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return s.Status().Ports[0].ToNetwork == 6 }, 20*time.Second, time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, s.Stop(ctx))
}
