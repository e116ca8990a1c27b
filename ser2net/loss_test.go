package ser2net_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/memnet"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
)

func TestLossEndsTheClients(t *testing.T) {
	bubble(t, config(port()), func(t *testing.T, r *rig) {
		client := r.connect()
		r.say("last words")
		r.line.Unplug()
		assert.Equal(t, "last words", client.heard())
		assert.True(t, client.ended())
		assert.Zero(t, r.hardware.InUse())
		assert.Equal(t, ser2net.StateWaiting, r.service.Status().Ports[0].State)
		assert.EqualValues(t, 1, r.service.Status().Ports[0].Losses)
		assert.Equal(t, "the device has gone", r.service.Status().Ports[0].LastError)

		r.line.Plug()
		r.connect().send("back")
		assert.Equal(t, "back", r.hear())
	})
}

func TestLossKeepsTheClients(t *testing.T) {
	c := config(port(func(p *ser2net.PortConfig) { p.OnLoss, p.OpenString = ser2net.OnLossKeep, "hello" }))
	bubble(t, c, func(t *testing.T, r *rig) {
		client := r.connect()
		assert.Equal(t, "hello", r.hear())
		r.line.Unplug()
		assert.False(t, client.ended())
		sleep(t, "1h")
		client.send("nobody is there")
		status := r.service.Status().Ports[0]
		assert.Equal(t, ser2net.StateLost, status.State)
		assert.EqualValues(t, 15, status.Dropped)

		r.line.Plug()
		sleep(t, "1s") // the promise
		assert.Equal(t, ser2net.StateOpen, r.service.Status().Ports[0].State)
		client.send("!")
		assert.Equal(t, "hello!", r.hear())
		r.say("data")
		assert.Equal(t, "data", client.heard())
		assert.Equal(t, []ser2net.EventKind{"listening", "opened", "connected", "lost", "restored"}, r.kinds())
	})
}

// A device that goes again each time fills neither the log nor the processor,
// and one that stays is trusted again.
func TestFlappingDevice(t *testing.T) {
	var stays atomic.Bool
	c := config(port(func(p *ser2net.PortConfig) { p.OnLoss = ser2net.OnLossKeep }))
	bubbleDriven(t, c, ser2nettest.Hardware{}, func(op string, _ []byte) error {
		if op == "open" && !stays.Load() {
			return ser2net.ErrHangup
		}
		return nil
	}, func(t *testing.T, r *rig) {
		client := r.connect()
		sleep(t, "1h")
		losses := r.service.Status().Ports[0].Losses
		assert.Greater(t, losses, uint64(300))
		assert.Less(t, losses, uint64(400))
		lines := strings.Count(r.logged(), "\n")
		assert.Greater(t, lines, 100)
		assert.Less(t, lines, 150)

		r.line.Unplug()
		sleep(t, "1m")
		stays.Store(true)
		r.line.Plug()
		sleep(t, "1s") // one that was away is awaited as any other
		assert.Equal(t, ser2net.StateOpen, r.service.Status().Ports[0].State)
		sleep(t, "2s")
		r.line.Unplug()
		sleep(t, "10s")
		r.line.Plug()
		sleep(t, "1s")
		client.send("back")
		assert.Equal(t, "back", r.hear())
		sleep(t, "2m")
		assert.Regexp(t, `ser2net: restored".*\n$`, r.logged(), "the log tells how things stand")
	})
}

// A device that goes and stays away is told of, however often it went before.
func TestLastLossIsLogged(t *testing.T) {
	bubble(t, config(port(func(p *ser2net.PortConfig) { p.OnLoss = ser2net.OnLossKeep })), func(t *testing.T, r *rig) {
		r.connect()
		for range 5 {
			r.line.Unplug()
			sleep(t, "3s")
			r.line.Plug()
			sleep(t, "3s")
		}
		r.line.Unplug()
		assert.Equal(t, 1, strings.Count(r.logged(), "ser2net: lost"))
		sleep(t, "1m")
		assert.Equal(t, 2, strings.Count(r.logged(), "ser2net: lost"))
		assert.Regexp(t, `ser2net: lost".* left_out=4\n$`, r.logged())
		assert.EqualValues(t, 6, r.service.Status().Ports[0].Losses)
	})
}

// What a driver told is not told of a device that has gone.
func TestFactsGoWithTheDevice(t *testing.T) {
	bubble(t, config(port(func(p *ser2net.PortConfig) { p.OnLoss = ser2net.OnLossKeep })), func(t *testing.T, r *rig) {
		r.connect()
		assert.NotNil(t, r.service.Status().Ports[0].Lines)
		r.line.Unplug()
		sleep(t, "1s")
		status := r.service.Status().Ports[0]
		assert.Nil(t, status.Lines)
		assert.Nil(t, status.Counters)
	})
}

func TestClientLeavesWhileTheDeviceIsAway(t *testing.T) {
	bubble(t, config(port(func(p *ser2net.PortConfig) { p.OnLoss = ser2net.OnLossKeep })), func(t *testing.T, r *rig) {
		client := r.connect()
		r.line.Unplug()
		client.close()
		assert.Equal(t, ser2net.StateWaiting, r.service.Status().Ports[0].State)
		r.line.Plug()
		sleep(t, "2s")
		assert.Zero(t, r.hardware.InUse())
	})
}

// A device that takes nothing any more holds up its own client only.
func TestWedgedDevice(t *testing.T) {
	c := config(port(), port(func(p *ser2net.PortConfig) { p.Name, p.Listen, p.Device = "b", "127.0.0.1:2", "/dev/ttyUSB1" }))
	bubble(t, c, func(t *testing.T, r *rig) {
		other := r.hardware.Add("/dev/ttyUSB1", ser2nettest.Hardware{})
		r.line.Wedge(true)
		client := r.connect()
		stuck := make(chan error, 1)
		go func() {
			_, err := client.conn.Write([]byte(strings.Repeat("x", 100_000)))
			stuck <- err
		}()
		sleep(t, "1m")
		require.Empty(t, stuck)

		fine := r.dial("127.0.0.1:2")
		fine.send("works")
		buf := make([]byte, 5)
		_, err := other.Far().Read(buf)
		require.NoError(t, err)
		assert.Equal(t, "works", string(buf))

		begun := time.Now()
		changed := c
		changed.Ports = append([]ser2net.PortConfig(nil), c.Ports...)
		changed.Ports[0].Banner = "new"
		require.NoError(t, r.service.Apply(t.Context(), changed))
		assert.Less(t, time.Since(begun), 2*time.Second)
		require.Error(t, <-stuck)
		assert.Zero(t, boolToInt(r.line.InUse()))

		again := r.connect()
		assert.Equal(t, "new", again.heard())
		go func() { _, _ = again.conn.Write([]byte(strings.Repeat("x", 100_000))) }()
		synctest.Wait()
		begun = time.Now()
		require.NoError(t, r.service.Stop(t.Context()))
		assert.Less(t, time.Since(begun), 2*time.Second)
	})
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A user who is kicked off a wedged device makes room for the next.
func TestKickFromAWedgedDevice(t *testing.T) {
	bubble(t, config(port(func(p *ser2net.PortConfig) { p.OnBusy = ser2net.OnBusyKick })), func(t *testing.T, r *rig) {
		r.line.Wedge(true)
		client := r.connect()
		go func() { _, _ = client.conn.Write([]byte(strings.Repeat("x", 100_000))) }()
		synctest.Wait()
		next := r.connect()
		r.line.Wedge(false)
		sleep(t, "2s")
		next.send("next")
		assert.True(t, strings.HasSuffix(r.hear(), "next"))
	})
}

func TestManyPortsOpenAtOnce(t *testing.T) {
	for _, n := range []int{48, 500} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network, hardware := new(memnet.Network), new(ser2nettest.Opener)
				hardware.Delay(3 * time.Second)
				c := ser2net.Config{Enabled: true}
				for i := range n {
					hardware.Add(fmt.Sprint("/dev/tty", i), ser2nettest.Hardware{})
					c.Ports = append(c.Ports, ser2net.PortConfig{
						Name: fmt.Sprint(i), Enabled: true, Listen: fmt.Sprintf("127.0.0.1:%d", i+1),
						Device: fmt.Sprint("/dev/tty", i), Mode: ser2net.DefaultMode(),
					})
				}
				s, err := ser2net.New(c, ser2net.Options{Opener: hardware, Listen: network.Listen})
				require.NoError(t, err)
				require.NoError(t, s.Start(t.Context()))
				begun := time.Now()
				for i := range n {
					conn, err := network.Dial(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", i+1))
					require.NoError(t, err)
					defer func() { _ = conn.Close() }()
				}
				synctest.Wait()
				assert.Equal(t, ser2net.StateOpening, s.Status().Ports[n-1].State)
				sleep(t, "3s")
				assert.Equal(t, n, hardware.InUse(), "they open in parallel")
				assert.Equal(t, 3*time.Second, time.Since(begun))
				require.NoError(t, s.Stop(t.Context()))
				assert.Zero(t, hardware.InUse())
			})
		})
	}
}
