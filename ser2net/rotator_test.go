package ser2net_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
)

func TestRotator(t *testing.T) {
	c := config(port(telnet, func(p *ser2net.PortConfig) { p.Listen = "" }), second())
	c.Rotators = []ser2net.RotatorConfig{{Name: "r", Enabled: true, Listen: "127.0.0.1:9", Ports: []string{"a", "b"}}}
	bubble(t, c, func(t *testing.T, r *rig) {
		other := r.hardware.Add("/dev/ttyUSB1", ser2nettest.Hardware{})
		machine := newPeer(t, other.Far())
		defer machine.close()
		one, two := r.dial("127.0.0.1:9"), r.dial("127.0.0.1:9")
		one.send("1")
		two.send("2")
		assert.Equal(t, "1", r.hear())
		assert.Equal(t, "2", machine.heard())
		assert.Equal(t, options, one.heard(), "each port with its own protocol")
		assert.Empty(t, two.heard())

		late := r.dial("127.0.0.1:9")
		assert.Equal(t, options+"No free port found\r\n", late.heard())
		assert.True(t, late.ended())

		two.close()
		again := r.dial("127.0.0.1:9")
		again.send("3")
		assert.Equal(t, "3", machine.heard())
		assert.Equal(t, "127.0.0.1:9", r.service.Status().Rotators[0].Listening)

		c.Rotators[0].Ports = []string{"b", "a"}
		require.NoError(t, r.service.Apply(t.Context(), c))
		assert.False(t, again.ended(), "the sessions of its ports live on")
		assert.Equal(t, "No free port found\r\n", r.dial("127.0.0.1:9").heard())
	})
}

// A rotator can be stopped while a port has its hands full with newcomers.
func TestRotatorStopsWhileItWaits(t *testing.T) {
	c := config(port())
	c.Rotators = []ser2net.RotatorConfig{{Name: "r", Enabled: true, Listen: "127.0.0.1:9", Ports: []string{"a"}}}
	bubble(t, c, func(t *testing.T, r *rig) {
		r.dial("127.0.0.1:9")
		for range 33 { // who reads nothing holds up its refusal
			conn, err := r.network.Dial(t.Context(), "tcp", "127.0.0.1:9")
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
		}
		synctest.Wait()
		c.Rotators = nil
		begun := time.Now()
		require.NoError(t, r.service.Apply(t.Context(), c))
		assert.Zero(t, time.Since(begun))
	})
}

// The turn goes round, so no port wears out before the others.
func TestRotatorGoesRound(t *testing.T) {
	c := config(port(), second())
	c.Rotators = []ser2net.RotatorConfig{{Name: "r", Enabled: true, Listen: "127.0.0.1:9", Ports: []string{"a", "b"}}}
	bubble(t, c, func(t *testing.T, r *rig) {
		r.hardware.Add("/dev/ttyUSB1", ser2nettest.Hardware{})
		for range 6 {
			client := r.dial("127.0.0.1:9")
			sleep(t, "1s")
			client.close()
		}
		status := r.service.Status()
		assert.EqualValues(t, 3, status.Ports[0].Connects)
		assert.EqualValues(t, 3, status.Ports[1].Connects)
	})
}
