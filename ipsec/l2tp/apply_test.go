package l2tp_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/ipsec/l2tp/l2tptest"
)

// fleet is a service with several clients, each with a server of its own.
type fleet struct {
	*l2tp.Service
	host     *l2tptest.Host
	channels *l2tptest.Channels
	events   []string     // of Apply: what was there when the channels came
	pause    atomic.Int64 // in ApplyChannels
}

func fleetPeer(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + i)}) }

// fleetConfig has clients with these numbers, and a server.
func fleetConfig(numbers ...int) l2tp.Config {
	c := good()
	one := c.Clients[0]
	c.Clients = nil
	for _, i := range numbers {
		one.Name, one.Gateway = fmt.Sprintf("c%d", i), fleetPeer(i).String()
		c.Clients = append(c.Clients, one)
	}
	return c
}

// withFleet runs a test on a started service.
func withFleet(t *testing.T, c l2tp.Config, test func(t *testing.T, f *fleet)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, c)
		require.NoError(t, f.Start(t.Context()))
		time.Sleep(time.Second)
		test(t, f)
		require.NoError(t, f.Stop(t.Context()))
		assert.Zero(t, f.host.Running())
		assert.Empty(t, f.channels.Up())
	})
}

func newFleet(t *testing.T, c l2tp.Config) *fleet {
	t.Helper()
	f := &fleet{host: l2tptest.NewHost()}
	peers := make(map[string]netip.Addr)
	for i := range 64 {
		peers[l2tp.ChannelName(fmt.Sprintf("c%d", i))] = fleetPeer(i)
		f.host.Serve(fleetPeer(i), l2tptest.Server{
			Users: map[string]string{"dev1": "sesame"}, Local: netip.AddrFrom4([4]byte{10, 9, byte(i), 1}),
			First: netip.AddrFrom4([4]byte{10, 9, byte(i), 2}),
		})
	}
	f.channels = l2tptest.NewChannels(peers)
	var err error
	f.Service, err = l2tp.New(c, l2tp.Options{
		Backend: f.host, Channel: f.channels,
		ApplyChannels: func(context.Context, l2tp.Config) error {
			f.events = append(f.events, f.host.String())
			time.Sleep(time.Duration(f.pause.Load()))
			return nil
		},
	})
	require.NoError(t, err)
	return f
}

// states tells name and state of all clients, in the order of the Config.
func (f *fleet) states() (list []string) {
	for _, c := range f.Status().Clients {
		list = append(list, fmt.Sprintf("%s %s %d", c.Name, c.State, c.Ups))
	}
	return list
}

func TestManyClients(t *testing.T) {
	numbers := make([]int, 64)
	for i := range numbers {
		numbers[i] = i
	}
	withFleet(t, fleetConfig(numbers...), func(t *testing.T, f *fleet) {
		seen := make(map[string]bool)
		for i, c := range f.Status().Clients {
			assert.Equal(t, l2tp.StateUp, c.State)
			assert.Equal(t, fleetPeer(i), c.Peer)
			assert.Equal(t, netip.AddrFrom4([4]byte{10, 9, byte(i), 2}), c.Local)
			assert.False(t, seen[c.Interface], "%s is its own", c.Interface)
			seen[c.Interface] = true
		}
		f.host.Serve(fleetPeer(7), l2tptest.Server{Silent: true})
		f.host.Drop("c7", l2tp.CauseDead)
		require.NoError(t, f.StopClient(t.Context(), "c9"))
		time.Sleep(5 * time.Second)
		for i, state := range f.states() {
			switch i {
			case 7:
				assert.Equal(t, "c7 tunnel 1", state)
			case 9:
				assert.Equal(t, "c9 stopped 1", state)
			default:
				assert.Equal(t, fmt.Sprintf("c%d up 1", i), state, "no other is disturbed")
			}
		}
		f.host.Crash()
		time.Sleep(5 * time.Second)
		assert.Equal(t, "c8 up 2", f.states()[8])
		assert.Equal(t, "c9 stopped 1", f.states()[9])
	})
}

// Apply touches what has changed, and nothing else.
func TestApply(t *testing.T) {
	withFleet(t, fleetConfig(1, 2, 3), func(t *testing.T, f *fleet) {
		require.NoError(t, f.StopClient(t.Context(), "c3"))
		before := f.Status().Clients
		f.channels.Calls()
		f.events = nil

		c := fleetConfig(3, 1, 4)
		c.Clients[1].PPP.MTU = l2tp.DefaultMTU // what it was by default
		require.NoError(t, f.Apply(t.Context(), c))
		time.Sleep(time.Second)
		assert.Equal(t, []string{"c3 stopped 1", "c1 up 1", "c4 up 1"}, f.states())
		assert.Equal(t, before[0].Since, f.Status().Clients[1].Since, "it was not touched")
		assert.Equal(t, []string{"terminate l2tp_to_c2", "initiate l2tp_to_c4"}, f.channels.Calls())
		require.Len(t, f.events, 1)
		assert.NotContains(t, f.events[0], "link c2", "ended before its channel goes")
		assert.NotContains(t, f.events[0], "link c4", "begun after its channel came")

		c.Clients[1].Password = l2tp.NewSecret("wrong")
		c.Clients[0].DefaultRoute = true
		require.NoError(t, f.Apply(t.Context(), c))
		time.Sleep(300 * time.Millisecond)
		st := f.Status().Clients
		assert.Equal(t, l2tp.StateStopped, st[0].State, "by hand, and it stays so")
		require.NotNil(t, st[1].LastError)
		assert.Equal(t, l2tp.CauseAuthentication, st[1].LastError.Cause)
		assert.Equal(t, l2tp.StateUp, st[2].State)
		require.ErrorIs(t, f.StartClient("c2"), l2tp.ErrUnknownClient)
		require.NoError(t, f.StartClient("c3"))
		time.Sleep(time.Second)
		assert.Equal(t, l2tp.StateUp, f.Status().Clients[0].State)

		c.Clients[2].Enabled = false
		require.NoError(t, f.Apply(t.Context(), c))
		assert.Equal(t, l2tp.StateDisabled, f.Status().Clients[2].State)
		c.Clients[2].Enabled = true
		require.NoError(t, f.Apply(t.Context(), c))
		time.Sleep(time.Second)
		assert.Equal(t, l2tp.StateUp, f.Status().Clients[2].State)
		assert.Equal(t, 1, f.host.Starts(), "the programs ran on")
	})
}

func TestApplyServer(t *testing.T) {
	c := fleetConfig(1)
	c.Server.Users = []l2tp.User{{Name: "a", Password: l2tp.NewSecret("one")}, {Name: "b", Password: l2tp.NewSecret("two")}, {Name: "c", Password: l2tp.NewSecret("three")}}
	withFleet(t, c, func(t *testing.T, f *fleet) {
		for i, u := range c.Server.Users {
			require.True(t, f.host.Connect(fleetPeer(40+i), u.Name, u.Password.Reveal()).IsValid())
		}
		c.Server.Users = []l2tp.User{{Name: "b", Password: l2tp.NewSecret("other")}, {Name: "c", Password: l2tp.NewSecret("three")}, {Name: "d", Password: l2tp.NewSecret("four")}}
		require.NoError(t, f.Apply(t.Context(), c))
		time.Sleep(3 * time.Second)
		list := f.Status().Server.Sessions
		require.Len(t, list, 1, "a is gone, and b has another password")
		assert.Equal(t, "c", list[0].User)
		assert.True(t, f.host.Connect(fleetPeer(50), "d", "four").IsValid())
		assert.Equal(t, []string{"c1 up 1"}, f.states())
		assert.Equal(t, 1, f.host.Starts())

		c.Server.LocalIP = "10.20.30.2"
		require.NoError(t, f.Apply(t.Context(), c))
		time.Sleep(time.Second)
		assert.Equal(t, 2, f.host.Starts(), "that needs other programs")
		assert.Equal(t, []string{"c1 up 2"}, f.states())
		assert.Zero(t, f.Status().Daemon.Restarts, "they did not end by themselves")

		off := c
		off.Enabled = false
		require.NoError(t, f.Apply(t.Context(), off))
		assert.Zero(t, f.host.Running())
		assert.Empty(t, f.channels.Up())
		assert.Equal(t, []string{"c1 disabled 0"}, f.states())
		assert.False(t, f.Status().Daemon.Running)
		assert.False(t, f.Status().Server.Enabled)
		require.NoError(t, f.Apply(t.Context(), c))
		time.Sleep(time.Second)
		assert.Equal(t, []string{"c1 up 1"}, f.states())
	})
}

// A change that the programs do not take is told, and tried again.
func TestApplyRefused(t *testing.T) {
	withFleet(t, fleetConfig(1, 2), func(t *testing.T, f *fleet) {
		bad := fleetConfig(1)
		bad.Clients[0].Gateway = ""
		require.ErrorAs(t, f.Apply(t.Context(), bad), new(l2tp.ConfigError))
		assert.Equal(t, []string{"c1 up 1", "c2 up 1"}, f.states(), "nothing changes")

		c := fleetConfig(1, 2)
		c.ListenAddress = "192.0.2.1"
		f.host.FailNext(errors.New("no luck"), errors.New("still none"))
		require.ErrorContains(t, f.Apply(t.Context(), c), "no luck")
		assert.Equal(t, "no luck", f.Status().Daemon.Error)
		time.Sleep(5 * time.Second)
		assert.Equal(t, []string{"c1 up 2", "c2 up 2"}, f.states())
		// While they are down, another one.
		f.host.FailNext(slices.Repeat([]error{errors.New("no luck")}, 100)...)
		f.host.Crash()
		time.Sleep(90 * time.Second)
		assert.Equal(t, []string{"c1 waiting 2", "c2 waiting 2"}, f.states())
		f.host.FailNext(nil)
		require.NoError(t, f.Apply(t.Context(), fleetConfig(1)), "at once, not at the next try")
		time.Sleep(time.Second)
		assert.Equal(t, []string{"c1 up 3"}, f.states())
	})
}

func TestApplyBeforeAndAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, fleetConfig(1))
		require.NoError(t, f.Apply(t.Context(), fleetConfig(2)))
		require.NoError(t, f.Start(t.Context()))
		time.Sleep(time.Second)
		assert.Equal(t, []string{"c2 up 1"}, f.states())
		require.NoError(t, f.Stop(t.Context()))
		require.ErrorIs(t, f.Apply(t.Context(), fleetConfig(1)), l2tp.ErrStopped)
	})
}

// A caller may leave; Apply, Stop and everything else may come at once.
func TestApplyStorm(t *testing.T) {
	withFleet(t, fleetConfig(1, 2, 3), func(t *testing.T, f *fleet) {
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		f.pause.Store(int64(time.Second))
		require.ErrorIs(t, f.Apply(gone, fleetConfig(1, 2)), context.Canceled)
		time.Sleep(2 * time.Second)
		f.pause.Store(0)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for n := range 10 {
					c := fleetConfig(i, 10+n)
					if n%3 == 0 {
						c.ListenAddress = "192.0.2.1"
					}
					c.Enabled = n%4 != 3
					_ = f.Apply(t.Context(), c)
					_ = f.StopClient(t.Context(), fmt.Sprintf("c%d", i))
					_ = f.StartClient(fmt.Sprintf("c%d", 10+n))
					f.host.Crash()
				}
			})
		}
		wg.Wait()
		require.NoError(t, f.Apply(t.Context(), fleetConfig(5, 6)))
		time.Sleep(10 * time.Second)
		for _, c := range f.Status().Clients {
			assert.Contains(t, []l2tp.State{l2tp.StateUp, l2tp.StateStopped}, c.State, "%+v", c)
		}
		assert.Equal(t, ipsec.StateArmed, f.channels.Status().Connections[0].State)
		wg.Go(func() { _ = f.Apply(t.Context(), fleetConfig(7)) })
		require.NoError(t, f.Stop(t.Context()))
		wg.Wait()
	})
}
