package snmp_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
)

// flaky is a socket whose reads fail a number of times.
type flaky struct {
	net.PacketConn
	failures int
}

func (f *flaky) ReadFrom(b []byte) (int, net.Addr, error) {
	if f.failures > 0 {
		f.failures--
		return 0, nil, errors.New("out of buffers")
	}
	return f.PacketConn.ReadFrom(b)
}

func flakySockets(r *rig, failures int) {
	r.options.ListenPacket = func(ctx context.Context, network, addr string) (net.PacketConn, error) {
		c, err := r.network.ListenPacket(ctx, network, addr)
		return &flaky{c, failures}, err
	}
}

// A socket that fails for a while is read again.
func TestSocketRecovers(t *testing.T) {
	inBubble(t, func(r *rig) { flakySockets(r, 19) }, func(r *rig) {
		time.Sleep(2 * time.Second)
		assert.NotNil(t, r.exchange(request(message.V2c, "reader", message.PDU{Type: message.Get})))
		assert.Contains(t, r.log.String(), "a socket cannot be read")
		assert.NoError(t, r.agent.Err())
	})
}

// One that does not recover ends the service, with the reason.
func TestSocketBreaks(t *testing.T) {
	inBubble(t, func(r *rig) { flakySockets(r, 1000) }, func(r *rig) {
		<-r.agent.Done()
		require.EqualError(t, r.agent.Err(), "snmp: out of buffers")
		assert.Empty(t, r.agent.Status().Listening)
		assert.Zero(t, r.agent.Status().Uptime)
		require.Error(t, r.agent.Notify(ownTrap))
	})
}

// An address says which family is meant, also the unspecified ones.
func TestNetworks(t *testing.T) {
	var networks []string
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.Listen = []string{"192.0.2.1:161", "0.0.0.0:162", "[::]:161", "[2001:db8::1]:161"}
		r.options.ListenPacket = func(ctx context.Context, network, addr string) (net.PacketConn, error) {
			networks = append(networks, network)
			return r.network.ListenPacket(ctx, network, addr)
		}
		r.start()
		r.stop()
	})
	assert.Equal(t, []string{"udp4", "udp4", "udp6", "udp6"}, networks)
}

// When one address cannot be had none is held.
func TestListenAllOrNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.Listen = []string{agentAddr, "192.0.2.2:161"}
		taken, err := r.network.ListenPacket(t.Context(), "udp4", "192.0.2.2:161")
		require.NoError(t, err)
		func() {
			defer func() { require.NoError(t, taken.Close()) }()
			r.startFails("192.0.2.2:161")
			require.Equal(t, 1, r.network.Open())
			assert.Zero(t, r.store.Saves(), "no boot is counted")
		}()
		r.start()
		r.stop()
	})
}

// startFails demands that Start fails with a word in its error.
func (r *rig) startFails(word string) {
	r.t.Helper()
	agent, err := snmp.New(r.config, r.options)
	require.NoError(r.t, err)
	require.ErrorContains(r.t, agent.Start(r.t.Context()), word)
	require.NoError(r.t, agent.Stop(r.t.Context()))
}

// A source that is no IP address cannot be answered, nor do any harm.
func TestSourcesThatAreNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.start()
		defer r.stop()
		answer := r.agent.Answerer()
		assert.Nil(t, answer(request(message.V2c, "reader", message.PDU{Type: message.Get}), netip.AddrPort{}))
	})
}

// Several addresses, IPv6 among them.
func TestSeveralAddresses(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.config.Listen = []string{agentAddr, "[2001:db8::1]:161"}
		r.config.Communities[0].Sources = append(r.config.Communities[0].Sources, netip.MustParsePrefix("2001:db8::/32"))
	}, func(r *rig) {
		assert.Equal(t, r.config.Listen, r.agent.Status().Listening)
		six, err := r.network.ListenPacket(t.Context(), "udp", "[2001:db8::9]:50000")
		require.NoError(t, err)
		defer six.Close()
		_, err = six.WriteTo(request(message.V2c, "reader", message.PDU{Type: message.Get}, nulls(sysName)...), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("[2001:db8::1]:161")))
		require.NoError(t, err)
		synctest.Wait()
		require.NoError(t, six.SetReadDeadline(time.Now().Add(time.Second)))
		_, from, err := six.ReadFrom(make([]byte, 1500))
		require.NoError(t, err)
		assert.Equal(t, "[2001:db8::1]:161", from.String())
	})
}
