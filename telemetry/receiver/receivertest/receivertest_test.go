package receivertest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest/suite"
)

func TestMemoryConforms(t *testing.T) {
	suite.TestSink(t, func(*testing.T) suite.Rig {
		m := new(receivertest.Memory)
		return suite.Rig{
			Sink: m,
			Stored: func(*testing.T) []receivertest.ID {
				var ids []receivertest.ID
				for _, r := range m.Records() {
					ids = append(ids, receivertest.IDOf(&r))
				}
				return ids
			},
			Idempotent: true,
		}
	})
}

func TestMemoryFails(t *testing.T) {
	var m receivertest.Memory
	broken := errors.New("broken")
	m.Fail(broken)
	require.ErrorIs(t, m.Write(t.Context(), []receiver.Record{suite.Record(t, "GK0001", 1, 0)}), broken)
	m.Fail(nil)
	require.NoError(t, m.Write(t.Context(), []receiver.Record{suite.Record(t, "GK0001", 1, 0)}))
	assert.Equal(t, 1, m.Len())
	assert.Equal(t, 2, m.Writes())
}

func TestMemoryStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m receivertest.Memory
		m.Stall(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, m.Write(ctx, []receiver.Record{suite.Record(t, "GK0001", 1, 0)}), context.DeadlineExceeded)

		done := make(chan error, 1)
		go func() { done <- m.Write(t.Context(), []receiver.Record{suite.Record(t, "GK0001", 1, 0)}) }()
		synctest.Wait()
		assert.Empty(t, done)
		m.Stall(false)
		require.NoError(t, <-done)
		assert.Equal(t, 1, m.Len())
	})
}

func TestMemoryIsBounded(t *testing.T) {
	var m receivertest.Memory
	m.Limit(2)
	three := []receiver.Record{suite.Record(t, "GK0001", 1, 0), suite.Record(t, "GK0001", 1, 1), suite.Record(t, "GK0001", 1, 2)}
	require.ErrorIs(t, m.Write(t.Context(), three), receiver.ErrNotStored)
	assert.Zero(t, m.Len(), "all or none")
	require.NoError(t, m.Write(t.Context(), three[:2]))
	require.NoError(t, m.Write(t.Context(), three[:2]), "they are there already")
	require.ErrorIs(t, m.Write(t.Context(), three[2:]), receiver.ErrNotStored)
}

func TestMemoryPrints(t *testing.T) {
	var m receivertest.Memory
	require.NoError(t, m.Write(t.Context(), []receiver.Record{suite.Record(t, "GK0001", 1, 0)}))
	assert.Regexp(t, `^GK0001/1/0 from 192\.0\.2\.7:40112, \d+ bytes, sealed\n$`, m.String())
	assert.Equal(t, "GK0001/-/7/2", receivertest.ID{Device: "GK0001", Seq: 7, Part: 2}.String())
}
