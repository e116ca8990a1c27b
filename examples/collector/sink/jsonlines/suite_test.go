package jsonlines_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/fieldgate/fieldgate/examples/collector/sink/jsonlines"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest/suite"
)

// output may be read while it is written to.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func TestSuite(t *testing.T) {
	suite.TestSink(t, func(*testing.T) suite.Rig {
		var out output
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
