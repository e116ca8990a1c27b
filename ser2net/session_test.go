package ser2net_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

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
