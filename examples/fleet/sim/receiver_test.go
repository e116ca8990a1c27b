package sim_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/fleet/sim"
	"github.com/fieldgate/fieldgate/internal/memnet"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest"
)

// The account of the fleet and the receiver were written apart: they agree
// on every counter, whatever goes wrong, or one of them is not right.
func TestReceiverAgrees(t *testing.T) {
	for name, c := range map[string]struct {
		rates  sim.Rates
		bare   bool
		rounds int
	}{
		"nothing goes wrong": {sim.Rates{}, false, 30},
		"loss":               {sim.Rates{Loss: 0.2}, false, 60},
		"mostly loss":        {sim.Rates{Loss: 0.95, Reorder: 0.2}, false, 300},
		"reordering":         {sim.Rates{Loss: 0.1, Reorder: 0.5}, false, 60},
		"duplication":        {sim.Rates{Duplicate: 0.5, Reorder: 0.3}, false, 60},
		"reboots":            {sim.Rates{Loss: 0.3, Reboot: 0.3, Reorder: 0.3}, false, 60},
		"old replays":        {sim.Rates{Forge: 0.5}, false, 300},
		"everything":         {everything(t).Rates, false, 60},
		"everything, bare":   {everything(t).Rates, true, 60},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := everything(t)
				config.Rates = c.rates
				if c.bare {
					config.Master = nil
				}
				agree(t, config, c.rounds)
			})
		})
	}
}

func agree(t *testing.T, config sim.Config, rounds int) {
	network := new(memnet.Network)
	server := listen(t, network, config.Master)
	send, attack := from(t, network, "192.0.2.7:40112"), from(t, network, "198.51.100.66:666")
	fleet := playOn(t, config, rounds, sim.Network{Send: send, Attack: func(b []byte) bool {
		time.Sleep(time.Second / 50) // hurry would only make the receiver deaf to him
		return attack(b)
	}})
	require.NoError(t, server.Stop(context.Background()))

	devices := 0
	for i := range fleet.Len() {
		want := fleet.Expected(i)
		got, heard := server.Device(fleet.Serial(i))
		require.Equal(t, want.Heard, heard, fleet.Serial(i))
		if !heard {
			continue
		}
		devices++
		assert.Equal(t, want, sim.Expected{
			Heard: true, Boot: got.Boot.Value, Top: got.Top, Received: got.Received, Lost: got.Lost,
			Duplicate: got.Duplicate, Replayed: got.Replayed, Reordered: got.Reordered, Reboots: got.Reboots,
			Sent: want.Sent, Early: want.Early, Silent: want.Silent,
		}, fleet.Serial(i))
	}
	assert.Equal(t, devices, server.Status().Devices, "no state for forged devices")

	total, stats := fleet.Total(), server.Stats()
	forged := total.Forged
	assert.Equal(t, total.Datagrams+forged[sim.Replay], stats.Received+stats.Duplicate+stats.Replayed)
	assert.Equal(t, forged[sim.Truncated]+forged[sim.Junk], stats.Malformed)
	assert.Equal(t, forged[sim.Tampered]+forged[sim.WrongKey]+forged[sim.Stranger], stats.BadMAC)
}

// listen starts a receiver, for bare messages without a master.
func listen(t *testing.T, n *memnet.Network, master *telemetry.Key) *receiver.Service {
	options := receiver.Options{Sink: new(receivertest.Memory), ListenPacket: n.ListenPacket}
	if master != nil {
		options.Keys = receiver.KeyFunc(func(_ context.Context, serial string) (telemetry.Key, bool, error) {
			return telemetry.DeriveKey(*master, serial), true, nil
		})
	}
	server, err := receiver.New(receiver.Config{Enabled: true, Listen: []string{"192.0.2.1:5150"}, AllowBare: master == nil}, options)
	require.NoError(t, err)
	require.NoError(t, server.Start(t.Context()))
	return server
}

// from sends from an address, and lets the receiver take in what it gets.
func from(t *testing.T, n *memnet.Network, addr string) sim.Send {
	conn, err := n.ListenPacket(t.Context(), "udp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	to := &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5150}
	return func(b []byte) bool {
		_, err := conn.WriteTo(b, to)
		synctest.Wait()
		return err == nil
	}
}
