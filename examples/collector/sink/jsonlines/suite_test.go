package jsonlines_test

import (
	"testing"

	"github.com/fieldgate/fieldgate/examples/collector/sink/jsonlines"
	"github.com/fieldgate/fieldgate/internal/syncbuf"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest/suite"
)

func TestSuite(t *testing.T) {
	suite.TestSink(t, func(*testing.T) suite.Rig {
		var out syncbuf.Buffer
		return suite.Rig{
			Sink: jsonlines.New(&out),
			Stored: func(t *testing.T) []receivertest.ID {
				var ids []receivertest.ID
				for _, l := range lines(t, out.String()) {
					ids = append(ids, receivertest.IDOf(&receiver.Record{Device: l.Message.Serial, Message: l.Message}))
				}
				return ids
			},
		}
	})
}
