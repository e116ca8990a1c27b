package influx_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/sink/sinktest"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest/suite"
)

// marking gives each record a number of its own as its firmware and as its
// time, so that the points of the database lead back to the records: the
// points of the parts of one report could not be told apart otherwise.
type marking struct {
	sink receiver.Sink
	mu   sync.Mutex
	ids  []receivertest.ID
	of   map[receivertest.ID]int
}

func (m *marking) Write(ctx context.Context, records []receiver.Record) error {
	marked := make([]receiver.Record, len(records))
	for i, r := range records {
		message := *r.Message
		n := m.number(receivertest.IDOf(&r))
		message.Firmware = telemetry.Known(strconv.Itoa(n))
		message.Time = telemetry.Known(sinktest.Arrival + uint64(n))
		r.Message = &message
		marked[i] = r
	}
	return m.sink.Write(ctx, marked)
}

func (m *marking) number(id receivertest.ID) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n, known := m.of[id]; known {
		return n
	}
	m.ids = append(m.ids, id)
	m.of[id] = len(m.ids) - 1
	return len(m.ids) - 1
}

func TestIntegrationSuite(t *testing.T) {
	p := startPeer(t, false)
	var databases atomic.Int64
	suite.TestSink(t, func(t *testing.T) suite.Rig {
		database := fmt.Sprintf("suite-%d", databases.Add(1))
		p.query(t, "", `CREATE DATABASE "`+database+`"`)
		m := &marking{sink: open(t, p.config(database)), of: make(map[receivertest.ID]int)}
		return suite.Rig{
			Sink: m,
			Stored: func(t *testing.T) []receivertest.ID {
				var ids []receivertest.ID
				for _, row := range p.query(t, database, `SELECT fw FROM fieldgate_system ORDER BY time`) {
					n, err := strconv.Atoi(row["fw"].(string))
					require.NoError(t, err)
					require.Equal(t, json.Number(strconv.Itoa((sinktest.Arrival+n)*1_000_000_000)), row["time"])
					ids = append(ids, m.ids[n])
				}
				return ids
			},
			Idempotent: true,
		}
	})
}
