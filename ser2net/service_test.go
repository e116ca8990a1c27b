package ser2net_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/lifecycle/lifecycletest"
	"github.com/fieldgate/fieldgate/internal/memnet"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
)

func TestContract(t *testing.T) {
	lifecycletest.TestService(t, func(t *testing.T) lifecycletest.Subject {
		network, hardware := new(memnet.Network), new(ser2nettest.Opener)
		hardware.Add(device, ser2nettest.Hardware{})
		build := func(enabled bool) *ser2net.Service {
			c := config(port(), port(func(p *ser2net.PortConfig) { p.Name, p.Listen = "b", "127.0.0.1:2" }))
			c.Rotators = []ser2net.RotatorConfig{{Name: "r", Enabled: true, Listen: "127.0.0.1:3", Ports: []string{"a", "b"}}}
			c.Enabled = enabled
			s, err := ser2net.New(c, ser2net.Options{Opener: hardware, Listen: network.Listen})
			require.NoError(t, err)
			return s
		}
		return lifecycletest.Subject{
			Service: build(true), Disabled: build(false),
			Resources: func() int { return network.Open() + hardware.InUse() },
			Refuse:    network.Refuse, Hold: network.Hold,
		}
	})
}

func TestNewRefuses(t *testing.T) {
	_, err := ser2net.New(config(ser2net.PortConfig{Name: "a", Listen: ":1"}), ser2net.Options{})
	var faults ser2net.ConfigError
	require.ErrorAs(t, err, &faults)
	_, err = ser2net.New(config(port()), ser2net.Options{})
	require.EqualError(t, err, "ser2net: Options.Opener is required while a port is enabled")
	_, err = ser2net.New(config(), ser2net.Options{})
	require.NoError(t, err, "without ports nothing is opened")
}

func TestAddressInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := new(memnet.Network)
		taken, err := network.Listen(t.Context(), "tcp", "127.0.0.1:1")
		require.NoError(t, err)
		other := port(func(p *ser2net.PortConfig) { p.Name, p.Listen = "b", "127.0.0.1:2" })
		s, err := ser2net.New(config(port(), other), ser2net.Options{Opener: new(ser2nettest.Opener), Listen: network.Listen})
		require.NoError(t, err)
		err = s.Start(t.Context())
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		require.ErrorContains(t, err, `ser2net: start: port "a": listen tcp 127.0.0.1:1`)
		assert.Equal(t, 1, network.Open(), "the other port is given up")
		assert.Equal(t, ser2net.StateFailed, s.Status().Ports[0].State)
		assert.Contains(t, s.Status().Ports[0].LastError, "address already in use")

		require.NoError(t, taken.Close())
		require.NoError(t, s.Start(t.Context()))
		assert.Equal(t, "127.0.0.1:1", s.Status().Ports[0].Listening)
		require.NoError(t, s.Stop(t.Context()))
	})
}

func TestListenRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := new(memnet.Network)
		taken, err := network.Listen(t.Context(), "tcp", "127.0.0.1:1")
		require.NoError(t, err)
		patient := port(func(p *ser2net.PortConfig) { p.ListenRetry = seconds(5) })
		s, err := ser2net.New(config(patient), ser2net.Options{Opener: new(ser2nettest.Opener), Listen: network.Listen})
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		assert.Empty(t, s.Status().Ports[0].Listening)
		assert.Contains(t, s.Status().Ports[0].LastError, "address already in use")
		sleep(t, "7s")
		require.NoError(t, taken.Close())
		sleep(t, "5s")
		assert.Equal(t, "127.0.0.1:1", s.Status().Ports[0].Listening)
		require.NoError(t, s.Stop(t.Context()))
	})
}

func TestStatus(t *testing.T) {
	c := config(port(func(p *ser2net.PortConfig) { p.MaxClients = 2 }),
		port(func(p *ser2net.PortConfig) { p.Name, p.Enabled = "b", false }))
	bubble(t, c, func(t *testing.T, r *rig) {
		idle := r.service.Status().Ports[0]
		assert.Equal(t, ser2net.StateWaiting, idle.State)
		assert.Equal(t, ser2net.DefaultMode(), idle.Mode)
		assert.Nil(t, idle.Lines)
		client := r.connect()
		client.send("12345")
		r.say("123")
		r.line.Damage(ser2nettest.BadParity, ser2nettest.BadFraming)
		r.say("xy")

		status := r.service.Status()
		require.Len(t, status.Ports, 2)
		assert.Equal(t, ser2net.StateOff, status.Ports[1].State)
		a := status.Ports[0]
		assert.Equal(t, ser2net.StateOpen, a.State)
		assert.Equal(t, "127.0.0.1:1", a.Listening)
		assert.EqualValues(t, 5, a.ToDevice)
		assert.EqualValues(t, 5, a.ToNetwork)
		assert.EqualValues(t, 2, a.Packets)
		assert.EqualValues(t, 1, a.Connects)
		assert.EqualValues(t, 1, a.Opens)
		assert.Equal(t, &ser2net.Lines{DTR: true, RTS: true, CTS: true, DSR: true, DCD: true}, a.Lines)
		assert.Equal(t, &ser2net.Counters{Rx: 5, Tx: 5, Parity: 1, Frame: 1}, a.Counters)
		require.Len(t, a.Clients, 1)
		assert.Equal(t, "client", a.Clients[0].Remote)
		assert.EqualValues(t, 5, a.Clients[0].Sent)
		assert.EqualValues(t, 5, a.Clients[0].Received)

		require.NoError(t, r.service.Stop(t.Context()))
		assert.Equal(t, ser2net.StateOff, r.service.Status().Ports[0].State)
		assert.True(t, client.ended())
	})
}

func TestDisconnect(t *testing.T) {
	bubble(t, config(port(func(p *ser2net.PortConfig) { p.MaxClients = 3 })), func(t *testing.T, r *rig) {
		require.ErrorIs(t, r.service.Disconnect("a", 0), ser2net.ErrUnknownClient)
		require.ErrorIs(t, r.service.Disconnect("x", 0), ser2net.ErrUnknownPort)
		one, two, three := r.connect(), r.connect(), r.connect()
		clients := r.service.Status().Ports[0].Clients
		require.Len(t, clients, 3)
		require.NoError(t, r.service.Disconnect("a", clients[1].ID))
		assert.True(t, two.ended())
		assert.False(t, one.ended())
		require.ErrorIs(t, r.service.Disconnect("a", clients[1].ID), ser2net.ErrUnknownClient)
		require.NoError(t, r.service.Disconnect("a", 0))
		assert.True(t, one.ended())
		assert.True(t, three.ended())
		assert.Zero(t, r.hardware.InUse())
	})
}

// The receiver of events may call Apply at any time, also while Stop or a Start
// that fails waits for it.
func TestApplyFromEvents(t *testing.T) {
	for _, end := range []string{"stop", "failed_start"} {
		t.Run(end, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network, hardware := new(memnet.Network), new(ser2nettest.Opener)
				hardware.Add(device, ser2nettest.Hardware{})
				c := config(port(), port(func(p *ser2net.PortConfig) { p.Name, p.Listen = "b", "127.0.0.1:2" }))
				var s *ser2net.Service
				applied := 0
				s, err := ser2net.New(c, ser2net.Options{Opener: hardware, Listen: network.Listen, OnEvent: func(e ser2net.Event) {
					if e.Kind == ser2net.EventDisconnected || e.Kind == ser2net.EventFailed {
						time.Sleep(time.Second) // until the end waits
						_ = s.Apply(context.Background(), c)
						applied++
					}
				}})
				require.NoError(t, err)
				if end == "failed_start" {
					taken, err := network.Listen(t.Context(), "tcp", "127.0.0.1:2")
					require.NoError(t, err)
					require.Error(t, s.Start(t.Context()))
					require.NoError(t, taken.Close())
				} else {
					require.NoError(t, s.Start(t.Context()))
					conn, err := network.Dial(t.Context(), "tcp", "127.0.0.1:1")
					require.NoError(t, err)
					synctest.Wait()
					defer func() { _ = conn.Close() }()
				}
				require.NoError(t, s.Stop(t.Context()))
				assert.Equal(t, 1, applied)
				assert.Zero(t, network.Open()-boolToInt(end == "stop"), "but for the client")
			})
		})
	}
}

// A receiver of events may call the service, and one that hangs stops nothing.
func TestSlowReceiverOfEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, hardware := new(memnet.Network), new(ser2nettest.Opener)
		hardware.Add(device, ser2nettest.Hardware{})
		release := make(chan struct{})
		var s *ser2net.Service
		var log strings.Builder
		s, err := ser2net.New(config(port()), ser2net.Options{
			Opener: hardware, Listen: network.Listen,
			OnEvent: func(e ser2net.Event) {
				s.Status()
				if e.Kind == ser2net.EventListening {
					<-release
				}
			},
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		for range 600 {
			conn, err := network.Dial(t.Context(), "tcp", "127.0.0.1:1")
			require.NoError(t, err)
			synctest.Wait()
			require.NoError(t, conn.Close())
			synctest.Wait()
		}
		close(release)
		require.NoError(t, s.Stop(t.Context()))
		assert.Contains(t, log.String(), "events_lost=")
	})
}

// Refusals can be as many as a client likes: the log gets one line a second.
func TestRefusalsAreLoggedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := new(memnet.Network)
		var log strings.Builder
		s, err := ser2net.New(config(port()), ser2net.Options{
			Opener: new(ser2nettest.Opener), Listen: network.Listen, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		refused := func() {
			conn, err := network.Dial(t.Context(), "tcp", "127.0.0.1:1")
			require.NoError(t, err)
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
		for range 50 {
			refused()
		}
		sleep(t, "1s")
		refused()
		require.NoError(t, s.Stop(t.Context()))
		assert.Equal(t, 2, strings.Count(log.String(), "ser2net: refused"))
		assert.Contains(t, log.String(), "left_out=49")
		assert.EqualValues(t, 51, s.Status().Ports[0].Refused)
	})
}

func ExampleConfig_Validate() {
	c := ser2net.Config{Enabled: true, Ports: []ser2net.PortConfig{
		{Name: "plc", Enabled: true, Listen: ":5000", Device: "/dev/ttyUSB0", Mode: ser2net.Mode{Baud: -1}},
		{Name: "plc", Enabled: true, Listen: ":5000", Device: "/dev/ttyUSB1", RFC2217: true},
	}}
	fmt.Println(c.Validate())
	// Output:
	// ports[0].mode.baud: -1 is out of range, allowed is 1 to 20000000
	// ports[1].rfc2217: goes with protocol telnet only
	// ports[1].name: "plc" is ports[0].name already
	// ports[1].listen: ":5000" is listened on by ports[0] already
}
