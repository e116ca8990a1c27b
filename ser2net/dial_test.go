package ser2net_test

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
)

// server is a destination that a port dials.
type server struct {
	t     *testing.T
	l     net.Listener
	conns chan *peer
}

func (r *rig) serve(addr string) *server {
	r.t.Helper()
	l, err := r.network.Listen(r.t.Context(), "tcp", addr)
	require.NoError(r.t, err)
	s := &server{t: r.t, l: l, conns: make(chan *peer, 10)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.conns <- newPeer(r.t, conn)
		}
	}()
	return s
}

// next returns the next connection, nil when none comes for long.
func (s *server) next() *peer {
	s.t.Helper()
	select {
	case p := <-s.conns:
		synctest.Wait()
		return p
	case <-time.After(time.Hour):
		require.Fail(s.t, "nobody connected")
		return nil
	}
}

func (s *server) close() { _ = s.l.Close() }

func dials(to ...string) func(*ser2net.PortConfig) {
	return func(p *ser2net.PortConfig) { p.Listen, p.Connect.Destinations = "", to }
}

func TestDialAlways(t *testing.T) {
	c := config(port(dials("192.0.2.1:1", "192.0.2.2:1"), func(p *ser2net.PortConfig) { p.Banner = `\N` }))
	bubble(t, c, func(t *testing.T, r *rig) {
		sleep(t, "1s")
		assert.Contains(t, r.service.Status().Ports[0].LastError, "connection refused")
		assert.Zero(t, r.hardware.InUse())
		first := r.serve("192.0.2.1:1")
		defer first.close()
		one := first.next()
		assert.Equal(t, "a", one.heard())
		assert.Equal(t, 1, r.hardware.InUse())
		second := r.serve("192.0.2.2:1")
		defer second.close()
		two := second.next()
		assert.Equal(t, "a", two.heard())

		r.say("both")
		assert.Equal(t, "both", one.heard())
		assert.Equal(t, "both", two.heard())
		one.send("1")
		two.send("2")
		assert.Equal(t, "12", r.hear())

		one.close()
		again := first.next()
		again.send("again")
		assert.Equal(t, "again", r.hear())
		assert.Len(t, r.service.Status().Ports[0].Clients, 2)
		assert.True(t, r.service.Status().Ports[0].Clients[0].Dialed)
	})
}

// Retries get slower, and a destination that accepts and closes is not
// hammered either.
func TestDialBacksOff(t *testing.T) {
	bubble(t, config(port(dials("192.0.2.1:1"))), func(t *testing.T, r *rig) {
		s := r.serve("192.0.2.1:1")
		defer s.close()
		begun := time.Now()
		for range 12 {
			s.next().close()
		}
		assert.Greater(t, time.Since(begun), 2*time.Minute)
	})
}

func TestDialOnData(t *testing.T) {
	c := config(port(dials("192.0.2.1:1"), func(p *ser2net.PortConfig) {
		p.Connect.When, p.NetworkTimeout, p.Queue = ser2net.WhenOnData, seconds(10), 1024
	}))
	bubble(t, c, func(t *testing.T, r *rig) {
		s := r.serve("192.0.2.1:1")
		defer s.close()
		sleep(t, "1m")
		assert.Empty(t, s.conns)
		assert.Equal(t, 1, r.hardware.InUse(), "the device is open for its data")
		r.say("first")
		client := s.next()
		assert.Equal(t, "first", client.heard())
		client.send("answer")
		assert.Equal(t, "answer", r.hear())
		sleep(t, "11s")
		assert.True(t, client.ended(), "idle")

		s.close()
		want := pattern(3000)
		for at := 0; at < len(want); at += 100 {
			r.say(want[at : at+100])
		}
		sleep(t, "1h")
		s = r.serve("192.0.2.1:1")
		client = s.next()
		assert.Equal(t, want[3000-1024:], client.heard(), "the newest that has room")
		s.close()
		assert.EqualValues(t, 1, r.service.Status().Ports[0].Opens)
	})
}

// A device that is missing at the start, or goes, is awaited.
func TestDialOnDataAwaitsTheDevice(t *testing.T) {
	c := config(port(dials("192.0.2.1:1"), func(p *ser2net.PortConfig) { p.Connect.When = ser2net.WhenOnData }))
	c.Ports[0].Device = "/dev/later"
	bubble(t, c, func(t *testing.T, r *rig) {
		s := r.serve("192.0.2.1:1")
		defer s.close()
		sleep(t, "10s")
		assert.Contains(t, r.service.Status().Ports[0].LastError, "Value or file not found")
		r.hardware.Alias("/dev/later", r.line)
		sleep(t, "1s")
		r.line.Unplug()
		sleep(t, "10s")
		r.line.Plug()
		sleep(t, "1s")
		r.say("here")
		assert.Equal(t, "here", s.next().heard())
	})
}

func TestDialWithTelnet(t *testing.T) {
	for _, when := range []ser2net.When{ser2net.WhenAlways, ser2net.WhenOnData} {
		t.Run(string(when), func(t *testing.T) {
			c := config(port(dials("192.0.2.1:1"), telnet, func(p *ser2net.PortConfig) { p.Connect.When = when }))
			bubble(t, c, func(t *testing.T, r *rig) {
				s := r.serve("192.0.2.1:1")
				defer s.close()
				sleep(t, "10s")
				r.say("\xff!")
				assert.Equal(t, "\xff\xfb\x03\xff\xfd\x03\xff\xfd\x00\xff\xfb\x00\xff\xff!", s.next().heard())
			})
		})
	}
}

// A port may listen as well; its own clients do not count for max_clients.
func TestDialAndListen(t *testing.T) {
	c := config(port(func(p *ser2net.PortConfig) { p.Connect.Destinations = []string{"192.0.2.1:1"} }))
	bubble(t, c, func(t *testing.T, r *rig) {
		s := r.serve("192.0.2.1:1")
		defer s.close()
		dialed := s.next()
		client := r.connect()
		r.say("x")
		assert.Equal(t, "x", client.heard())
		assert.Equal(t, "x", dialed.heard())
		assert.Equal(t, "Port already in use\r\n", r.connect().heard())
	})
}

// Each connection controls the line, not only the first.
func TestDialOnDataWithRFC2217(t *testing.T) {
	c := config(port(dials("192.0.2.1:1"), rfc2217, func(p *ser2net.PortConfig) { p.Connect.When = ser2net.WhenOnData }))
	bubble(t, c, func(t *testing.T, r *rig) {
		s := r.serve("192.0.2.1:1")
		defer s.close()
		sleep(t, "5s")
		for range 3 {
			r.say("data")
			client := s.next()
			assert.Contains(t, client.heard(), "data")
			client.send(willComPort)
			assert.Equal(t, com(107, "\xb0"), client.heard())
			client.close()
			sleep(t, "1m")
		}
	})
}

// What follows the text that closes a connection is for the next one.
func TestCloseOnKeepsTheRest(t *testing.T) {
	c := config(port(dials("192.0.2.1:1"), func(p *ser2net.PortConfig) {
		p.Connect.When, p.CloseOn = ser2net.WhenOnData, "END"
	}))
	bubble(t, c, func(t *testing.T, r *rig) {
		s := r.serve("192.0.2.1:1")
		defer s.close()
		sleep(t, "5s")
		r.say("first")
		one := s.next()
		r.say("ENDnext")
		assert.Equal(t, "firstEND", one.heard())
		assert.Equal(t, "next", s.next().heard())
	})
}
