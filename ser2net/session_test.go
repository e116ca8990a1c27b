package ser2net_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
)

func TestDataGoesBothWays(t *testing.T) {
	bubble(t, config(port()), func(t *testing.T, r *rig) {
		assert.Zero(t, r.hardware.InUse(), "nobody is connected")
		client := r.connect()
		assert.Equal(t, 1, r.hardware.InUse())
		client.send("to the device")
		assert.Equal(t, "to the device", r.hear())
		r.say("to the network")
		assert.Equal(t, "to the network", client.heard())

		client.close()
		assert.Zero(t, r.hardware.InUse(), "the last client has left")
		assert.Equal(t, []ser2net.EventKind{"listening", "opened", "connected", "disconnected", "closed"}, r.kinds())
	})
}

func TestTwoClientsShareTheDevice(t *testing.T) {
	bubble(t, config(port(func(p *ser2net.PortConfig) { p.MaxClients = 2 })), func(t *testing.T, r *rig) {
		one, two := r.connect(), r.connect()
		r.say("for both")
		assert.Equal(t, "for both", one.heard())
		assert.Equal(t, "for both", two.heard())
		one.send("1")
		two.send("2")
		assert.Equal(t, "12", r.hear())
		one.close()
		r.say("for one")
		assert.Equal(t, "for one", two.heard())
		three := r.connect()
		r.say("for new")
		assert.Equal(t, "for new", three.heard())
	})
}

// What a client sent before it left still goes out, at the pace of the line,
// and the next client waits for that.
func TestOutputIsSentBeforeTheDeviceIsClosed(t *testing.T) {
	bubbleOn(t, config(port()), ser2nettest.Hardware{Paced: true}, func(t *testing.T, r *rig) {
		client := r.connect()
		client.send("0123456789")
		client.close()
		next := r.dial("127.0.0.1:1")
		next.send("next")
		synctest.Wait()
		sleep(t, "1s")
		assert.Equal(t, "0123456789next", r.hear())
		assert.EqualValues(t, 2, r.service.Status().Ports[0].Opens)
	})
}

// A line that is slow for ever keeps nobody waiting without a word, and loses
// nothing.
func TestSlowLineIsInUse(t *testing.T) {
	c := config(port(func(p *ser2net.PortConfig) { p.Mode.Baud = 50 }))
	bubbleOn(t, c, ser2nettest.Hardware{Paced: true}, func(t *testing.T, r *rig) {
		want := pattern(4000) // 800 s
		client := r.connect()
		client.send(want)
		client.close()
		for range 3 {
			next := r.connect()
			sleep(t, "9s")
			assert.Equal(t, ser2net.StateOpening, r.service.Status().Ports[0].State)
			assert.Empty(t, next.heard())
			sleep(t, "2s")
			assert.Equal(t, "Port's device already in use\r\n", next.heard())
			assert.True(t, next.ended())
		}
		sleep(t, "795s")
		last := r.connect() // in time
		sleep(t, "5s")
		assert.Equal(t, want, r.hear())
		r.say("hello")
		assert.Empty(t, last.heard(), "which takes a while at 50 baud")
		sleep(t, "1s")
		assert.Equal(t, "hello", last.heard())
	})
}

// Stop does not wait for a slow line: a second for its output, and no more.
func TestStopWithASlowLine(t *testing.T) {
	c := config(port(func(p *ser2net.PortConfig) { p.Mode.Baud = 50 }))
	bubbleOn(t, c, ser2nettest.Hardware{Paced: true}, func(t *testing.T, r *rig) {
		r.connect().send(pattern(4000))
		begun := time.Now()
		require.NoError(t, r.service.Stop(t.Context()))
		assert.Equal(t, time.Second, time.Since(begun).Truncate(10*time.Millisecond))
		assert.Len(t, r.hear(), 5)
	})
}

// A client that loses its place while the device takes nothing is not in the
// way of the next, once the device goes on.
func TestDisconnectedWhileTheDeviceIsWedged(t *testing.T) {
	bubble(t, config(port(func(p *ser2net.PortConfig) { p.MaxClients = 3 })), func(t *testing.T, r *rig) {
		clients := []*peer{r.connect(), r.connect(), r.connect()}
		r.line.Wedge(true)
		for i, text := range []string{strings.Repeat("x", 100_000), "gone", "stays"} {
			go func() { _, _ = clients[i].conn.Write([]byte(text)) }()
			synctest.Wait()
		}
		for _, c := range r.service.Status().Ports[0].Clients[:2] {
			require.NoError(t, r.service.Disconnect("a", c.ID))
		}
		sleep(t, "1m")
		r.line.Wedge(false)
		sleep(t, "1s")
		got := r.hear()
		assert.True(t, strings.HasSuffix(got, "stays"))
		assert.NotContains(t, got, "gone")
	})
}
