package ser2net_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
)

// second is a port beside port(), for a device of its own.
func second(changes ...func(*ser2net.PortConfig)) ser2net.PortConfig {
	p := port(func(p *ser2net.PortConfig) { p.Name, p.Listen, p.Device = "b", "127.0.0.1:2", "/dev/ttyUSB1" })
	for _, change := range changes {
		change(&p)
	}
	return p
}

// apply makes a Config the one in force.
func (r *rig) apply(ports ...ser2net.PortConfig) {
	r.t.Helper()
	require.NoError(r.t, r.service.Apply(r.t.Context(), config(ports...)))
}

func TestApplyTouchesOnlyWhatChanged(t *testing.T) {
	bubble(t, config(port(), second()), func(t *testing.T, r *rig) {
		other := r.hardware.Add("/dev/ttyUSB1", ser2nettest.Hardware{})
		machine := newPeer(t, other.Far())
		defer machine.close()
		one, two := r.connect(), r.dial("127.0.0.1:2")

		changed := second(func(p *ser2net.PortConfig) { p.Mode.Baud = 19200 })
		r.apply(port(), changed)
		one.send("lives on")
		assert.Equal(t, "lives on", r.hear())
		assert.True(t, two.ended())
		two = r.dial("127.0.0.1:2")
		two.send("x")
		assert.Equal(t, "x", machine.heard())
		assert.Equal(t, 19200, other.Mode().Baud)

		r.apply(port(), changed)
		assert.False(t, two.ended(), "the same Config touches nothing")
		r.apply(changed)
		assert.True(t, one.ended())
		assert.False(t, two.ended())
		assert.Len(t, r.service.Status().Ports, 1)
	})
}

func TestApplySwapsAddresses(t *testing.T) {
	bubble(t, config(port(), second()), func(t *testing.T, r *rig) {
		client := r.connect()
		a, b := port(), second()
		a.Listen, b.Listen = b.Listen, a.Listen
		third := port(func(p *ser2net.PortConfig) { p.Name, p.Listen = "c", "127.0.0.1:3" })
		r.apply(b, third, a)
		assert.True(t, client.ended())
		client = r.dial("127.0.0.1:2")
		client.send("swapped")
		assert.Equal(t, "swapped", r.hear())
		assert.Equal(t, "Port's device already in use\r\n", r.dial("127.0.0.1:3").heard())
	})
}

func TestApplyRefusesABadConfig(t *testing.T) {
	bubble(t, config(port()), func(t *testing.T, r *rig) {
		client := r.connect()
		bad := port(func(p *ser2net.PortConfig) { p.MaxClients = -1 })
		var faults ser2net.ConfigError
		require.ErrorAs(t, r.service.Apply(t.Context(), config(bad)), &faults)
		assert.False(t, client.ended())
	})
}

func TestApplyTellsWhichPortFailed(t *testing.T) {
	bubble(t, config(port()), func(t *testing.T, r *rig) {
		client := r.connect()
		taken, err := r.network.Listen(t.Context(), "tcp", "127.0.0.1:2")
		require.NoError(t, err)
		third := second(func(p *ser2net.PortConfig) { p.Name, p.Listen = "c", "127.0.0.1:3" })
		c := config(second(), port(), third)
		require.ErrorContains(t, r.service.Apply(t.Context(), c), `ser2net: apply: port "b": listen tcp 127.0.0.1:2`)
		status := r.service.Status()
		assert.Equal(t, ser2net.StateFailed, status.Ports[0].State)
		assert.Equal(t, ser2net.StateWaiting, status.Ports[2].State, "the others are served")
		require.NoError(t, taken.Close())
		require.NoError(t, r.service.Apply(t.Context(), c), "another try")
		assert.Equal(t, ser2net.StateWaiting, r.service.Status().Ports[0].State)
		assert.False(t, client.ended())
	})
}

func TestApplySwitchesOffAndOn(t *testing.T) {
	bubble(t, config(port()), func(t *testing.T, r *rig) {
		client := r.connect()
		c := config(port())
		c.Enabled = false
		require.NoError(t, r.service.Apply(t.Context(), c))
		assert.True(t, client.ended())
		assert.Equal(t, ser2net.StateOff, r.service.Status().Ports[0].State)
		r.apply(port())
		r.connect().send("on")
		assert.Equal(t, "on", r.hear())
		require.NoError(t, r.service.Stop(t.Context()))
		require.ErrorIs(t, r.service.Apply(t.Context(), c), ser2net.ErrStopped)
	})
}

func TestApplyBeforeStart(t *testing.T) {
	c := config(port())
	c.Enabled = false
	s, err := ser2net.New(c, ser2net.Options{Opener: new(ser2nettest.Opener)})
	require.NoError(t, err)
	require.ErrorIs(t, s.Start(t.Context()), ser2net.ErrDisabled)
	require.NoError(t, s.Apply(t.Context(), config(port(func(p *ser2net.PortConfig) { p.Listen = "127.0.0.1:0" }))))
	require.NoError(t, s.Start(t.Context()))
	assert.NotEmpty(t, s.Status().Ports[0].Listening)
	require.NoError(t, s.Stop(t.Context()))
}

// Clients come, send and go while ports change all the time.
func TestApplyUnderLoad(t *testing.T) {
	bubble(t, config(port(), second()), func(t *testing.T, r *rig) {
		client := r.connect()
		want := pattern(50_000)
		done := r.flood(want)
		for i := range 50 {
			r.apply(port(), second(func(p *ser2net.PortConfig) { p.Mode.Baud = 1200 + i }))
		}
		<-done
		assert.Equal(t, want, client.heard())
	})
}

// A list of nothing is no list.
func TestApplyEmptyLists(t *testing.T) {
	bubble(t, config(port()), func(t *testing.T, r *rig) {
		client := r.connect()
		r.apply(port(func(p *ser2net.PortConfig) {
			p.Traces, p.Allow, p.Connect.Destinations, p.TLS.ClientNames = []ser2net.Trace{}, []netip.Prefix{}, []string{}, []string{}
		}))
		assert.False(t, client.ended())
	})
}
