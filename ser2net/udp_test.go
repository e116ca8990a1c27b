package ser2net_test

import (
	"net"
	"net/netip"
	"testing"
	"testing/synctest"

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
		assert.Equal(t, []string{"kicked off, new user is coming\r\n"}, one.heard())
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
