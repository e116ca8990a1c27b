package latest_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
	"github.com/fieldgate/fieldgate/telemetry"
)

var source = netip.MustParseAddrPort("192.0.2.7:40112")

// report is a bare report of a device; change may alter its message.
func report(t testing.TB, serial string, boot uint32, seq uint64, change func(*telemetry.Message)) latest.Report {
	m := telemetry.Message{Version: telemetry.Version, Serial: serial, Boot: telemetry.Known(boot), Seq: seq, Period: 60}
	m.Host = telemetry.Known(fmt.Sprintf("host-%d-%d", boot, seq))
	if change != nil {
		change(&m)
	}
	raw, err := telemetry.AppendMessage(nil, &m)
	require.NoError(t, err)
	return latest.Report{
		Device: serial, Received: int64(seq+1) * 1e9, Source: source, Late: m.Late,
		Boot: m.Boot, Seq: seq, Part: m.Part, Period: m.Period, Raw: raw,
	}
}

func part(i, n uint64, facts func(*telemetry.Message)) func(*telemetry.Message) {
	return func(m *telemetry.Message) {
		m.Sample = telemetry.Sample{}
		m.Part = telemetry.Part{Index: i, Count: n}
		facts(m)
	}
}

func disk(mount string, used uint64) func(*telemetry.Message) {
	return func(m *telemetry.Message) {
		m.Disks = []telemetry.Disk{{Mount: mount, Used: telemetry.Known(used)}}
	}
}

func newTable(t testing.TB, most int) *latest.Table {
	table := latest.New(most)
	t.Cleanup(table.Close)
	return table
}

func apply(t testing.TB, table *latest.Table, reports ...latest.Report) {
	for i := range reports {
		require.NoError(t, table.Apply(&reports[i]))
	}
}
