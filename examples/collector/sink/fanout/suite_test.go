package fanout_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/sink/fanout"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest/suite"
)

// subject returns a running Fanout of two sinks.
func subject(t *testing.T) (f *fanout.Fanout, primary, other *receivertest.Memory) {
	primary, other = new(receivertest.Memory), new(receivertest.Memory)
	f = start(t, primary, map[string]receiver.Sink{"other": other}, fanout.Options{})
	t.Cleanup(func() { assert.NoError(t, f.Stop(context.Background())) })
	return f, primary, other
}

func idsOf(m *receivertest.Memory) []receivertest.ID {
	var ids []receivertest.ID
	for _, r := range m.Records() {
		ids = append(ids, receivertest.IDOf(&r))
	}
	return ids
}

func TestSuiteOfThePrimary(t *testing.T) {
	suite.TestSink(t, func(t *testing.T) suite.Rig {
		f, primary, _ := subject(t)
		return suite.Rig{
			Sink:       f,
			Stored:     func(*testing.T) []receivertest.ID { return idsOf(primary) },
			Idempotent: true,
		}
	})
}

func TestSuiteOfAnother(t *testing.T) {
	suite.TestSink(t, func(t *testing.T) suite.Rig {
		f, _, other := subject(t)
		return suite.Rig{
			Sink: f,
			Stored: func(t *testing.T) []receivertest.ID {
				require.Eventually(t, func() bool { return f.Status().Others["other"].Depth == 0 }, 10*time.Second, time.Millisecond)
				return idsOf(other)
			},
			Idempotent: true,
		}
	})
}
