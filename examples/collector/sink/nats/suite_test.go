package nats_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/sink/nats"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest/suite"
)

// decode reads a datagram of either form.
func decode(t *testing.T, datagram []byte) *telemetry.Message {
	if datagram[0] != 0xd1 {
		m, err := telemetry.Decode(datagram)
		require.NoError(t, err)
		return m
	}
	envelope, err := telemetry.ParseEnvelope(datagram)
	require.NoError(t, err)
	m, err := envelope.Decode()
	require.NoError(t, err)
	return m
}

func TestIntegrationSuite(t *testing.T) {
	suite.TestSink(t, func(t *testing.T) suite.Rig {
		p := startPeer(t, nil)
		c := p.config()
		return suite.Rig{
			Sink: open(t, c),
			Stored: func(t *testing.T) []receivertest.ID {
				var ids []receivertest.ID
				all, _ := p.stored(t, c.Stream)
				for _, stored := range all {
					m := decode(t, stored.Data)
					ids = append(ids, receivertest.IDOf(&receiver.Record{Device: m.Serial, Message: m}))
					assert.Equal(t, "tele.default."+nats.Token(m.Serial), stored.Subject)
				}
				return ids
			},
			Idempotent: true,
		}
	})
}
