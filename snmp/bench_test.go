package snmp_test

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
)

// answerer runs an agent with a table of so many rows, without a socket.
func answerer(t testing.TB, rows uint32) func([]byte) []byte {
	var b snmp.Builder
	for column := range uint32(3) {
		object := oid(ownRoot).Append(1, column+1)
		b.Object(object)
		for row := range rows {
			b.Add(object, []uint32{row + 1}, snmp.Counter32(row))
		}
	}
	list, err := b.List()
	require.NoError(t, err)
	c := snmp.DefaultConfig()
	c.Enabled = true
	c.Communities = []snmp.Community{{Community: newSecret("reader")}}
	c.Limits.Amplification = 1000
	agent, err := snmp.New(c, snmp.Options{
		Handlers:     []snmp.Mount{{Prefix: oid(ownRoot), Handler: list}},
		ListenPacket: func(context.Context, string, string) (net.PacketConn, error) { return newSilent(), nil },
	})
	require.NoError(t, err)
	require.NoError(t, agent.Start(context.Background()))
	t.Cleanup(func() { _ = agent.Stop(context.Background()) })
	answer := agent.Answerer()
	return func(datagram []byte) []byte {
		return answer(datagram, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 50000))
	}
}

// shapes are requests of v2c.
func shapes() map[string][]byte {
	ask := func(p message.PDU, oids ...string) []byte {
		return request(message.V2c, "reader", p, nulls(oids...)...)
	}
	one := ownRoot + ".1.2.7"
	return map[string][]byte{
		"get 1":    ask(message.PDU{Type: message.Get}, one),
		"get 10":   ask(message.PDU{Type: message.Get}, one, one, one, one, one, one, one, one, one, one),
		"next 1":   ask(message.PDU{Type: message.GetNext}, one),
		"bulk 25":  ask(message.PDU{Type: message.GetBulk, ErrorIndex: 25}, one),
		"bulk 100": ask(message.PDU{Type: message.GetBulk, ErrorIndex: 100}, one),
	}
}

// Nothing is allocated for a request of v2c.
func TestNoAllocations(t *testing.T) {
	answer := answerer(t, 1000)
	for name, datagram := range shapes() {
		require.NotNil(t, answer(datagram), name)
		assert.Zero(t, testing.AllocsPerRun(100, func() { answer(datagram) }), name)
	}
}

func BenchmarkAnswer(b *testing.B) {
	for name, datagram := range shapes() {
		b.Run(name, func(b *testing.B) {
			answer := answerer(b, 10_000)
			b.ReportAllocs()
			for b.Loop() {
				answer(datagram)
			}
		})
	}
}
